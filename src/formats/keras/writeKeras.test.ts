import { describe, expect, test } from 'vitest';
import { activation } from '../../layers/activation.js';
import { add } from '../../layers/add.js';
import { averagePooling2d } from '../../layers/averagePooling2d.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { concatenate } from '../../layers/concatenate.js';
import { maxNorm, nonNegative } from '../../layers/constraints.js';
import { conv2d } from '../../layers/conv2d.js';
import { conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { cropping2d } from '../../layers/cropping2d.js';
import { dense } from '../../layers/dense.js';
import { depthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import { dropout } from '../../layers/dropout.js';
import { elu } from '../../layers/elu.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { globalMaxPooling2d } from '../../layers/globalMaxPooling2d.js';
import { input } from '../../layers/input.js';
import { layerNormalization } from '../../layers/layerNormalization.js';
import { leakyRelu } from '../../layers/leakyRelu.js';
import { localResponseNormalization } from '../../layers/localResponseNormalization.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { multiply } from '../../layers/multiply.js';
import { normalization } from '../../layers/normalization.js';
import { l1l2, l2 } from '../../layers/regularizers.js';
import { relu } from '../../layers/relu.js';
import { rescaling } from '../../layers/rescaling.js';
import { reshape } from '../../layers/reshape.js';
import { separableConv2d } from '../../layers/separableConv2d.js';
import { softmax } from '../../layers/softmax.js';
import { spatialDropout2d } from '../../layers/spatialDropout2d.js';
import { upSampling2d } from '../../layers/upSampling2d.js';
import { zeroPadding2d } from '../../layers/zeroPadding2d.js';
import { model } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { randomBatch, run } from '../../testing/runModel.js';
import { readZip } from '../zip.js';
import { readKeras } from './kerasFile.js';
import { modelFromKeras } from './modelFromKeras.js';
import { libraryRead } from './testing/kerasFiles.js';
import { writeKeras } from './writeKeras.js';

const chain = sequential(
  [
    input([12, 12, 2]),
    rescaling({ scale: 0.5, offset: -1 }),
    normalization({ mean: [0.1, 0.2], standardDeviation: [2, 0.5] }),
    zeroPadding2d({
      padding: [
        [1, 0],
        [0, 1],
      ],
    }),
    conv2d({
      filters: 4,
      kernelSize: [3, 2],
      strides: [1, 2],
      padding: 'same',
      activation: 'relu',
      kernelRegularizer: l2(0.1),
    }),
    batchNormalization({ epsilon: 1e-5, momentum: 0.9, scale: false }),
    depthwiseConv2d({
      kernelSize: 3,
      depthMultiplier: 2,
      dilationRate: 2,
      padding: 'same',
      useBias: false,
      activation: 'silu',
    }),
    conv2d({
      filters: 4,
      kernelSize: 1,
      groups: 2,
      kernelConstraint: maxNorm(3, [0, 1, 2]),
      kernelInitializer: 'heNormal',
    }),
    relu({ maxValue: 5, negativeSlope: 0.1 }),
    separableConv2d({ filters: 5, kernelSize: 3, activation: 'tanh', trainable: false }),
    spatialDropout2d({ rate: 0.25 }),
    maxPooling2d({ poolSize: [2, 1], strides: [2, 1] }),
    leakyRelu({ negativeSlope: 0.3 }),
    conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'leakyRelu' }),
    upSampling2d({ size: [1, 2], interpolation: 'bilinear' }),
    cropping2d({ cropping: [1, 2] }),
    averagePooling2d({ poolSize: 2, padding: 'same' }),
    layerNormalization({ epsilon: 1e-4 }),
    elu({ alpha: 0.5 }),
    flatten(),
    dropout({ rate: 0.5 }),
    dense({
      units: 12,
      activation: 'gelu',
      biasConstraint: nonNegative(),
      kernelRegularizer: l1l2({ l1: 0.1, l2: 0.2 }),
    }),
    reshape({ targetShape: [2, -1] }),
    activation('softplus'),
    dense({ units: 3, kernelInitializer: { type: 'randomUniform', min: -1, max: 1 } }),
    softmax({ axis: -1 }),
  ],
  { name: 'everything', seed: 3 },
);

