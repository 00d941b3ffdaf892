import { FoveaError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import { ReceptiveFields } from './receptiveField.js';

/** What a layer does when the photo is shifted. */
export interface ShiftTest {
  readonly layer: string;
  /** Pixels that the photo was shifted by: down and to the right. */
  readonly pixels: readonly [down: number, right: number];
  /** The same in places of the layer; whole where the layer's steps divide the shift. */
  readonly places: readonly [down: number, right: number];
  /**
   * How far the shifted photo's activations are from the photo's, shifted: root mean square over that of the activations. Only
   * places that see no border are compared. Undefined where none is left, or the shift is no whole number of places.
   */
  readonly moved?: number;
  /** The same without shifting them back: how much the layer would have to change if it did not move along. */
  readonly stayed: number;
  /** Share of places that were compared. */
  readonly compared: number;
}

/**
 * Equivariance: shifts a photo by whole pixels, fills in with zeros (after preprocessing), and compares each layer's activations
 * with the shifted ones. A convolution moves along; pooling with a step moves along by whole steps only.
 *
 * @param x [1, h, w, c], preprocessed.
 */
export async function shiftTest(
  inspector: Inspector,
  x: Tensor<'float32'>,
  layers: readonly string[],
  [down, right]: readonly [down: number, right: number],
): Promise<ShiftTest[]> {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (n !== 1 || ![down, right].every(Number.isInteger) || Math.abs(down) >= h || Math.abs(right) >= w) {
    throw new FoveaError('option', {
      where: 'shift',
      rule: 'one photo is shifted by whole pixels, less than its size',
      received: `[${down}, ${right}] of ${n} photos of ${h} × ${w}`,
    });
  }
  const shifted = new Float32Array(x.size);
  for (let y = Math.max(0, down); y < Math.min(h, h + down); y++) {
    const from = ((y - down) * w + Math.max(0, -right)) * c;
    const length = (w - Math.abs(right)) * c;
    shifted.set(x.data.subarray(from, from + length), (y * w + Math.max(0, right)) * c);
  }
  const fields = new ReceptiveFields(inspector.model);
  const places = layers.map((layer) => ({ layer }));
  const before = await inspector.forward(x, places);
  const after = await inspector.forward(new Tensor(shifted, x.shape), places);
  return layers.map((layer, i) => {
    const { field } = fields.of(layer);
    const [a, b] = [before[i] as Tensor<'float32'>, after[i] as Tensor<'float32'>];
    const stayed = distance(a, b, [0, 0], () => true).difference;
    const pixels = [down, right] as const;
    if (field === 'whole' || a.shape.length !== 4) return { layer, pixels, places: [0, 0], stayed, compared: 0 };
    const steps = [down / field.rows.stride, right / field.columns.stride] as const;
    if (!steps.every(Number.isInteger)) return { layer, pixels, places: steps, stayed, compared: 0 };
    // A place counts where all it sees was in the photo before and after.
    const inside = (at: number, { size, stride, start }: typeof field.rows, shift: number, length: number): boolean => {
      const from = start + at * stride;
      return from >= Math.max(0, shift) && from + size <= Math.min(length, length + shift);
    };
    const seen = (y: number, column: number): boolean =>
      inside(y, field.rows, down, h) && inside(column, field.columns, right, w);
    const { difference, share } = distance(a, b, steps, seen);
    return { layer, pixels, places: steps, stayed, compared: share, ...(share === 0 ? {} : { moved: difference }) };
  });
}

function distance(
  before: Tensor<'float32'>,
  after: Tensor<'float32'>,
  [down, right]: readonly [number, number],
  counts: (y: number, x: number) => boolean,
): { difference: number; share: number } {
  const c = before.shape.at(-1) as number;
  const [h, w] = before.shape.length === 4 ? (before.shape.slice(1, 3) as [number, number]) : [1, before.size / c];
  let [squares, size, places] = [0, 0, 0];
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [v, u] = [y - down, x - right];
      if (v < 0 || u < 0 || v >= h || u >= w || !counts(y, x)) continue;
      places++;
      for (let k = 0; k < c; k++) {
        const [p, q] = [after.data[(y * w + x) * c + k] as number, before.data[(v * w + u) * c + k] as number];
        squares += (p - q) ** 2;
        size += q * q;
      }
    }
  }
  return { difference: squares === 0 ? 0 : Math.sqrt(squares / size), share: places / (h * w) };
}
