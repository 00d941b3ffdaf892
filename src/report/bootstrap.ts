import { RandomStream } from '../tensor/random.js';
import type { Interval } from './interval.js';

export interface BootstrapOptions {
  /** @default 1000 */
  readonly resamples?: number;
  /** @default 0 */
  readonly seed?: number;
}

/**
 * Bounds of a figure with 95 % confidence by the bootstrap (Efron, 1979): it is computed anew for as many examples drawn
 * with replacement, and the bounds are the 2.5 % and 97.5 % points of what comes out. The same call gives the same bounds.
 *
 * Figures that are shares of a few examples want `wilsonInterval`: where none is wrong the bootstrap sees no doubt at all.
 *
 * @param size number of examples.
 * @param figures what is to be bounded, one or several, for examples that are named by their indices.
 */
export function bootstrapIntervals(
  size: number,
  figures: (indices: Uint32Array) => readonly number[],
  { resamples = 1000, seed = 0 }: BootstrapOptions = {},
): Interval[] {
  const random = new RandomStream(seed, 'bootstrap');
  const indices = new Uint32Array(size);
  const drawn: number[][] = [];
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < size; j++) indices[j] = random.below(size);
    for (const [k, figure] of figures(indices).entries()) {
      drawn[k] ??= [];
      if (Number.isFinite(figure)) drawn[k].push(figure);
    }
  }
  return drawn.map((values) => {
    values.sort((a, b) => a - b);
    return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
  });
}

/** Of many numbers the bootstrap of a mean is the normal interval, which costs nothing. */
const MANY = 5000;

/** Bounds of a mean with 95 % confidence: by the bootstrap, for more than 5,000 numbers by the normal approximation. */
export function meanInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const n = values.length;
  if (n <= MANY) {
    const [bounds] = bootstrapIntervals(n, (indices) => [meanOf(values, indices)], options);
    return bounds ?? { low: Number.NaN, high: Number.NaN };
  }
  let [mean, squares] = [0, 0];
  for (let i = 0; i < n; i++) mean += (values[i] as number) / n;
  for (let i = 0; i < n; i++) squares += ((values[i] as number) - mean) ** 2;
  const half = 1.959963984540054 * Math.sqrt(squares / (n - 1) / n);
  return { low: mean - half, high: mean + half };
}

function meanOf(values: ArrayLike<number>, indices: Uint32Array): number {
  let sum = 0;
  for (let j = 0; j < indices.length; j++) sum += values[indices[j] as number] as number;
  return sum / indices.length;
}

/** Of values in order, linear between neighbors (type 7 of Hyndman and Fan, as NumPy's default). */
function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const [low = Number.NaN, high = low] = [sorted[below], sorted[below + 1]];
  return low + (high - low) * (at - below);
}
