import { FoveaError } from '../tensor/errors.js';

/** Red, green, blue and, where it is not 255, opacity: each 0 to 255. */
export type Color = readonly [number, number, number, number?];

/** A part of a picture, in pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** More pixels than any picture for people needs; a wrong size is told before it fills the memory. */
const MAX_PIXELS = 2 ** 28;

/** A picture in memory: RGBA [height, width, 4], row by row, 0 to 255, opacity not premultiplied, as a canvas's ImageData. */
export class Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;

  /** A transparent picture, or one of given pixels, which are kept, not copied. */
  constructor(width: number, height: number, data?: Uint8ClampedArray<ArrayBuffer>) {
    const fits = Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1;
    if (!fits || width * height > MAX_PIXELS) {
      throw new FoveaError('shape', {
        where: 'raster',
        rule: `width and height are whole numbers of pixels from 1, at most ${MAX_PIXELS} pixels in all`,
        received: `${width} × ${height}`,
      });
    }
    const length = width * height * 4;
    if (data !== undefined && data.length !== length) {
      const rule = `a picture of ${width} × ${height} pixels has ${length} numbers (RGBA)`;
      throw new FoveaError('shape', { where: 'raster', rule, received: String(data.length) });
    }
    this.width = width;
    this.height = height;
    this.data = data ?? new Uint8ClampedArray(length);
  }

  /** Paints a rectangle, or all, in one color, which replaces what was there. */
  fill(color: Color, rectangle: Rectangle = { x: 0, y: 0, width: this.width, height: this.height }): this {
    const [left, right] = [Math.max(0, rectangle.x), Math.min(this.width, rectangle.x + rectangle.width)];
    const bottom = Math.min(this.height, rectangle.y + rectangle.height);
    for (let y = Math.max(0, rectangle.y); y < bottom; y++) {
      for (let x = left; x < right; x++) this.set(x, y, color);
    }
    return this;
  }

  /** Sets one pixel; outside the picture nothing happens. */
  set(x: number, y: number, [red, green, blue, opacity = 255]: Color): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 4;
    this.data[at] = red;
    this.data[at + 1] = green;
    this.data[at + 2] = blue;
    this.data[at + 3] = opacity;
  }

  /** One pixel: red, green, blue, opacity. */
  get(x: number, y: number): [number, number, number, number] {
    const at = (y * this.width + x) * 4;
    const [red = 0, green = 0, blue = 0, opacity = 0] = this.data.subarray(at, at + 4);
    return [red, green, blue, opacity];
  }

  /** Lays another picture over this one, its upper left corner at (x, y); what lies outside is cut off. */
  blit(picture: Raster, x: number, y: number): this {
    for (let row = 0; row < picture.height; row++) {
      for (let column = 0; column < picture.width; column++) {
        const [left, top] = [x + column, y + row];
        if (left < 0 || top < 0 || left >= this.width || top >= this.height) continue;
        blend(this.data, (top * this.width + left) * 4, picture.data, (row * picture.width + column) * 4);
      }
    }
    return this;
  }

  /** A copy of a part, which must lie within the picture. */
  crop({ x, y, width, height }: Rectangle): Raster {
    if (!(x >= 0 && y >= 0 && x + width <= this.width && y + height <= this.height)) {
      throw new FoveaError('shape', {
        where: 'raster.crop',
        rule: `the part must lie within the picture of ${this.width} × ${this.height} pixels`,
        received: `${width} × ${height} at (${x}, ${y})`,
      });
    }
    const part = new Raster(width, height);
    for (let row = 0; row < height; row++) {
      const at = ((y + row) * this.width + x) * 4;
      part.data.set(this.data.subarray(at, at + width * 4), row * width * 4);
    }
    return part;
  }

  /** A copy of all. */
  clone(): Raster {
    return new Raster(this.width, this.height, this.data.slice());
  }
}

/** Lays a pixel over another ("source over" of Porter and Duff, 1984). */
function blend(below: Uint8ClampedArray, i: number, above: Uint8ClampedArray, j: number): void {
  const opacity = (above[j + 3] as number) / 255;
  if (opacity === 0) return;
  const under = ((below[i + 3] as number) / 255) * (1 - opacity);
  const total = opacity + under;
  for (let k = 0; k < 3; k++) {
    below[i + k] = ((above[j + k] as number) * opacity + (below[i + k] as number) * under) / total;
  }
  below[i + 3] = total * 255;
}

/** A photo's pixels, RGB [height, width, 3] or gray [height, width], 0 to 255, as a picture. */
export function rasterFromPixels(pixels: ArrayLike<number>, height: number, width: number): Raster {
  const raster = new Raster(width, height);
  const channels = pixels.length / (width * height);
  if (channels !== 1 && channels !== 3) {
    const rule = `a photo of ${width} × ${height} pixels has 1 or 3 numbers a pixel`;
    throw new FoveaError('shape', { where: 'rasterFromPixels', rule, received: `${pixels.length} numbers` });
  }
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < 3; k++) raster.data[i * 4 + k] = pixels[i * channels + (channels === 3 ? k : 0)] as number;
    raster.data[i * 4 + 3] = 255;
  }
  return raster;
}
