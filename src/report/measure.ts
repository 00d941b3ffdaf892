import { bootstrapIntervals, meanInterval } from './bootstrap.js';
import type { Interval } from './interval.js';
import { decisions, lossesOf, type Predictions } from './predictions.js';
import { wilsonInterval } from './wilson.js';

/** An example that was taken for something else. */
export interface WrongExample {
  readonly index: number;
  readonly truth: number;
  readonly predicted: number;
  /** The output of the predicted class. */
  readonly output: number;
}

/** How one class fares; each figure with its 95 % interval. */
export interface ClassMeasure {
  readonly name: string;
  readonly examples: number;
  /** Share of those that were taken for this class that are of it; 0 where there are none. */
  readonly precision: number;
  /** Wilson, as that of the recall. */
  readonly precisionInterval: Interval;
  /** Share of this class that was found. */
  readonly recall: number;
  readonly recallInterval: Interval;
  readonly f1: number;
  /** By the bootstrap. */
  readonly f1Interval: Interval;
}

/** What a model is worth on data, in inference mode. */
export interface Measure {
  readonly examples: number;
  readonly correct: number;
  readonly accuracy: number;
  /** Bounds of the accuracy with 95 % confidence (Wilson). */
  readonly interval: Interval;
  /** Mean −ln of the true class's probability, in nats. */
  readonly loss: number;
  /** By the bootstrap. */
  readonly lossInterval: Interval;
  readonly classes: readonly ClassMeasure[];
  /** Rows are true classes, columns what they were taken for. */
  readonly confusion: readonly (readonly number[])[];
  readonly wrong: readonly WrongExample[];
}

/** Measures what a classifier made of examples: loss, accuracy, each class, what is taken for what. */
export function measure(predictions: Predictions): Measure {
  const { classNames, labels, probabilities, indices } = predictions;
  const k = classNames.length;
  const decided = decisions(predictions);
  const confusion = confusionOf(labels, decided, k);
  const wrong: WrongExample[] = [];
  for (const [i, truth] of labels.entries()) {
    const predicted = decided[i] as number;
    if (predicted === truth) continue;
    const output = probabilities[i * k + predicted] ?? Number.NaN;
    wrong.push({ index: indices[i] as number, truth, predicted, output });
  }
  const losses = lossesOf(predictions);
  const [examples, correct] = [labels.length, labels.length - wrong.length];
  return {
    ...{ examples, correct, accuracy: correct / examples, confusion, wrong },
    interval: wilsonInterval(correct, examples),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / examples,
    lossInterval: meanInterval(losses),
    classes: classMeasures(classNames, confusion, labels, decided),
  };
}

function confusionOf(labels: ArrayLike<number>, decided: ArrayLike<number>, k: number): number[][] {
  const counts = Array.from({ length: k }, () => new Array<number>(k).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i] as number];
    const column = decided[i] as number;
    if (row !== undefined && column >= 0) row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}

function classMeasures(
  names: readonly string[],
  confusion: readonly (readonly number[])[],
  labels: Int32Array,
  decided: Int32Array,
): ClassMeasure[] {
  const bounds = f1Intervals(names.length, labels, decided);
  return names.map((name, c) => {
    const hits = confusion[c]?.[c] ?? 0;
    const examples = (confusion[c] ?? []).reduce((sum, n) => sum + n, 0);
    const taken = confusion.reduce((sum, row) => sum + (row[c] ?? 0), 0);
    return {
      ...{ name, examples, precision: hits / Math.max(1, taken), recall: hits / Math.max(1, examples) },
      precisionInterval: wilsonInterval(hits, taken),
      recallInterval: wilsonInterval(hits, examples),
      f1: (2 * hits) / Math.max(1, examples + taken),
      f1Interval: bounds[c] ?? { low: 0, high: 1 },
    };
  });
}

/** More draws than this would be noticed by who waits; then there are fewer resamples, at least 200. */
const DRAWS = 5e6;

function f1Intervals(k: number, labels: Int32Array, decided: Int32Array): Interval[] {
  const resamples = Math.max(200, Math.min(1000, Math.floor(DRAWS / labels.length)));
  const [hits, sums] = [new Uint32Array(k), new Uint32Array(k)];
  const f1 = (indices: Uint32Array): number[] => {
    hits.fill(0);
    sums.fill(0);
    for (const i of indices) {
      const [truth, predicted] = [labels[i] as number, decided[i] as number];
      sums[truth] = (sums[truth] as number) + 1;
      sums[predicted] = (sums[predicted] as number) + 1;
      if (truth === predicted) hits[truth] = (hits[truth] as number) + 1;
    }
    return Array.from(hits, (hit, c) => (2 * hit) / (sums[c] as number));
  };
  return bootstrapIntervals(labels.length, f1, { resamples });
}

/** Two classes that are mistaken for each other: how often the one was taken for the other. */
export interface Mixup {
  readonly truth: string;
  readonly predicted: string;
  readonly count: number;
}

/** The most frequent mistakes, those of one kind together. */
export function mostConfused({ confusion, classes }: Pick<Measure, 'confusion' | 'classes'>, most: number): Mixup[] {
  const name = (c: number): string => classes[c]?.name ?? `${c}`;
  const pairs = confusion.flatMap((row, truth) =>
    row.flatMap((count, predicted) =>
      truth === predicted || count === 0 ? [] : [{ truth: name(truth), predicted: name(predicted), count }],
    ),
  );
  return pairs.sort((a, b) => b.count - a.count).slice(0, most);
}
