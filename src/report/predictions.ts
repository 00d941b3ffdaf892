import type { Dataset } from '../data/dataset.js';
import { subset } from '../data/subset.js';
import type { Engine } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { throwIfAborted } from '../tensor/abort.js';
import { FoveaError } from '../tensor/errors.js';
import type { TensorData } from '../tensor/tensor.js';
import { largest } from '../train/metrics/decide.js';
import { Predictor } from '../train/predict.js';

/** What a classifier makes of examples whose classes are known, in inference mode: all that a report is computed from. */
export interface Predictions {
  readonly classNames: readonly string[];
  /** True class of each example, [n]. */
  readonly labels: Int32Array;
  /** [n, classes], each row adds up to 1. */
  readonly probabilities: Float32Array;
  /** Which example of the data set each row is about, [n]: examples that could not be read are left out. */
  readonly indices: Uint32Array;
  /** What each row's example is called, where it has a name. */
  readonly names?: readonly string[];
}

export interface CollectOptions {
  readonly engine: Engine;
  /** @default 32 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  /** Test-time augmentation: see `PredictOptions.draws`. @default 0 */
  readonly draws?: number;
  /** Called with the number of examples that are done. */
  readonly onProgress?: (examples: number) => void;
}

/**
 * Runs a classifier over all examples of a data set, in inference mode. Outputs that are no probabilities are taken for
 * logits, of which the softmax gives probabilities.
 *
 * @param data with class indices or one-hot targets; examples of sample weight 0 are left out.
 * @throws FoveaError `data` where nothing is left, `aborted` where the signal is given.
 */
export async function collectPredictions(
  model: Model,
  data: Dataset & { readonly names?: readonly string[] },
  { engine, batchSize = 32, signal, draws = 0, onProgress }: CollectOptions,
): Promise<Predictions> {
  const classes = model.outputShapes[0]?.at(-1) ?? 1;
  if (model.outputShapes.length !== 1 || model.outputShapes[0]?.length !== 1 || classes < 2) {
    throw new FoveaError('shape', {
      where: `predictions of model "${model.name}"`,
      rule: 'it must be a classifier: one output with a number for each of at least two classes',
      received: model.outputShapes.map((shape) => `[${shape.join(', ')}]`).join(', '),
    });
  }
  const predictor = new Predictor(model, engine);
  const labels: number[] = [];
  const indices: number[] = [];
  const probabilities = new Float32Array(data.size * classes);
  const order = Uint32Array.from({ length: data.size }, (_, i) => i);
  for (let start = 0; start < data.size; start += batchSize) {
    throwIfAborted('predict', signal);
    const wanted = order.subarray(start, start + batchSize);
    data.expect?.(order.subarray(start, start + 2 * batchSize));
    const began = performance.now();
    const { x, y, sampleWeights } = await data.batch(wanted);
    data.onWaited?.((performance.now() - began) / 1000);
    const rows =
      draws === 0
        ? await predictor.predict(x, { batchSize: wanted.length })
        : await predictor.predict(subset(data, wanted), { batchSize: wanted.length, draws });
    for (let i = 0; i < wanted.length; i++) {
      if (sampleWeights?.[i] === 0) continue;
      probabilities.set(rows.data.subarray(i * classes, (i + 1) * classes), labels.length * classes);
      labels.push(classOf(y.data, i, classes));
      indices.push(wanted[i] as number);
    }
    onProgress?.(start + wanted.length);
  }
  if (labels.length === 0) {
    throw new FoveaError('data', { where: 'predictions', rule: 'no example is left to measure on', received: 'none' });
  }
  const { names, classNames } = data;
  return {
    classNames: classNames ?? Array.from({ length: classes }, (_, c) => `${c}`),
    labels: Int32Array.from(labels),
    probabilities: asProbabilities(probabilities.slice(0, labels.length * classes), classes),
    indices: Uint32Array.from(indices),
    ...(names === undefined ? {} : { names: indices.map((i) => names[i] ?? `${i}`) }),
  };
}

/** The predictions for some of the examples, in the order of `rows`. */
export function somePredictions(
  { classNames, labels, probabilities, indices, names }: Predictions,
  rows: ArrayLike<number>,
): Predictions {
  const k = classNames.length;
  const list = Array.from(rows);
  const chosen = new Float32Array(list.length * k);
  for (const [at, row] of list.entries()) chosen.set(probabilities.subarray(row * k, (row + 1) * k), at * k);
  return {
    ...{ classNames, probabilities: chosen },
    labels: Int32Array.from(list, (row) => labels[row] as number),
    indices: Uint32Array.from(list, (row) => indices[row] as number),
    ...(names === undefined ? {} : { names: list.map((row) => names[row] as string) }),
  };
}

/** Predictions of the same classes about several data sets, one after the other; indices are each data set's own. */
export function pooledPredictions(parts: readonly Predictions[]): Predictions {
  const [first] = parts;
  const probabilities = new Float32Array(parts.reduce((sum, part) => sum + part.probabilities.length, 0));
  let at = 0;
  for (const part of parts) {
    probabilities.set(part.probabilities, at);
    at += part.probabilities.length;
  }
  const names = parts.flatMap((part) => part.names ?? Array.from(part.indices, (i) => `example ${i}`));
  return {
    ...{ classNames: first?.classNames ?? [], probabilities },
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
    indices: Uint32Array.from(parts.flatMap(({ indices }) => [...indices])),
    ...(parts.some((part) => part.names !== undefined) ? { names } : {}),
  };
}

/** Each example's likeliest class, [n]; the first of equals. */
export function decisions({ labels, probabilities, classNames }: Predictions): Int32Array {
  const k = classNames.length;
  return Int32Array.from(labels, (_, i) => largest(probabilities, i * k, k));
}

/** −ln of what each example's true class was given, in nats, [n]; never more than 104, where float32 has nothing left. */
export function lossesOf({ labels, probabilities, classNames }: Predictions): Float64Array {
  const k = classNames.length;
  return Float64Array.from(labels, (label, i) => -Math.log(Math.max(SMALLEST, probabilities[i * k + label] as number)));
}

/** The smallest float32 that is not 0. */
const SMALLEST = 2 ** -149;

function classOf(y: TensorData, row: number, classes: number): number {
  return y instanceof Int32Array ? (y[row] as number) : largest(y, row * classes, classes);
}

/** Rows of probabilities, [n, k], as they are; rows that do not add up to 1 are logits, and become their softmax in place. */
export function asProbabilities(rows: Float32Array, k: number): Float32Array {
  if (areProbabilities(rows, k)) return rows;
  for (let start = 0; start < rows.length; start += k) {
    const row = rows.subarray(start, start + k);
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, value) => total + Math.exp(value - most), 0);
    for (let c = 0; c < k; c++) row[c] = Math.exp((row[c] as number) - most) / sum;
  }
  return rows;
}

function areProbabilities(rows: Float32Array, k: number): boolean {
  for (let start = 0; start < rows.length; start += k) {
    let sum = 0;
    for (let c = start; c < start + k; c++) {
      const value = rows[c] as number;
      if (value < 0) return false;
      sum += value;
    }
    if (Math.abs(sum - 1) > 1e-3) return false;
  }
  return true;
}
