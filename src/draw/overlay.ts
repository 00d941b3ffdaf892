import { heatColors } from './colorMaps.js';
import type { MapValues } from './paint.js';
import type { Color, Raster, Rectangle } from './raster.js';
import { divergingScale, type Scale, sequentialScale } from './scale.js';

export interface OverlayOptions {
  /** How opaque the strongest value is, 0 to 1. @default 0.75, which {@link overlayScale} shows */
  readonly opacity?: number;
  /** Draws a line where the heat is half of the strongest, for eyes that cannot use hue. @default true */
  readonly contour?: boolean;
  /** The hue of a scale without negative values. */
  readonly color?: Color;
}

const OPACITY = 0.75;

/** The scale of a map as {@link overlayHeat} lays it over a photo, for its legend: white where the photo shows through. */
export function overlayScale({ kind, min, max, scope }: Scale): Scale {
  const colorMap = Uint8Array.from({ length: 768 }, (_, i) => {
    const at = Math.floor(i / 3) / 255;
    const strength = kind === 'diverging' ? 2 * at - 1 : at;
    const sides = strength < 0 ? heatColors.negative : heatColors.positive;
    const hue = (kind === 'diverging' ? sides : heatColors.sequential)[i % 3] as number;
    return 255 + Math.abs(strength) * OPACITY * (hue - 255);
  });
  const options = { colorMap, ...(scope === undefined ? {} : { scope }) };
  return kind === 'diverging' ? divergingScale(max, options) : sequentialScale(min, max, options);
}

/**
 * A photo with a heat map over it: one hue (two for signed values: blue and orange) whose opacity is the value, so that the
 * photo stays visible. The map is stretched over the photo, bilinear between its cells' centers, whatever its resolution.
 */
export function overlayHeat(photo: Raster, heat: MapValues, scale: Scale, options: OverlayOptions = {}): Raster {
  const { opacity = OPACITY, contour = true, color = heatColors.sequential } = options;
  const strength = stretched(heat, scale, photo.width, photo.height);
  const picture = photo.clone();
  const { width, height, data } = picture;
  const level = (x: number, y: number) => Math.abs(strength[y * width + x] as number);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = strength[y * width + x] as number;
      const hue = scale.kind === 'diverging' ? (value < 0 ? heatColors.negative : heatColors.positive) : color;
      const alpha = Math.abs(value) * opacity;
      const at = (y * width + x) * 4;
      for (let k = 0; k < 3; k++) {
        data[at + k] = (data[at + k] as number) * (1 - alpha) + (hue[k] as number) * alpha;
      }
      data[at + 3] = 255;
    }
  }
  if (!contour) return picture;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (level(x, y) < 0.5) continue;
      const neighbors = [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ] as const;
      // The edge of the picture is no contour: the heat goes on beyond it.
      const edge = neighbors.some(([u, v]) => u >= 0 && v >= 0 && u < width && v < height && level(u, v) < 0.5);
      if (edge) picture.set(x, y, (x + y) % 4 < 2 ? [255, 255, 255] : [0, 0, 0]);
    }
  }
  return picture;
}

/** Draws the outline of a rectangle, lying within it: white beside black, so that it shows on any photo, or in a color. */
export function drawBox(picture: Raster, rectangle: Rectangle, color?: Color, thickness = 1): void {
  const frame = ({ x, y, width, height }: Rectangle, ink: Color, thick: number) => {
    picture.fill(ink, { x, y, width, height: thick });
    picture.fill(ink, { x, y: y + height - thick, width, height: thick });
    picture.fill(ink, { x, y, width: thick, height });
    picture.fill(ink, { x: x + width - thick, y, width: thick, height });
  };
  frame(rectangle, color ?? [255, 255, 255], thickness);
  if (color !== undefined) return;
  const { x, y, width, height } = rectangle;
  const inner = {
    x: x + thickness,
    y: y + thickness,
    width: width - 2 * thickness,
    height: height - 2 * thickness,
  };
  if (inner.width > 2 * thickness && inner.height > 2 * thickness) frame(inner, [0, 0, 0], thickness);
}

/** The values at the photo's size, −1 to 1 for a diverging scale and 0 to 1 otherwise; those that are not finite are 0. */
function stretched(heat: MapValues, scale: Scale, width: number, height: number): Float32Array {
  const { values, channels = 1, channel = 0 } = heat;
  const strength = (y: number, x: number): number => {
    const at = scale.position(values[(y * heat.width + x) * channels + channel] as number);
    if (Number.isNaN(at)) return 0;
    return scale.kind === 'diverging' ? 2 * at - 1 : at;
  };
  const result = new Float32Array(width * height);
  const place = (i: number, from: number, to: number) => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(at);
    return [low, Math.min(from - 1, low + 1), at - low] as const;
  };
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = place(y, heat.height, height);
    for (let x = 0; x < width; x++) {
      const [left, right, across] = place(x, heat.width, width);
      const upper = strength(top, left) * (1 - across) + strength(top, right) * across;
      const lower = strength(bottom, left) * (1 - across) + strength(bottom, right) * across;
      result[y * width + x] = upper * (1 - down) + lower * down;
    }
  }
  return result;
}
