import type { Dataset } from '../data/dataset.js';
import { splitIndices } from '../data/split.js';
import { subset } from '../data/subset.js';
import type { Model } from '../model/model.js';
import { type CollectOptions, collectPredictions, type Predictions } from './predictions.js';

export interface OutOfFoldOptions extends Omit<CollectOptions, 'onProgress'> {
  /** Parts of the data: as many models are trained. @default 5 */
  readonly folds?: number;
  /** Draws the parts. @default 0 */
  readonly seed?: number;
  /** Trains a model from the beginning on all parts but one. */
  readonly train: (training: Dataset, fold: number) => Promise<Model>;
}

/**
 * What models make of examples that they have not learned from: each part of the data by a model that was trained on the
 * others. With labels, each class is in every part in its share, where there are enough of it.
 */
export async function outOfFold(
  data: Dataset & { readonly names?: readonly string[] },
  { folds = 5, seed = 0, train, ...options }: OutOfFoldOptions,
): Promise<Predictions> {
  const { size, labels } = data;
  const parts = Math.min(folds, size);
  const sizes = Array.from({ length: parts }, (_, i) => Math.floor((size + i) / parts));
  const stratified = labels !== undefined && canStratify(labels, sizes);
  const held = splitIndices({ size, ...(labels === undefined ? {} : { labels }) }, { sizes, seed, stratified });
  const all: Predictions[] = [];
  for (const [fold, out] of held.entries()) {
    const rest = Uint32Array.from(held.flatMap((part) => (part === out ? [] : [...part]))).sort();
    const model = await train(subset(data, rest), fold);
    const predictions = await collectPredictions(model, subset(data, out), options);
    all.push({ ...predictions, indices: predictions.indices.map((i) => out[i] as number) });
  }
  return joined(all, data.names);
}

function canStratify(labels: Int32Array, sizes: readonly number[]): boolean {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.min(...counts.values()) >= sizes.length && counts.size <= Math.min(...sizes);
}

/** Predictions about parts of one data set together, in its order. */
function joined(parts: readonly Predictions[], names: readonly string[] | undefined): Predictions {
  const classNames = parts[0]?.classNames ?? [];
  const k = classNames.length;
  const rows = parts.flatMap(({ labels, probabilities, indices }) =>
    Array.from(indices, (index, i) => ({
      ...{ index, label: labels[i] as number, row: probabilities.subarray(i * k, (i + 1) * k) },
    })),
  );
  rows.sort((a, b) => a.index - b.index);
  const probabilities = new Float32Array(rows.length * k);
  for (const [i, { row }] of rows.entries()) probabilities.set(row, i * k);
  return {
    ...{ classNames, probabilities },
    labels: Int32Array.from(rows, ({ label }) => label),
    indices: Uint32Array.from(rows, ({ index }) => index),
    ...(names === undefined ? {} : { names: rows.map(({ index }) => names[index] ?? `${index}`) }),
  };
}
