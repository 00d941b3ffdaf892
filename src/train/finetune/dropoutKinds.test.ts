import { describe, expect, test } from 'vitest';
import { writeKeras } from '../../formats/keras/writeKeras.js';
import { readOnnx, writeOnnx } from '../../formats/onnx.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { dense } from '../../layers/dense.js';
import { type Dropout, dropout } from '../../layers/dropout.js';
import { layerFromConfig } from '../../layers/registry.js';
import { relu } from '../../layers/relu.js';
import { sequential } from '../../model/sequential.js';
import { Tensor } from '../../tensor/tensor.js';
import { modelOf, randomBatch, run } from '../../testing/runModel.js';
import { rescaleForDropout } from './rescaleForDropout.js';

type Kind = 'inverted' | 'classical';

/** Two dropouts of one half, after the first two of three layers; biases are not zero. */
const network = (kind: Kind, rate: number) =>
  sequential([
    dense({ units: 40, activation: 'relu', inputShape: [8], name: 'a', biasInitializer: 'ones' }),
    dropout({ rate, kind, name: 'drop_a' }),
    dense({ units: 30, name: 'b', biasInitializer: 'ones' }),
    relu(),
    dropout({ rate, kind, name: 'drop_b' }),
    dense({ units: 3, name: 'c', biasInitializer: 'ones' }),
  ]);

const x = randomBatch([8], 20);
const outputs = async (model: ReturnType<typeof network>, training = false, step = 0) =>
  (await run(model, [x], { training, step }))[0]?.data as Float32Array;

/** The mean over many draws of dropout. */
async function expected(model: ReturnType<typeof network>): Promise<Float64Array> {
  const sum = new Float64Array(60);
  for (let step = 0; step < 400; step++) {
    const drawn = await outputs(model, true, step);
    for (const [i, value] of drawn.entries()) sum[i] = (sum[i] as number) + value / 400;
  }
  return sum;
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0));
const length = (a: ArrayLike<number>): number => distance(a, new Float64Array(a.length));

describe('the lecture: weights of a network with dropout of one half are put into one without', () => {
  test('classical, rescaled: right', async () => {
    const from = network('classical', 0.5);
    const to = network('classical', 0);
    await to.setWeights(await from.getWeights());
    expect(await rescaleForDropout(to, 0.5, 0)).toEqual(['b/kernel', 'c/kernel']);
    expect(distance(await outputs(to), await outputs(from))).toBeLessThan(1e-5);
    // Without rescaling it would be wrong.
    await to.setWeights(await from.getWeights());
    expect(distance(await outputs(to), await outputs(from))).toBeGreaterThan(0.5 * length(await outputs(from)));
  });

  test('inverted, not rescaled: right', async () => {
    const from = network('inverted', 0.5);
    const to = network('inverted', 0);
    await to.setWeights(await from.getWeights());
    expect(await outputs(to)).toEqual(await outputs(from));
  });

  test('inverted, rescaled: wrong', async () => {
    const from = network('inverted', 0.5);
    const to = network('inverted', 0);
    await to.setWeights(await from.getWeights());
    await expect(rescaleForDropout(to, 0.5, 0)).rejects.toThrow(/"drop_a" is inverted dropout.*would make them wrong/);
    expect(await outputs(to)).toEqual(await outputs(from));
    await rescaleForDropout(to, 0.5, 0, { force: true });
    expect(distance(await outputs(to), await outputs(from))).toBeGreaterThan(0.3 * length(await outputs(from)));
  });

  test('from .5 to .6 classical weights grow by 1.25', async () => {
    const from = network('classical', 0.5);
    const to = network('classical', 0.6);
    await to.setWeights(await from.getWeights());
    const before = (await to.layer('c').getWeights())[0]?.data[0] as number;
    await rescaleForDropout(to, 0.5, 0.6);
    expect((await to.layer('c').getWeights())[0]?.data[0]).toBe(Math.fround(before * 1.25));
    expect(distance(await outputs(to), await outputs(from))).toBeLessThan(1e-4);
  });
});

describe.each(['inverted', 'classical'] as const)('%s dropout', (kind) => {
  test('one layer: training is on average what inference is', async () => {
    const net = modelOf(dropout({ rate: 0.25, kind }), [[20000]]);
    const ones = new Tensor<'float32'>(new Float32Array(20000).fill(1), [1, 20000]);
    const [trained] = await run(net, [ones], { training: true });
    const [used] = await run(net, [ones]);
    const kept = new Set(trained?.data.filter((value) => value !== 0));
    expect([...kept]).toEqual([kind === 'inverted' ? Math.fround(4 / 3) : 1]);
    expect(used?.data[0]).toBe(kind === 'inverted' ? 1 : 0.75);
    const mean = (trained?.data.reduce((sum, value) => sum + value, 0) as number) / 20000;
    expect(Math.abs(mean - (used?.data[0] as number))).toBeLessThan(0.02);
  });

  test('a whole network too, as far as it is linear behind its dropout', async () => {
    const net = network(kind, 0.5);
    (net.layer('drop_a') as Dropout).rate = 0;
    const used = await outputs(net);
    expect(distance(await expected(net), used)).toBeLessThan(0.1 * length(used));
  });

  test('keeps its kind through JSON and copies', () => {
    const layer = dropout({ rate: 0.5, kind, name: 'd' });
    const again = layerFromConfig(JSON.parse(JSON.stringify({ type: layer.type, config: layer.config() })));
    expect((again as Dropout).options.kind).toBe(kind);
    expect((layer.copy() as Dropout).options.kind).toBe(kind);
    // Models without classical dropout are written as they always were.
    expect(Object.hasOwn(layer.config(), 'kind')).toBe(kind === 'classical');
  });

  test('weights move between rates untouched, and back', async () => {
    const [a, b] = [network(kind, 0.5), network(kind, 0.1)];
    await b.setWeights(await a.getWeights());
    expect(await b.getWeights()).toEqual(await a.getWeights());
    expect((b.layer('drop_a') as Dropout).rate).toBe(0.1);
  });
});

test('what does not pass a factor on stops rescaling, and nothing is changed', async () => {
  const net = sequential([
    dropout({ rate: 0.5, kind: 'classical', inputShape: [4] }),
    dense({ units: 4 }),
    dropout({ rate: 0.5, kind: 'classical' }),
    batchNormalization(),
    dense({ units: 2 }),
  ]);
  const before = await net.getWeights();
  await expect(rescaleForDropout(net, 0.5, 0)).rejects.toThrow(/batchNormalization.*does not pass a factor on/);
  expect(await net.getWeights()).toEqual(before);
  await expect(rescaleForDropout(net, 1, 0)).rejects.toThrow(/less than 1/);
  await expect(dropoutWithKind('clasical')).rejects.toThrow(/Did you mean "classical"/);
});

async function dropoutWithKind(kind: string) {
  return dropout({ rate: 0.5, kind: kind as 'classical' });
}

describe('classical dropout in files of others', () => {
  test('ONNX: what it does at inference', async () => {
    const net = network('classical', 0.5);
    const { model } = await readOnnx(await writeOnnx(net), { where: 'net.onnx' });
    expect(distance(await outputs(model), await outputs(net))).toBeLessThan(1e-5);
  });

  test('Keras has no such layer', async () => {
    await expect(writeKeras(network('classical', 0.5))).rejects.toThrow(/inverted dropout alone.*rescaleForDropout/);
    await expect(writeKeras(network('inverted', 0.5))).resolves.toBeInstanceOf(Uint8Array);
  });
});
