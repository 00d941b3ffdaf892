import { FoveaError } from '../tensor/errors.js';
import type { Shape, TensorSpec } from '../tensor/shape.js';
import { checkRank } from './checks.js';
import {
  type Padding2d,
  type Pair,
  pair,
  resolvePadding,
  type Size2d,
  type WindowAttributes,
  windowOutput,
} from './windows.js';

/** A window of so many pixels that moves over each channel by itself. */
export interface PoolAttributes extends WindowAttributes {
  readonly poolSize: Pair;
}

export interface PoolOptions {
  readonly poolSize: Size2d;
  /** Defaults to the pool size: windows side by side. */
  readonly strides?: Size2d;
  readonly padding?: Padding2d;
  readonly dilations?: Size2d;
}

/** Options as people write them → attributes in pixels. */
export function poolAttributes(where: string, shape: Shape, options: PoolOptions): PoolAttributes {
  const poolSize = pair(where, 'poolSize', options.poolSize);
  const strides = pair(where, 'strides', options.strides ?? poolSize);
  const dilations = pair(where, 'dilations', options.dilations ?? 1);
  checkRank(where, 'input', { shape, dtype: 'float32' }, 4, '[n, h, w, c]');
  const [, h, w] = shape as [number, number, number];
  const padding = resolvePadding(where, options.padding ?? 'valid', [h, w], poolSize, strides, dilations);
  return { poolSize, strides, padding, dilations };
}

/** Shape of a pooling's output; throws where a window would see nothing but padding. */
export function poolOutputShape(where: string, x: TensorSpec, attributes: PoolAttributes): [number, ...number[]] {
  checkRank(where, 'input', x, 4, '[n, h, w, c]');
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [oh, ow] = windowOutput(where, [h, w], attributes.poolSize, attributes);
  checkSeesImage(where, 'height', oh, h, 0, attributes);
  checkSeesImage(where, 'width', ow, w, 1, attributes);
  return [n, oh, ow, c];
}

function checkSeesImage(
  where: string,
  axis: 'height' | 'width',
  positions: number,
  size: number,
  index: 0 | 1,
  { poolSize, strides, padding, dilations }: PoolAttributes,
): void {
  const before = padding[2 * index] as number;
  for (let o = 0; o < positions; o++) {
    let seen = false;
    for (let k = 0; k < poolSize[index] && !seen; k++) {
      const i = o * strides[index] - before + k * dilations[index];
      seen = i >= 0 && i < size;
    }
    if (seen) continue;
    throw new FoveaError('shape', {
      where,
      rule: `every window must see at least one pixel, but along the ${axis} window ${o} lies wholly in the padding`,
      received: `input ${axis} ${size}, padding [${padding.join(', ')}], window ${poolSize[index]}`,
      remedy: 'Use padding smaller than the window',
      data: { axis, window: o, padding, poolSize },
    });
  }
}

/**
 * Calls `visit` for every output element and each pixel of its window that lies in the image, in scan order: flat index
 * of the output, flat index of the input, and the pixel's number iy · w + ix within its plane.
 */
export function eachWindowPixel(
  x: Shape,
  y: Shape,
  { poolSize, strides, padding, dilations }: PoolAttributes,
  visit: (output: number, input: number, pixel: number) => void,
): void {
  const [n, h, w, c] = x as [number, number, number, number];
  const [, oh, ow] = y as [number, number, number];
  for (let image = 0; image < n; image++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (let ky = 0; ky < poolSize[0]; ky++) {
          const iy = oy * strides[0] - padding[0] + ky * dilations[0];
          if (iy < 0 || iy >= h) continue;
          for (let kx = 0; kx < poolSize[1]; kx++) {
            const ix = ox * strides[1] - padding[2] + kx * dilations[1];
            if (ix < 0 || ix >= w) continue;
            const output = ((image * oh + oy) * ow + ox) * c;
            const input = ((image * h + iy) * w + ix) * c;
            for (let channel = 0; channel < c; channel++) visit(output + channel, input + channel, iy * w + ix);
          }
        }
      }
    }
  }
}
