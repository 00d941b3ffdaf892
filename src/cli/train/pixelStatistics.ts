import type { Dataset } from '../../data/dataset.js';

/** So many examples say enough about all. */
const EXAMPLES = 2000;

/** Mean and standard deviation of the pixels of the first examples of a data set. */
export async function pixelStatistics(data: Dataset): Promise<{ mean: number; standardDeviation: number }> {
  const { x } = await data.batch(Uint32Array.from({ length: Math.min(EXAMPLES, data.size) }, (_, i) => i));
  const mean = x.data.reduce((sum, value) => sum + value, 0) / x.size;
  const variance = x.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.size;
  const rounded = (value: number): number => Number(value.toPrecision(4));
  // A data set of one color has no deviation to divide by.
  return { mean: rounded(mean), standardDeviation: rounded(Math.sqrt(variance)) || 1 };
}
