import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activation } from '../../layers/activation.js';
import { add } from '../../layers/add.js';
import { averagePooling2d } from '../../layers/averagePooling2d.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { channelPadding } from '../../layers/channelPadding.js';
import { concatenate } from '../../layers/concatenate.js';
import { conv2d } from '../../layers/conv2d.js';
import { conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { cropping2d } from '../../layers/cropping2d.js';
import { dense } from '../../layers/dense.js';
import { depthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { globalMaxPooling2d } from '../../layers/globalMaxPooling2d.js';
import { input } from '../../layers/input.js';
import type { Layer } from '../../layers/layer.js';
import { layerNormalization } from '../../layers/layerNormalization.js';
import { localResponseNormalization } from '../../layers/localResponseNormalization.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { multiply } from '../../layers/multiply.js';
import { normalization } from '../../layers/normalization.js';
import { rescaling } from '../../layers/rescaling.js';
import { reshape } from '../../layers/reshape.js';
import { separableConv2d } from '../../layers/separableConv2d.js';
import { upSampling2d } from '../../layers/upSampling2d.js';
import { zeroPadding2d } from '../../layers/zeroPadding2d.js';
import { sequential } from '../../model/sequential.js';
import type { Shape } from '../../tensor/shape.js';
import { Tensor, tensor } from '../../tensor/tensor.js';
import { modelOf, randomBatch, run } from '../../testing/runModel.js';
import { unravel } from './cellRules.js';
import { explainNumber } from './explainNumber.js';

/** Explains one output of a layer on random numbers, and compares it with what the layer makes. */
async function check(layer: Layer, shapes: readonly Shape[], share: number): Promise<void> {
  const net = modelOf(layer, shapes);
  const weights = await net.getWeights();
  weights.forEach(({ data, shape }, i) => {
    const random = randomBatch(shape, 1, `w${i}`).data;
    const positive = net.weights[i]?.weight.name === 'movingVariance';
    for (let j = 0; j < data.length; j++) data[j] = positive ? Math.abs(random[j] as number) : (random[j] as number);
  });
  await net.setWeights(weights);
  const batches = shapes.map((shape, i) => randomBatch(shape, 1, `x${i}`));
  const [y] = (await run(net, batches)) as [Tensor<'float32'>];
  const shape = y.shape.slice(1);
  const flat = Math.floor(share * y.size);
  const inputs = batches.map((x) => new Tensor(x.data, x.shape.slice(1)));
  const explained = await explainNumber(net, -1, inputs, unravel(flat, shape));
  const shown = y.data[flat] as number;
  const last = explained.steps.at(-1);
  expect(last?.value).toBe(explained.value);
  for (const [i, step] of explained.steps.entries()) {
    const parts = step.terms.map(({ product }) => product);
    const size = parts.reduce((sum, part) => sum + Math.abs(part), Math.abs(step.value));
    if (step.kind === 'sum' || step.kind === 'batchNormalization') {
      expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - step.value)).toBeLessThanOrEqual(1e-12 * size);
    }
    if (i > 0) expect(step.terms.map(({ x }) => x)).toContain(explained.steps[i - 1]?.value);
    if (step === last)
      expect(Math.abs(step.value - shown), `${layer.type}: ${step.value} is not ${shown}`).toBeLessThanOrEqual(
        1e-5 * size,
      );
  }
}

const share = fc.double({ min: 0, max: 0.9999, noNaN: true });
const windows = fc
  .record({
    kernelSize: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.integer({ min: 1, max: 3 }),
    dilationRate: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom('valid' as const, 'same' as const, [1, 0, 2, 1] as const),
    useBias: fc.boolean(),
    activation: fc.constantFrom('linear' as const, 'relu' as const, 'relu6' as const, 'tanh' as const, 'gelu' as const),
  })
  .filter(({ strides, dilationRate }) => strides === 1 || dilationRate === 1);