/** Every weight gets numbers of its own: zeros and ones would hide that two were exchanged. */
async function withOwnNumbers(net: Model): Promise<Model> {
  const values = await net.getWeights();
  for (const [i, { data }] of values.entries()) {
    for (let k = 0; k < data.length; k++) data[k] = (data[k] as number) + 0.01 * (((k * 7 + i * 3) % 11) + 1);
  }
  await net.setWeights(values);
  return net;
}

describe('a chain of nearly every layer', () => {
  test('comes back with the same description, weights and outputs', async () => {
    await withOwnNumbers(chain);
    const bytes = await writeKeras(chain);
    const { model: back, notes } = await modelFromKeras(bytes);
    expect(notes).toEqual([]);
    expect(back.kind).toBe('sequential');
    expect(await back.getWeights()).toEqual(await chain.getWeights());
    expect({ ...back.toConfig(), seed: 3 }).toEqual(withDefaults(chain));
    const x = randomBatch([12, 12, 2], 3);
    expect(await run(back, [x])).toEqual(await run(chain, [x]));
  });

  test('in half precision: half the size, weights within half a unit of 11 binary digits', async () => {
    const [whole, half] = [await writeKeras(chain), await writeKeras(chain, { precision: 'float16' })];
    const numbers = chain.countParameters().total;
    expect(whole.length - half.length).toBeGreaterThan(2 * numbers - 8 * 60);
    const { model: back } = await modelFromKeras(half);
    const expected = await chain.getWeights();
    for (const [i, { data }] of (await back.getWeights()).entries()) {
      data.forEach((value, k) => {
        const exact = expected[i]?.data[k] as number;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(Math.abs(exact) * 2 ** -11, 2 ** -25));
      });
    }
  });

  test('equal models give equal bytes', async () => {
    expect(Buffer.compare(await writeKeras(chain), await writeKeras(await chain.clone()))).toBe(0);
  });
});

/** Options as they come back: Keras writes sizes in pairs, and a few by another name for the same. */
function withDefaults(net: Model) {
  const pairs = ['kernelSize', 'strides', 'dilationRate', 'poolSize', 'size'];
  const config = net.toConfig() as { layers: { type: string; config: Record<string, unknown> }[] };
  return {
    ...config,
    layers: config.layers.map(({ type, config: own }) => {
      const pairwise = Object.entries(own).map(([key, value]) => [
        key,
        pairs.includes(key) && typeof value === 'number' ? [value, value] : value,
      ]);
      const all = Object.fromEntries(pairwise);
      if ('strides' in all && all.strides === undefined) all.strides = all.poolSize;
      if ('poolSize' in all && !('strides' in all)) all.strides = all.poolSize;
      if (type === 'zeroPadding2d' || type === 'cropping2d') {
        const key = type === 'cropping2d' ? 'cropping' : 'padding';
        const [v, h] = all[key];
        all[key] = [v, h].map((n) => (typeof n === 'number' ? [n, n] : n));
      }
      return { type, config: all };
    }),
  };
}

