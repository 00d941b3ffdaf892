import { describe, expect, test } from 'vitest';
import { type NestedNumbers, type Tensor, tensor } from '../tensor/tensor.js';
import { modelOf, run } from '../testing/runModel.js';
import { averagePooling2d } from './averagePooling2d.js';
import { conv2d } from './conv2d.js';
import { conv2dTranspose } from './conv2dTranspose.js';
import { cropping2d } from './cropping2d.js';
import { dense } from './dense.js';
import { depthwiseConv2d } from './depthwiseConv2d.js';
import { flatten } from './flatten.js';
import type { Layer } from './layer.js';
import { localResponseNormalization } from './localResponseNormalization.js';
import { normalization } from './normalization.js';
import { relu } from './relu.js';
import { separableConv2d } from './separableConv2d.js';
import { softmax } from './softmax.js';
import { upSampling2d } from './upSampling2d.js';
import { zeroPadding2d } from './zeroPadding2d.js';

/** What a layer with given weights makes of one example. */
async function apply(layer: Layer, x: Tensor<'float32'>, weights: Tensor<'float32'>[] = []): Promise<number[]> {
  const net = modelOf(layer, [x.shape]);
  await net.setWeights(weights);
  const [y] = await run(net, [tensorOf(x)]);
  return Array.from((y as Tensor).data, (value) => Math.round(value * 1e5) / 1e5);
}
const tensorOf = (x: Tensor<'float32'>): Tensor<'float32'> => tensor(Array.from(x.data), [1, ...x.shape]);
const image = (rows: NestedNumbers): Tensor<'float32'> => {
  const flat = tensor(rows);
  return tensor(Array.from(flat.data), [...flat.shape, 1]);
};
const kernel = (values: number[], shape: number[]): Tensor<'float32'> => tensor(values, shape);

