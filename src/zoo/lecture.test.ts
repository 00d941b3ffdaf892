import { expect, test } from 'vitest';
import { cnn, cnnBatchNorm, linear, mlp } from './lecture.js';

// Jeremy Howard's lecture and its notebook mnist.ipynb: parameters and, of those, trainable ones.
test.each([
  [linear, 7_850, 7_850],
  [mlp, 407_050, 407_050],
  [cnn, 594_922, 594_922],
  [cnnBatchNorm, 601_578, 598_250],
])('%o', (build, total, trainable) => {
  const model = build();
  expect(model.countParameters()).toEqual({ total, trainable, nonTrainable: total - trainable });
  expect(model.outputShapes).toEqual([[10]]);
});

test('other pictures and classes', () => {
  const model = cnn({ inputShape: [32, 32, 3], classes: 7, seed: 5 });
  expect(model.inputShapes).toEqual([[32, 32, 3]]);
  expect(model.outputShapes).toEqual([[7]]);
  expect(model.seed).toBe(5);
});