test('a graph with shared layers, several inputs and outputs', async () => {
  const [a, b] = [input([6, 6, 2], { name: 'a' }), input([6, 6, 2], { name: 'b' })];
  const shared = conv2d({
    filters: 2,
    kernelSize: 3,
    padding: [1, 1, 1, 1],
    activation: { type: 'relu', maxValue: 2 },
    name: 'shared',
  });
  const [x, y] = [shared.apply(a), shared.apply(b)];
  const sum = add({ name: 'sum' }).apply([x, y, a]);
  const both = concatenate({ name: 'both' }).apply([multiply({ name: 'product' }).apply([x, y]), sum]);
  const outputs = [
    globalMaxPooling2d({ keepDims: true }).apply(both),
    globalAveragePooling2d().apply(shared.apply(sum)),
  ];
  const net = await withOwnNumbers(model({ inputs: [b, a], outputs, name: 'graph' }));
  const bytes = await writeKeras(net);
  const { model: back } = await modelFromKeras(bytes);
  const inputs = [randomBatch([6, 6, 2], 2, 'one'), randomBatch([6, 6, 2], 2, 'two')];
  expect(await run(back, inputs)).toEqual(await run(net, inputs));
  expect(back.layers.map(({ name }) => name).sort()).toEqual(
    [...net.layers.map(({ name }) => name), 'shared_activation', 'shared_pad'].sort(),
  );

  // The names and the places that Keras 3 looks for.
  const entries = readZip(bytes, 'f');
  expect([...entries.keys()]).toEqual(['metadata.json', 'config.json', 'model.weights.h5']);
  const { arrays, texts } = await libraryRead((await entries.get('model.weights.h5')?.read()) as Uint8Array);
  expect([...arrays.keys()].sort()).toEqual(['/layers/conv2d/vars/0', '/layers/conv2d/vars/1']);
  expect(texts.get('/layers/conv2d/vars@name')).toBe('shared');
  expect(texts.get('/layers/re_lu/vars@name')).toBe('shared_activation');
  expect([...texts.keys()]).toContain('/layers/input_layer_1/vars@name');
  const config = JSON.parse(new TextDecoder().decode(await entries.get('config.json')?.read()));
  const product = config.config.layers.find((one: { name: string }) => one.name === 'product');
  expect(product.inbound_nodes).toEqual([
    {
      args: [
        [0, 1].map((node) => ({
          class_name: '__keras_tensor__',
          config: { shape: [null, 6, 6, 2], dtype: 'float32', keras_history: ['shared_activation', node, 0] },
        })),
      ],
      kwargs: {},
    },
  ]);
  expect(config.config.input_layers).toEqual([
    ['b', 0, 0],
    ['a', 0, 0],
  ]);
});

test('max pooling padded by numbers, behind a layer that makes nothing below 0', async () => {
  const pool = maxPooling2d({ poolSize: 3, strides: 2, padding: [1, 1, 1, 0] });
  const net = sequential([input([5, 5, 2]), batchNormalization(), relu(), dropout({ rate: 0.1 }), pool]);
  const { model: back } = await modelFromKeras(await writeKeras(net));
  expect(back.layers.map(({ type }) => type).slice(-2)).toEqual(['zeroPadding2d', 'maxPooling2d']);
  const x = randomBatch([5, 5, 2], 2);
  expect(await run(back, [x])).toEqual(await run(net, [x]));
});

test('weights alone are found by layer and role', async () => {
  const net = sequential([
    input([4, 4, 1]),
    conv2d({ filters: 2, kernelSize: 3, name: 'first' }),
    batchNormalization({ name: 'bn' }),
  ]);
  const { tensors, generation, container } = await readKeras(await writeKeras(net));
  expect({ generation, container }).toEqual({ generation: 3, container: 'keras' });
  expect([...tensors.keys()]).toEqual([
    'first/kernel',
    'first/bias',
    'bn/gamma',
    'bn/beta',
    'bn/moving_mean',
    'bn/moving_variance',
  ]);
});

test.each([
  ['Keras has no such layer', localResponseNormalization({ inputShape: [4, 4, 2] })],
  [
    'Keras pads pooling by "same" or "valid", not by [1,1,0,0]',
    maxPooling2d({ padding: [1, 1, 0, 0], inputShape: [4, 4, 2] }),
  ],
  ['Keras names no gelu by tanh', activation({ type: 'gelu', approximate: true }, { inputShape: [4] })],
  ['Keras has no layer that turns the channels round', normalization({ channelOrder: 'bgr', inputShape: [4, 4, 3] })],
])('%s', async (rule, layer) => {
  await expect(writeKeras(sequential([layer]))).rejects.toThrow(rule);
});
