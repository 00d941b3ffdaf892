import { describe, expect, test } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { add } from '../../layers/add.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { dropout } from '../../layers/dropout.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import { model as functional } from '../../model/functional.js';
import { sequential } from '../../model/sequential.js';
import { Tensor } from '../../tensor/tensor.js';
import { randomBatch } from '../../testing/runModel.js';
import { predict } from '../predict.js';
import { insertBatchNormalization } from './insertBatchNormalization.js';

const engine = new ReferenceEngine();
const pictures = randomBatch([6, 6, 3], 50);
const data = arrayDataset(pictures, new Tensor(new Int32Array(50), [50]));

const chain = () =>
  sequential([
    conv2d({ filters: 5, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 3], name: 'conv' }),
    flatten(),
    dense({ units: 12, activation: 'relu', name: 'fc1', biasInitializer: { type: 'constant', value: 50 } }),
    dropout({ rate: 0.5 }),
    dense({ units: 4, activation: 'softmax', name: 'fc2' }),
  ]);

const graph = () => {
  const x = input([6, 6, 3]);
  const a = conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'a' }).apply(x);
  const sum = add().apply([a, x]);
  return functional({ inputs: x, outputs: dense({ units: 2, name: 'top' }).apply(flatten().apply(sum)) });
};

describe.each([
  ['after a dense layer', chain, ['fc1'], ['conv', 'flatten', 'fc1', 'fc1_bn', 'dropout', 'fc2']],
  ['after two layers', chain, ['conv', 'fc1'], ['conv', 'conv_bn', 'flatten', 'fc1', 'fc1_bn', 'dropout', 'fc2']],
  ['after the last layer', chain, ['fc2'], ['conv', 'flatten', 'fc1', 'dropout', 'fc2', 'fc2_bn']],
  ['within a graph', graph, ['a'], ['input', 'a', 'a_bn', 'add', 'flatten', 'top']],
] as const)('%s', (_, make, after, names) => {
  test('the outputs stay the same', async () => {
    const net = make();
    const before = await predict(net, pictures, { engine });
    const bn = await insertBatchNormalization(net, after, data, { engine, batchSize: 16 });
    expect(bn.layers.map(({ name }) => name)).toEqual(names);
    expect(bn.kind).toBe(net.kind);
    const now = await predict(bn, pictures, { engine });
    const off = now.data.map((value, i) => Math.abs(value - (before.data[i] as number)));
    expect(Math.max(...off)).toBeLessThan(1e-5);
    expect((await predict(net, pictures, { engine })).data).toEqual(before.data);
  });
});

test('β = mean, γ = √(variance + ε), measured: 1, 2, 3 and 6 have the mean 3 and the variance 3.5', async () => {
  const net = sequential([dense({ units: 1, inputShape: [1], kernelInitializer: 'ones', name: 'same' })]);
  const numbers = arrayDataset(new Tensor(Float32Array.of(1, 2, 3, 6), [4, 1]), new Tensor(new Int32Array(4), [4]));
  const bn = await insertBatchNormalization(net, 'same', numbers, { engine, epsilon: 0.25, batchSize: 3 });
  const values = (await bn.layer('same_bn').getWeights()).map(({ data: [value] }) => value);
  expect(values).toEqual([Math.fround(Math.sqrt(3.75)), 3, 3, 3.5]);
});

test('a channel that never changes', async () => {
  const net = sequential([dense({ units: 2, inputShape: [108], kernelInitializer: 'zeros', name: 'dead' })]);
  const flat = arrayDataset(new Tensor(pictures.data, [50, 108]), new Tensor(new Int32Array(50), [50]));
  const bn = await insertBatchNormalization(net, 'dead', flat, { engine });
  expect([...(await predict(bn, flat, { engine })).data].every((value) => value === 0)).toBe(true);
});

test('a layer that is not there', async () => {
  await expect(insertBatchNormalization(chain(), 'fc3', data, { engine })).rejects.toThrow(/no layer "fc3"/);
});
