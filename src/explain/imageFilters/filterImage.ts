import { FoveaError } from '../../tensor/errors.js';
import { type Kernel, rotateKernel } from './kernel.js';

/** A picture as numbers: [height, width, channels], row by row; for photos 0 (black) to 1 (white). */
export interface ImageValues {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * What stands beyond the picture's border. `valid`: nothing, the result is smaller. `zero`: zeros. `reflect`: the picture in a
 * mirror that lies on the edge (b a | a b), SciPy's default. `nearest`: the last pixel again and again. `wrap`: the other side.
 */
export const BORDERS = ['valid', 'zero', 'reflect', 'nearest', 'wrap'] as const;
export type Border = (typeof BORDERS)[number];

export interface FilterImageOptions {
  /** @default 'zero' */
  readonly border?: Border;
  /** Pixels from one place to the next, down and across. @default 1 */
  readonly strides?: number | readonly [down: number, across: number];
  /** `correlate`, as layers do it, or `convolve`, which turns the kernel by half a circle first. @default 'correlate' */
  readonly mode?: 'correlate' | 'convolve';
}

/**
 * Slides a kernel over a picture: at each place the sum of the products of the kernel and the pixels below it. The kernel's
 * middle, at ⌊size / 2⌋ as in SciPy, lies on the place; with `valid` the whole kernel lies within the picture.
 *
 * Shapes: [h, w, c] → [oh, ow, c], or [oh, ow, 1] for a kernel with channels; h and w stay with stride 1, except for `valid`.
 * @throws FoveaError `shape` where the kernel's channels differ from the picture's or it is larger than a picture with `valid`.
 */
export function filterImage(image: ImageValues, kernel: Kernel, options: FilterImageOptions = {}): ImageValues {
  const { border = 'zero', strides = 1, mode = 'correlate' } = options;
  const [down, across] = typeof strides === 'number' ? [strides, strides] : strides;
  const summed = kernel.channels !== undefined;
  check(image, kernel, border, [down, across]);
  // Turned by half a circle, an even kernel's middle lies one place earlier, as in SciPy.
  const turned = mode === 'convolve' ? rotateKernel(kernel, 2) : kernel;
  const middle = (size: number) => (mode === 'convolve' ? size - 1 - Math.floor(size / 2) : Math.floor(size / 2));
  const padded = border === 'valid' ? image : pad(image, kernel, middle(kernel.height), middle(kernel.width), border);
  const height = Math.floor((padded.height - kernel.height) / down) + 1;
  const width = Math.floor((padded.width - kernel.width) / across) + 1;
  const channels = summed ? 1 : image.channels;
  // A row of the kernel meets so many numbers of a row of the picture, which lie next to each other.
  const row = kernel.width * (summed ? image.channels : 1);
  const step = summed ? 1 : image.channels;
  const pixels = padded.values;
  const weights = Float64Array.from(turned.values);
  const values = new Float32Array(height * width * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let v = 0; v < kernel.height; v++) {
          const at = ((y * down + v) * padded.width + x * across) * image.channels + channel;
          for (let k = 0; k < row; k++) sum += (pixels[at + k * step] as number) * (weights[v * row + k] as number);
        }
        values[to++] = sum;
      }
    }
  }
  return { values, height, width, channels };
}

/** The picture with as much around it as the kernel reaches beyond its border. */
function pad(image: ImageValues, kernel: Kernel, top: number, left: number, border: Border): ImageValues {
  const { channels } = image;
  const [height, width] = [image.height + kernel.height - 1, image.width + kernel.width - 1];
  const rows = Array.from({ length: height }, (_, y) => source(y - top, image.height, border));
  const columns = Array.from({ length: width }, (_, x) => source(x - left, image.width, border));
  const values = new Float32Array(height * width * channels);
  for (const [y, row] of rows.entries()) {
    if (row < 0) continue;
    for (const [x, column] of columns.entries()) {
      if (column < 0) continue;
      const from = (row * image.width + column) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) values[to + c] = image.values[from + c] as number;
    }
  }
  return { values, height, width, channels };
}

