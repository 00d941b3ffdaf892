import { describe, expect, it } from 'vitest';
import { accuracy } from './accuracy.js';
import { confusionMatrix } from './confusionMatrix.js';
import type { Metric, MetricContext } from './metric.js';
import { metricsFrom } from './metricFrom.js';
import { f1, precision, recall } from './precisionRecall.js';
import { topK } from './topK.js';

const classes: MetricContext = { outputShape: [3], decision: 'classes', fromLogits: false };
const yesNo: MetricContext = { outputShape: [1], decision: 'binary', fromLogits: false };

// Six predictions over three classes:      2          0            0            1            1            2
const predictions = Float32Array.of(0.1, 0.2, 0.7, 0.5, 0.4, 0.1, 0.6, 0.3, 0.1, 0.2, 0.6, 0.2, 0, 1, 0, 0.3, 0.3, 0.4);
const labels = Int32Array.of(2, 0, 1, 1, 2, 2);

function measure(metric: Metric, context = classes, p = predictions, t: Int32Array | Float32Array = labels) {
  const counter = metric.start(context);
  counter.update(p, t);
  return counter.result();
}

describe('metrics', () => {
  it('accuracy of classes: 4 of 6, from labels and from one-hot targets', () => {
    expect(measure(accuracy())).toBeCloseTo(4 / 6, 12);
    const targets = Float32Array.from({ length: 18 }, (_, i) => (labels[Math.floor(i / 3)] === i % 3 ? 1 : 0));
    expect(measure(accuracy(), classes, predictions, targets)).toBeCloseTo(4 / 6, 12);
  });

  it('accuracy of yes and no: above one half, or above 0 for logits', () => {
    expect(measure(accuracy(), yesNo, Float32Array.of(0.6, 0.4, 0.5, 0.9), Float32Array.of(1, 0, 1, 0))).toBe(0.5);
    const logits = { ...yesNo, fromLogits: true };
    expect(measure(accuracy(), logits, Float32Array.of(0.2, -0.4, 0, 3), Float32Array.of(1, 0, 0, 1))).toBe(1);
  });

  it('streams: batch by batch is the same as at once', () => {
    const counter = accuracy().start(classes);
    counter.update(predictions.subarray(0, 6), labels.subarray(0, 2));
    counter.update(predictions.subarray(6), labels.subarray(2));
    expect(counter.result()).toBe(measure(accuracy()));
  });

  it('confusion matrix: rows are true, columns predicted', () => {
    expect(measure(confusionMatrix())).toEqual([
      [1, 0, 0],
      [1, 1, 0],
      [0, 1, 2],
    ]);
    expect(measure(confusionMatrix(), yesNo, Float32Array.of(0.6, 0.4, 0.9), Float32Array.of(1, 0, 0))).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });

  // By hand from the matrix above; scikit-learn's averages have the same definitions.
  it('precision, recall and F1', () => {
    expect(measure(precision({ average: 'perClass' }))).toEqual([1 / 2, 1 / 2, 1]);
    expect(measure(recall({ average: 'perClass' }))).toEqual([1, 1 / 2, 2 / 3]);
    expect(measure(f1({ average: 'perClass' }))).toEqual([2 / 3, 1 / 2, 4 / 5]);
    expect(measure(precision())).toBeCloseTo(2 / 3, 12);
    expect(measure(recall())).toBeCloseTo((1 + 1 / 2 + 2 / 3) / 3, 12);
    expect(measure(f1())).toBeCloseTo((2 / 3 + 1 / 2 + 4 / 5) / 3, 12);
    for (const metric of [precision, recall, f1]) expect(measure(metric({ average: 'micro' }))).toBeCloseTo(4 / 6, 12);
  });

  it('macro leaves out a class that never occurs', () => {
    expect(measure(recall(), classes, predictions.subarray(0, 6), labels.subarray(0, 2))).toBe(1);
  });

  it('yes and no: precision and recall of the yes', () => {
    const p = Float32Array.of(0.9, 0.8, 0.7, 0.1);
    const t = Float32Array.of(1, 0, 0, 1);
    expect(measure(precision(), yesNo, p, t)).toBeCloseTo(1 / 3, 12);
    expect(measure(recall(), yesNo, p, t)).toBe(1 / 2);
  });

  it('top k: ties go to the first, NaN is wrong', () => {
    expect(measure(topK(1))).toBe(measure(accuracy()));
    expect(measure(topK(2))).toBeCloseTo(5 / 6, 12);
    expect(measure(topK(3))).toBe(1);
    expect(measure(topK(1), classes, Float32Array.of(1, 1, 0), Int32Array.of(1))).toBe(0);
    expect(measure(topK(3), classes, Float32Array.of(Number.NaN, 1, 0), Int32Array.of(0))).toBe(0);
    expect(topK(5).name).toBe('top5Accuracy');
  });

  it('predictions that are all NaN are no class', () => {
    const nan = new Float32Array(3).fill(Number.NaN);
    expect(measure(accuracy(), classes, nan, Int32Array.of(0))).toBe(0);
    expect(measure(recall(), classes, nan, Int32Array.of(0))).toBe(0);
  });

  it('names: unknown, and twice', () => {
    expect(() => metricsFrom(['acuracy' as never])).toThrow(/Did you mean "accuracy"/);
    expect(() => metricsFrom(['accuracy', accuracy()])).toThrow(/two of them are named "accuracy"/);
  });
});
