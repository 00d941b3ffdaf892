import { FoveaError } from '../tensor/errors.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What covers a part of a photo: its mean color, itself out of focus, or black. */
export type FillKind = 'mean' | 'blur' | 'black';

/**
 * A photo [1, h, w, c] with nothing to see in it: every pixel the photo's mean color, or the photo so blurred that only light
 * and shade are left (a Gaussian of a tenth of the shorter side), or black.
 *
 * @param black what black is to the network, a number for each channel; zeros by default.
 */
export function fillOf(x: Tensor<'float32'>, kind: FillKind, black: readonly number[] = []): Tensor<'float32'> {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (x.shape.length !== 4 || n !== 1) {
    throw new FoveaError('shape', {
      where: 'fill',
      rule: 'it takes one photo, [1, h, w, c]',
      received: formatShape(x.shape),
    });
  }
  if (kind === 'blur') return new Tensor(blur(x.data, h, w, c, Math.min(h, w) / 10), x.shape);
  const color = new Float64Array(c);
  for (let i = 0; i < x.size; i++) {
    color[i % c] = (color[i % c] as number) + (x.data[i] as number) / (h * w);
  }
  const data = x.data.map((_, i) => (kind === 'black' ? (black[i % c] ?? 0) : (color[i % c] as number)));
  return new Tensor(data, x.shape);
}

/** A Gaussian blur of [h, w, c]; beyond the border the border goes on. `sigma` in pixels. */
export function blur(data: Float32Array, h: number, w: number, c: number, sigma: number): Float32Array {
  if (sigma <= 0) return data.slice();
  const reach = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((a, b) => a + b, 0);
  const along = (
    source: Float32Array,
    length: number,
    stride: number,
    lines: (visit: (start: number) => void) => void,
  ) => {
    const result = new Float32Array(source.length);
    lines((start) => {
      for (let at = 0; at < length; at++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) {
          const from = Math.min(length - 1, Math.max(0, at + k));
          sum += (kernel[k + reach] as number) * (source[start + from * stride] as number);
        }
        result[start + at * stride] = sum / total;
      }
    });
    return result;
  };
  const rows = along(data, w, c, (visit) => {
    for (let y = 0; y < h; y++) for (let k = 0; k < c; k++) visit(y * w * c + k);
  });
  return along(rows, h, w * c, (visit) => {
    for (let i = 0; i < w * c; i++) visit(i);
  });
}