describe('convolution', () => {
  const x = image([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);

  test('is not flipped', async () => {
    const w = kernel([1, 0, 0, 0], [2, 2, 1, 1]);
    expect(await apply(conv2d({ filters: 1, kernelSize: 2, useBias: false }), x, [w])).toEqual([1, 2, 4, 5]);
  });

  test('bias and relu', async () => {
    const w = kernel([1, 0, 0, -2], [2, 2, 1, 1]); // top left − 2 · bottom right
    const layer = conv2d({ filters: 1, kernelSize: 2, activation: 'relu' });
    expect(await apply(layer, x, [w, tensor([10])])).toEqual([1, 0, 0, 0]);
  });

  test('same padding with an even kernel puts the odd pixel to the bottom and the right', async () => {
    const w = kernel([1, 1, 1, 1], [2, 2, 1, 1]);
    const layer = conv2d({ filters: 1, kernelSize: 2, padding: 'same', useBias: false });
    expect(await apply(layer, x, [w])).toEqual([12, 16, 9, 24, 28, 15, 15, 17, 9]);
  });

  test('depthwise: the filters of one channel lie side by side', async () => {
    const pixels = tensor([[[1, 10]]]);
    const w = kernel([2, 3, 4, 5], [1, 1, 2, 2]);
    const layer = depthwiseConv2d({ kernelSize: 1, depthMultiplier: 2, useBias: false });
    expect(await apply(layer, pixels, [w])).toEqual([2, 3, 40, 50]);
  });

  test('separable: depthwise, then mixed', async () => {
    const pixels = tensor([[[1, 10]]]);
    const layer = separableConv2d({ filters: 1, kernelSize: 1 });
    const weights = [kernel([2, 3], [1, 1, 2, 1]), kernel([100, 1], [1, 1, 2, 1]), tensor([0.5])];
    expect(await apply(layer, pixels, weights)).toEqual([230.5]);
  });
});

describe('transposed convolution, kernel [1, 10, 100] over [1, 2]', () => {
  const x = image([[1, 2]]);
  test.each([
    { options: { strides: [1, 2] }, y: [1, 10, 102, 20, 200] },
    { options: { strides: [1, 2], padding: 'same' }, y: [1, 10, 102, 20] },
    { options: { strides: [1, 2], padding: 'same', outputPadding: [0, 0] }, y: [10, 102, 20] },
    { options: { strides: [1, 2], outputPadding: [0, 1] }, y: [1, 10, 102, 20, 200, 0] },
    { options: { strides: [1, 4] }, y: [1, 10, 100, 0, 2, 20, 200, 0] },
    { options: { strides: 1 }, y: [1, 12, 120, 200] },
    { options: { strides: 1, padding: 'same' }, y: [12, 120] },
    { options: { strides: 1, dilationRate: [1, 2] }, y: [1, 2, 10, 20, 100, 200] },
  ] as const)('$options', async ({ options, y }) => {
    const layer = conv2dTranspose({ filters: 1, kernelSize: [1, 3], useBias: false, ...options });
    expect(await apply(layer, x, [kernel([1, 10, 100], [1, 3, 1, 1])])).toEqual(y);
  });
});

test('dense: [1, 2] · [[1, 2, 3], [4, 5, 6]] + [0.5, 0, −20], relu', async () => {
  const weights = [
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    tensor([0.5, 0, -20]),
  ];
  expect(await apply(dense({ units: 3, activation: 'relu' }), tensor([1, 2]), weights)).toEqual([9.5, 12, 0]);
});

test('flatten keeps channels together', async () => {
  expect(
    await apply(
      flatten(),
      tensor([
        [
          [1, 2],
          [3, 4],
        ],
      ]),
    ),
  ).toEqual([1, 2, 3, 4]);
});

test('average pooling does not count padding', async () => {
  const layer = averagePooling2d({ padding: 'same' });
  expect(
    await apply(
      layer,
      image([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ]),
    ),
  ).toEqual([3, 4.5, 7.5, 9]);
});

test('borders', async () => {
  const x = image([
    [1, 2],
    [3, 4],
  ]);
  expect(
    await apply(
      zeroPadding2d({
        padding: [
          [1, 0],
          [0, 1],
        ],
      }),
      x,
    ),
  ).toEqual([0, 0, 0, 1, 2, 0, 3, 4, 0]);
  expect(
    await apply(
      cropping2d({
        cropping: [
          [1, 0],
          [0, 1],
        ],
      }),
      x,
    ),
  ).toEqual([3]);
  expect(await apply(upSampling2d({ size: [1, 2] }), x)).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
});

test('relu with limits', async () => {
  expect(await apply(relu({ maxValue: 2, negativeSlope: 0.5 }), tensor([-4, -1, 0, 1, 3]))).toEqual([
    -2, -0.5, 0, 1, 2,
  ]);
  expect(await apply(relu({ maxValue: 6 }), tensor([-4, 5, 7]))).toEqual([0, 5, 6]);
});

test('softmax along rows', async () => {
  const y = await apply(
    softmax({ axis: 1 }),
    tensor([
      [0, Math.log(3)],
      [0, 0],
    ]),
  );
  expect(y).toEqual([0.5, 0.75, 0.5, 0.25]);
});

test('normalization puts channels in order before mean and deviation', async () => {
  const x = tensor([[[1, 2, 3]]]);
  const layer = normalization({ mean: [10, 20, 30], standardDeviation: [1, 2, 10], channelOrder: 'bgr' });
  expect(await apply(layer, x)).toEqual([-7, -9, -2.9]);
  expect(await apply(normalization({ mean: 1, standardDeviation: [1, 2, 4] }), x)).toEqual([0, 0.5, 0.5]);
  expect(await apply(normalization({ mean: 3, standardDeviation: 2 }), x)).toEqual([-1, -0.5, 0]);
});

test('local response normalization: x / (1 + alpha / size · Σx²)', async () => {
  const layer = localResponseNormalization({ size: 3, alpha: 3, beta: 1, bias: 1 });
  expect(await apply(layer, tensor([[[1, 2, 3]]]))).toEqual([0.16667, 0.13333, 0.21429]);
});