/** The products behind one value of a filtered picture, in the kernel's order; their sum is the value. */
export interface FilterTerm {
  /** Where in the picture, in pixels; undefined where zeros stand beyond the border. */
  readonly at: readonly [x: number, y: number] | undefined;
  readonly pixel: number;
  readonly weight: number;
  readonly product: number;
}

/** Why the value at (x, y) of a filtered picture is what it is: for kernels without channels, correlated. */
export function filterTerms(
  image: ImageValues,
  kernel: Kernel,
  place: { readonly x: number; readonly y: number; readonly channel?: number },
  options: Pick<FilterImageOptions, 'border' | 'strides'> = {},
): FilterTerm[] {
  const { border = 'zero', strides = 1 } = options;
  const [down, across] = typeof strides === 'number' ? [strides, strides] : strides;
  check(image, kernel, border, [down, across]);
  const shift = (size: number) => (border === 'valid' ? 0 : Math.floor(size / 2));
  const row = places(image.height, kernel.height, down, shift(kernel.height), border)[place.y] ?? [];
  const column = places(image.width, kernel.width, across, shift(kernel.width), border)[place.x] ?? [];
  return row.flatMap((y, v) =>
    column.map((x, u) => {
      const inside = x >= 0 && y >= 0;
      const at = (y * image.width + x) * image.channels + (place.channel ?? 0);
      const pixel = inside ? (image.values[at] as number) : 0;
      const weight = kernel.values[v * kernel.width + u] as number;
      return { at: inside ? ([x, y] as const) : undefined, pixel, weight, product: pixel * weight };
    }),
  );
}

/** For each place of the result along one axis, the source pixel below each of the kernel's; −1 for a zero beyond the border. */
function places(size: number, kernel: number, stride: number, middle: number, border: Border): number[][] {
  const last = border === 'valid' ? size - kernel : size - 1;
  const result: number[][] = [];
  for (let start = -middle; start + middle <= last; start += stride) {
    result.push(Array.from({ length: kernel }, (_, k) => source(start + k, size, border)));
  }
  return result;
}

function source(at: number, size: number, border: Border): number {
  if (at >= 0 && at < size) return at;
  const around = (n: number) => ((at % n) + n) % n;
  switch (border) {
    case 'nearest':
      return at < 0 ? 0 : size - 1;
    case 'wrap':
      return around(size);
    case 'reflect': {
      const within = around(2 * size);
      return within < size ? within : 2 * size - 1 - within;
    }
    default:
      return -1;
  }
}

function check(image: ImageValues, kernel: Kernel, border: Border, strides: readonly number[]): void {
  const { height, width, channels } = image;
  const picture = `a picture [${height}, ${width}, ${channels}]`;
  if (image.values.length !== height * width * channels) {
    const rule = `${picture} has ${height * width * channels} values`;
    throw new FoveaError('shape', { where: 'filterImage', rule, received: String(image.values.length) });
  }
  if (kernel.channels !== undefined && kernel.channels !== channels) {
    const rule = `the kernel has numbers for ${kernel.channels} channels, and must have as many as the picture`;
    throw new FoveaError('shape', { where: 'filterImage', rule, received: picture });
  }
  if (border === 'valid' && (kernel.height > height || kernel.width > width)) {
    throw new FoveaError('shape', {
      where: 'filterImage',
      rule: `a kernel of ${kernel.height} × ${kernel.width} must lie within the picture`,
      received: picture,
      remedy: 'Use a smaller kernel, or another border',
    });
  }
  if (!BORDERS.includes(border) || !strides.every((stride) => Number.isInteger(stride) && stride >= 1)) {
    throw new FoveaError('option', {
      where: 'filterImage',
      rule: `border is one of ${BORDERS.join(', ')}, strides are whole numbers from 1`,
      received: `${border}, ${strides.join(' × ')}`,
    });
  }
}
