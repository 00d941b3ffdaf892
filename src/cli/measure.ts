import type { Dataset } from '../data/dataset.js';
import type { Engine } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { evaluate } from '../train/evaluate.js';
import { accuracy } from '../train/metrics/accuracy.js';
import { confusionMatrix } from '../train/metrics/confusionMatrix.js';
import { largest } from '../train/metrics/decide.js';
import type { Metric } from '../train/metrics/metric.js';
import { f1, precision, recall } from '../train/metrics/precisionRecall.js';
import { wilsonInterval } from './wilson.js';

/** An example that was taken for something else. */
export interface WrongExample {
  readonly index: number;
  readonly truth: number;
  readonly predicted: number;
  /** The output of the predicted class. */
  readonly output: number;
}

/** How one class fares. */
export interface ClassMeasure {
  readonly name: string;
  readonly examples: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** What a model is worth on data, in inference mode. */
export interface Measure {
  readonly examples: number;
  readonly correct: number;
  readonly accuracy: number;
  /** Bounds of the accuracy with 95 % confidence (Wilson). */
  readonly interval: { readonly low: number; readonly high: number };
  readonly loss: number;
  readonly classes: readonly ClassMeasure[];
  /** Rows are true classes, columns what they were taken for. */
  readonly confusion: readonly (readonly number[])[];
  readonly wrong: readonly WrongExample[];
}

export interface MeasureOptions {
  readonly engine: Engine;
  readonly batchSize: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (examples: number) => void;
}

/** Measures a classifier on all examples of a data set. */
export async function measure(model: Model, data: Dataset, options: MeasureOptions): Promise<Measure> {
  const { engine, signal, onProgress } = options;
  const wrong: WrongExample[] = [];
  const result = await evaluate(model, data, {
    loss: 'categoricalCrossentropy',
    metrics: [
      ...[accuracy(), confusionMatrix()],
      ...[precision({ average: 'perClass' }), recall({ average: 'perClass' }), f1({ average: 'perClass' })],
      wrongExamples(wrong, onProgress),
    ],
    batchSize: Math.min(options.batchSize, data.size),
    engine,
    signal,
  });
  const confusion = result.confusionMatrix as readonly (readonly number[])[];
  const list = (name: string): readonly number[] => result[name] as unknown as readonly number[];
  const correct = data.size - wrong.length;
  return {
    ...{ examples: data.size, correct, accuracy: correct / data.size, loss: result.loss, confusion, wrong },
    interval: wilsonInterval(correct, data.size),
    classes: confusion.map((row, c) => ({
      name: data.classNames?.[c] ?? `${c}`,
      examples: row.reduce((sum, n) => sum + n, 0),
      precision: list('precisionPerClass')[c] ?? 0,
      recall: list('recallPerClass')[c] ?? 0,
      f1: list('f1PerClass')[c] ?? 0,
    })),
  };
}

/** Two classes that are mistaken for each other: how often the one was taken for the other. */
export interface Mixup {
  readonly truth: string;
  readonly predicted: string;
  readonly count: number;
}

/** The most frequent mistakes, those of one kind together. */
export function mostConfused({ confusion, classes }: Measure, most: number): Mixup[] {
  const name = (c: number): string => classes[c]?.name ?? `${c}`;
  const pairs = confusion.flatMap((row, truth) =>
    row.flatMap((count, predicted) =>
      truth === predicted || count === 0 ? [] : [{ truth: name(truth), predicted: name(predicted), count }],
    ),
  );
  return pairs.sort((a, b) => b.count - a.count).slice(0, most);
}

/** Notes the examples that were decided wrongly, in the order in which they come. */
function wrongExamples(wrong: WrongExample[], onProgress: ((examples: number) => void) | undefined): Metric {
  return {
    name: 'wrongExamples',
    start: ({ outputShape }) => {
      const classes = outputShape.at(-1) ?? 1;
      const counts = new Float64Array(1);
      return {
        counts,
        update: (predictions, targets) => {
          const n = predictions.length / classes;
          const first = counts[0] as number;
          for (let i = 0; i < n; i++) {
            const truth =
              targets instanceof Int32Array ? (targets[i] as number) : largest(targets, i * classes, classes);
            const predicted = largest(predictions, i * classes, classes);
            if (predicted === truth) continue;
            const output = predictions[i * classes + predicted] ?? Number.NaN;
            wrong.push({ index: first + i, truth, predicted, output });
          }
          counts[0] = first + n;
          onProgress?.(first + n);
        },
        result: () => wrong.length,
      };
    },
  };
}
