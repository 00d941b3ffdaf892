import { describe, expect, test } from 'vitest';
import { activation } from '../../layers/activation.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dropout } from '../../layers/dropout.js';
import { input } from '../../layers/input.js';
import { localResponseNormalization } from '../../layers/localResponseNormalization.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { normalization } from '../../layers/normalization.js';
import { relu } from '../../layers/relu.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { randomBatch, run } from '../../testing/runModel.js';
import { readZip } from '../zip.js';
import { readKeras } from './kerasFile.js';
import { modelFromKeras } from './modelFromKeras.js';
import { libraryRead } from './testing/kerasFiles.js';
import { everyLayer, sharedLayers, withOwnNumbers } from './testing/models.js';
import { writeKeras } from './writeKeras.js';

const chain = everyLayer();

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
  const net = await withOwnNumbers(sharedLayers());
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
