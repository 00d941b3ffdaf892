import { expect, test } from 'vitest';
import type { Tensor } from '../tensor/tensor.js';
import { tensor } from '../tensor/tensor.js';
import { modelOf, run } from '../testing/runModel.js';
import { batchNormalization } from './batchNormalization.js';

// one channel over a batch of 4: mean 5, biased variance 5
const x = tensor([[2], [4], [6], [8]]);
const values = (y: Tensor | undefined): number[] => Array.from(y?.data ?? []);

test('training normalises by the batch and moves the running statistics', async () => {
  const layer = batchNormalization({ momentum: 0.9 });
  const net = modelOf(layer, [[1]]);
  const [y] = await run(net, [x], { training: true, updates: true });
  const expected = [-3, -1, 1, 3].map((d) => d / Math.sqrt(5 + 1e-3));
  values(y).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 5);
  });
  const [, , mean, variance] = await layer.getWeights();
  expect(mean?.data[0]).toBeCloseTo(0.5, 6); // 0 · 0.9 + 5 · 0.1
  expect(variance?.data[0]).toBeCloseTo(1.4, 6); // 1 · 0.9 + 5 · 0.1
});

test.each([
  { training: false, trainable: true },
  { training: true, trainable: false },
])(
  'training $training, trainable $trainable: the running statistics are used and stay',
  async ({ training, trainable }) => {
    const layer = batchNormalization({ trainable });
    const net = modelOf(layer, [[1]]);
    const weights = [tensor([2]), tensor([1]), tensor([4]), tensor([9 - 1e-3])];
    await layer.setWeights(weights);
    const [y] = await run(net, [x], { training, updates: training });
    const expected = [-4 / 3 + 1, 1, 4 / 3 + 1, 8 / 3 + 1];
    values(y).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 5);
    });
    expect(await layer.getWeights()).toEqual(weights);
  },
);

test('with β = mean and γ = deviation it does nothing', async () => {
  const layer = batchNormalization();
  const net = modelOf(layer, [[1]]);
  await layer.setWeights([tensor([Math.sqrt(9 + 1e-3)]), tensor([4]), tensor([4]), tensor([9])]);
  const [y] = await run(net, [x]);
  values(y).forEach((value, i) => {
    expect(value).toBeCloseTo(x.data[i] as number, 5);
  });
});