describe('the parts of a number add up to it', () => {
  const property = (
    name: string,
    make: (options: never) => Layer,
    options: fc.Arbitrary<unknown>,
    shape: Shape = [6, 7, 4],
  ) =>
    test(name, async () => {
      const each = fc.asyncProperty(options, share, (one, place) => check(make(one as never), [shape], place));
      await fc.assert(each, { numRuns: 30, seed: 11 });
    });

  property(
    'convolutions with groups, strides, dilation, padding, bias and activation',
    (options: object) => conv2d({ filters: 4, ...(options as { kernelSize: number }) }),
    fc.tuple(windows, fc.constantFrom(1, 2, 4)).map(([window, groups]) => ({ ...window, groups })),
  );
  property(
    'depthwise convolutions',
    (options: object) => depthwiseConv2d(options as { kernelSize: number }),
    fc
      .tuple(windows, fc.integer({ min: 1, max: 3 }))
      .map(([window, depthMultiplier]) => ({ ...window, depthMultiplier })),
  );
  property(
    'separable convolutions',
    (options: object) => separableConv2d({ filters: 3, ...(options as { kernelSize: number }) }),
    windows,
  );
  property(
    'transposed convolutions',
    (options: object) => conv2dTranspose({ filters: 3, ...(options as { kernelSize: number }) }),
    windows.map(({ padding, ...rest }) => ({ ...rest, padding: padding === 'same' ? 'same' : 'valid' })),
    [4, 3, 2],
  );
  property(
    'poolings',
    ({ max, ...options }: { max: boolean }) => (max ? maxPooling2d(options) : averagePooling2d(options)),
    fc.record({
      max: fc.boolean(),
      poolSize: fc.integer({ min: 1, max: 3 }),
      strides: fc.integer({ min: 1, max: 3 }),
      padding: fc.constantFrom('valid', 'same'),
    }),
  );

  const cases: readonly (readonly [name: string, make: () => Layer, shapes: readonly Shape[]])[] = [
    ['dense', () => dense({ units: 5, activation: 'softmax' }), [[7]]],
    ['dense along the last axis', () => dense({ units: 5, activation: 'silu' }), [[2, 3, 7]]],
    ['batch normalization', () => batchNormalization(), [[3, 4, 5]]],
    ['batch normalization of another axis', () => batchNormalization({ axis: 1 }), [[3, 4, 5]]],
    ['layer normalization', () => layerNormalization(), [[3, 4, 5]]],
    ['layer normalization of everything', () => layerNormalization({ axis: [1, 2, 3] }), [[2, 3, 4]]],
    ['local response normalization', () => localResponseNormalization({ alpha: 0.5 }), [[2, 3, 7]]],
    [
      'add',
      () => add(),
      [
        [2, 3, 4],
        [2, 3, 4],
        [1, 1, 4],
      ],
    ],
    [
      'multiply',
      () => multiply(),
      [
        [2, 3, 4],
        [1, 1, 4],
      ],
    ],
    [
      'concatenate',
      () => concatenate(),
      [
        [2, 3, 4],
        [2, 3, 2],
      ],
    ],
    ['global average pooling', () => globalAveragePooling2d(), [[3, 4, 5]]],
    ['global max pooling', () => globalMaxPooling2d({ keepDims: true }), [[3, 4, 5]]],
    ['flatten', () => flatten(), [[3, 4, 5]]],
    ['reshape', () => reshape({ targetShape: [10, 6] }), [[3, 4, 5]]],
    ['zero padding', () => zeroPadding2d({ padding: 2 }), [[3, 4, 2]]],
    ['channel padding', () => channelPadding({ before: 1, after: 2 }), [[3, 4, 2]]],
    ['cropping', () => cropping2d({ cropping: 1 }), [[4, 5, 2]]],
    ['bilinear enlargement', () => upSampling2d({ size: 3, interpolation: 'bilinear' }), [[3, 4, 2]]],
    ['enlargement', () => upSampling2d(), [[3, 4, 2]]],
    ['rescaling', () => rescaling({ scale: 2, offset: -1 }), [[3, 4, 2]]],
    [
      'normalization',
      () => normalization({ mean: [1, 2, 3], standardDeviation: [2, 3, 4], channelOrder: 'bgr' }),
      [[3, 4, 3]],
    ],
    ['logarithm of softmax', () => activation('logSoftmax'), [[6]]],
    ['leaky ReLU with a limit', () => activation({ type: 'relu', negativeSlope: 0.1, maxValue: 1 }), [[4, 4, 2]]],
  ];
  test.each(cases)('%s', async (_, make, shapes) => {
    for (const place of [0, 0.31, 0.5, 0.77, 0.999]) await check(make(), shapes, place);
  });
});

describe('what is told', () => {
  test('a convolution by hand: products, padding, bias, ReLU', async () => {
    const net = sequential([
      input([2, 2, 1]),
      conv2d({ filters: 1, kernelSize: 3, padding: 'same', activation: 'relu' }),
    ]);
    await net.setWeights([
      tensor([
        [[[1]], [[2]], [[3]]],
        [[[4]], [[5]], [[6]]],
        [[[7]], [[8]], [[9]]],
      ]),
      tensor([-100]),
    ]);
    const x = tensor([
      [[1], [2]],
      [[3], [4]],
    ]);
    const { steps, value } = await explainNumber(net, 'conv2d', [x], [0, 0, 0]);
    expect(steps.map(({ op }) => op)).toEqual(['conv2d', 'bias', 'relu']);
    expect(steps[0]).toMatchObject({ padding: 5, value: 5 + 12 + 24 + 36 });
    expect(steps[0]?.terms[1]).toEqual({ from: 'input', at: [0, 1, 0], x: 2, weight: 6, product: 12 });
    expect(steps[1]?.terms).toMatchObject([
      { from: 'conv2d', product: 77 },
      { from: 'bias', product: -100 },
    ]);
    expect(value).toBe(0);
  });

  test('batch normalization names its constants', async () => {
    const net = sequential([input([1]), batchNormalization({ epsilon: 0 })]);
    await net.setWeights([tensor([3]), tensor([5]), tensor([10]), tensor([4])]);
    const { steps, value } = await explainNumber(net, -1, [tensor([14])], [0]);
    expect(value).toBe(11);
    expect(steps[0]).toMatchObject({ constants: { gamma: 3, beta: 5, mean: 10, variance: 4, epsilon: 0 } });
  });

  test('a place that is not there, and inputs that do not fit', async () => {
    const net = sequential([input([2, 2, 1]), conv2d({ filters: 1, kernelSize: 1 })]);
    const x = tensor([
      [[1], [2]],
      [[3], [4]],
    ]);
    await expect(explainNumber(net, -1, [x], [2, 0, 0])).rejects.toThrow(/\[2, 2, 1\].*\[2, 0, 0\]/);
    await expect(explainNumber(net, -1, [tensor([1])], [0, 0, 0])).rejects.toThrow(/takes \[2, 2, 1\]/);
  });
});
