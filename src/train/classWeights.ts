import type { Batch, Dataset } from '../data/dataset.js';
import { FoveaError } from '../tensor/errors.js';
import { largest } from './metrics/decide.js';

/**
 * A factor for the loss of each class: by class index, or 'balanced', which gives every class the same weight altogether
 * (n / (classes · count)). Classes that are left out have 1, as in Keras.
 */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[] | 'balanced';

/** Checks class weights and computes the balanced ones; by class index. */
export function resolveClassWeights(weights: ClassWeights, dataset: Dataset | undefined, classes: number): number[] {
  const where = 'classWeights';
  const resolved = new Array<number>(classes).fill(1);
  if (weights === 'balanced') {
    const labels = dataset?.labels;
    if (labels === undefined) {
      throw new FoveaError('option', {
        where,
        rule: "'balanced' needs a class for every example",
        received: 'data without labels',
        remedy: 'Give a factor for each class',
      });
    }
    const counts = new Map<number, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const [label, count] of counts) resolved[label] = labels.length / (counts.size * count);
    return resolved;
  }
  for (const [key, weight] of Object.entries(weights)) {
    const index = Number(key);
    const known = Number.isInteger(index) && index >= 0 && index < Math.max(2, classes);
    if (known && weight >= 0 && weight < Number.POSITIVE_INFINITY) {
      resolved[index] = weight;
      continue;
    }
    throw new FoveaError('option', {
      where,
      rule: known
        ? 'a factor must be finite and at least 0'
        : `classes are numbered from 0 to ${Math.max(2, classes) - 1}`,
      received: known ? `${weight} for class ${key}` : `class ${key}`,
    });
  }
  return resolved;
}

/** A batch whose sample weights are multiplied by the weights of the examples' classes. */
export function withClassWeights(batch: Batch, weights: readonly number[]): Batch {
  const { y, sampleWeights } = batch;
  const n = y.shape[0] as number;
  const width = y.size / n;
  const classOf = (i: number): number => {
    if (y.data instanceof Int32Array) return y.data[i] as number;
    return width === 1 ? ((y.data[i] as number) > 0.5 ? 1 : 0) : largest(y.data, i * width, width);
  };
  if (y.data instanceof Int32Array && width !== 1) {
    throw new FoveaError('option', {
      where: 'classWeights',
      rule: 'they need one class for each example',
      received: `${width} for each`,
      remedy: 'Use sample weights',
    });
  }
  const product = Float32Array.from({ length: n }, (_, i) => (weights[classOf(i)] ?? 1) * (sampleWeights?.[i] ?? 1));
  return { ...batch, sampleWeights: product };
}
