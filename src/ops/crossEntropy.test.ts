import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { binaryCrossEntropy, softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './crossEntropy.js';

const { log } = Math;
/** Shares 1/4 and 3/4. */
const LOGITS = [0, log(3)];

describe('softmaxCrossEntropy', () => {
  it.each([
    { targets: [1, 0], labelSmoothing: 0, loss: log(4), slope: [-3 / 4, 3 / 4] },
    { targets: [0, 1], labelSmoothing: 0, loss: log(4 / 3), slope: [1 / 4, -1 / 4] },
    { targets: [0.5, 0.5], labelSmoothing: 0, loss: (log(4) + log(4 / 3)) / 2, slope: [-1 / 4, 1 / 4] },
    { targets: [1, 0], labelSmoothing: 0.2, loss: 0.9 * log(4) + 0.1 * log(4 / 3), slope: [-0.65, 0.65] },
  ])('targets $targets, smoothing $labelSmoothing', ({ targets, labelSmoothing, loss, slope }) => {
    const inputs = [[LOGITS], [targets]];
    expectClose(
      runOp(inputs, (x, t) => softmaxCrossEntropy(x, t, { labelSmoothing })),
      [loss],
    );
    const [dLogits] = gradientsOf(inputs, (x, t) => softmaxCrossEntropy(x, t, { labelSmoothing }));
    expectClose(dLogits, slope);
  });

  it('logits of 10000 and targets that sum to 2', () => {
    const inputs = [[[10000, 0]], [[1, 1]]];
    expectClose(
      runOp(inputs, (x, t) => softmaxCrossEntropy(x, t)),
      [10000],
    );
    expectClose(gradientsOf(inputs, (x, t) => softmaxCrossEntropy(x, t))[0], [1, -1]);
  });
});

describe('sparseSoftmaxCrossEntropy', () => {
  it.each([0, 0.1])('labels 1 and 0 as the same shares do, smoothing %d', (labelSmoothing) => {
    const logits = [
      [1, 2, -1],
      [0.5, 0, 3],
    ];
    const targets = [
      [0, 1, 0],
      [1, 0, 0],
    ];
    const sparse = runOp([logits, Int32Array.of(1, 0)], (x, labels) => {
      return sparseSoftmaxCrossEntropy(x, labels, { labelSmoothing });
    });
    expectClose(
      sparse,
      runOp([logits, targets], (x, t) => softmaxCrossEntropy(x, t, { labelSmoothing })),
    );
    const gradient = runOp([logits, Int32Array.of(1, 0), [1, 1]], (x, labels, dy) => {
      return x.graph.emit('sparseSoftmaxCrossEntropyGradient', [x, labels, dy], { labelSmoothing })[0];
    });
    expectClose(
      gradient,
      gradientsOf([logits, targets], (x, t) => softmaxCrossEntropy(x, t, { labelSmoothing }))[0] ?? [],
    );
  });

  it.each([-1, 2])('a label %d of 2 classes gives NaN, the other rows a number', (label) => {
    const [wrong, right] = runOp([[LOGITS, LOGITS], Int32Array.of(label, 0)], (x, labels) =>
      sparseSoftmaxCrossEntropy(x, labels),
    );
    expect(wrong).toBeNaN();
    expect(right).toBeCloseTo(log(4));
  });

  it('labels as float32 are refused', () => {
    expect(() => runOp([[LOGITS], [0]], (x, labels) => sparseSoftmaxCrossEntropy(x, labels))).toThrow(
      'labels must be int32',
    );
  });
});

describe('binaryCrossEntropy', () => {
  it.each([
    { logit: 0, target: 1, labelSmoothing: 0, loss: log(2), slope: -1 / 2 },
    { logit: log(3), target: 0.25, labelSmoothing: 0, loss: 0.25 * log(4 / 3) + 0.75 * log(4), slope: 1 / 2 },
    { logit: log(3), target: 1, labelSmoothing: 0.5, loss: 0.75 * log(4 / 3) + 0.25 * log(4), slope: 0 },
    { logit: 1000, target: 0, labelSmoothing: 0, loss: 1000, slope: 1 },
    { logit: -1000, target: 0, labelSmoothing: 0, loss: 0, slope: 0 },
  ])('logit $logit, target $target, smoothing $labelSmoothing', ({ logit, target, labelSmoothing, loss, slope }) => {
    const inputs = [[logit], [target]];
    expectClose(
      runOp(inputs, (x, t) => binaryCrossEntropy(x, t, { labelSmoothing })),
      [loss],
    );
    const [dLogits] = gradientsOf(inputs, (x, t) => binaryCrossEntropy(x, t, { labelSmoothing }));
    expectClose(dLogits, [slope]);
  });

  it('keeps the shape', () => {
    const [result] = runOps(
      [
        [[0], [0]],
        [[0], [1]],
      ],
      (x, t) => [binaryCrossEntropy(x, t)],
    );
    expect(result?.shape).toEqual([2, 1]);
  });
});
