import { describe, expect, test } from 'vitest';
import { arrayDataset } from '../../data/arrayDataset.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { relu6 } from '../../layers/plainActivations.js';
import { relu } from '../../layers/relu.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { fit as fitModel } from '../../train/fit.js';
import { sgd } from '../../train/optimizers/sgd.js';
import { observeForward } from '../observeForward.js';
import { layerChanges, linearCka, type SeenModel, unitChange, weightChanges } from './compareModels.js';
import { UnitEvolution } from './evolution.js';
import { TopPatches } from './topPatches.js';
import { UnitStatistics } from './unitStatistics.js';

const engine = new ReferenceEngine();
const N = 24;
const random = new RandomStream(8, 'photos');
const labels = Int32Array.from({ length: N }, (_, i) => i % 2);
const x = Float32Array.from(
  { length: N * 6 * 6 * 3 },
  (_, i) => random.normal() + (labels[Math.floor(i / 108)] as number),
);
const data = arrayDataset(new Tensor(x, [N, 6, 6, 3]), new Tensor(labels, [N]));
const photos = { names: Array.from(labels, (_, i) => `${i}`), labels, classNames: ['a', 'b'] };

const build = () =>
  sequential([
    ...[input([6, 6, 3]), conv2d({ name: 'low', filters: 4, kernelSize: 3, activation: 'relu' })],
    ...[
      conv2d({ name: 'high', filters: 5, kernelSize: 3 }),
      batchNormalization({ name: 'norm' }),
      relu({ name: 'end' }),
    ],
    ...[globalAveragePooling2d(), dense({ name: 'scores', units: 2, activation: 'softmax' })],
  ]);

async function seen(model: Model): Promise<SeenModel> {
  const [patches, statistics] = [new TopPatches(model, photos, { top: 5 }), new UnitStatistics(model)];
  await observeForward(model, engine, data, [patches, statistics], { batchSize: 7 });
  return { model, patches, statistics };
}

const train = (model: Model, learningRate: number, callbacks: object[] = [], epochs = 2) =>
  fitModel(model, data, {
    loss: 'sparseCategoricalCrossentropy',
    optimizer: sgd({ learningRate }),
    epochs,
    batchSize: 8,
    engine,
    callbacks,
  });

describe('before and after', () => {
  test('nothing changed: exactly 0 and 1', async () => {
    const net = build();
    const [before, after] = [await seen(net), await seen(await net.clone())];
    for (const { relative } of await weightChanges(before.model, after.model)) expect(relative).toBe(0);
    for (const change of layerChanges(before, after))
      expect(change).toEqual({ layer: change.layer, cka: 1, sharedPhotos: 1 });
    expect(unitChange(before, after, 'end', 2).jaccard).toBe(1);
    expect(layerChanges(before, after).map(({ layer }) => layer)).toEqual(['low', 'end', 'scores']);
  });

  test('training changes what learns, and what is frozen stays exactly the same', async () => {
    const net = build();
    const before = await seen(await net.clone());
    net.layer('low').trainable = false;
    await train(net, 0.5);
    const after = await seen(net);
    const changes = await weightChanges(before.model, net);
    for (const { layer, relative } of changes) {
      if (layer === 'low') expect(relative).toBe(0);
      if (layer === 'high') expect(relative).toBeGreaterThan(0);
    }
    const [low, end] = layerChanges(before, after);
    expect(low).toEqual({ layer: 'low', cka: 1, sharedPhotos: 1 });
    expect(end?.cka).toBeLessThan(1);
    expect(end?.cka).toBeGreaterThan(0);
  });

  test('CKA: 1 under rotation and scale, small for unrelated features', () => {
    const a = Float32Array.from({ length: 200 * 2 }, () => random.normal());
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    const rotated = Float32Array.from(a, (_, i) => {
      const [p, q] = [a[i - (i % 2)] as number, a[i - (i % 2) + 1] as number];
      return 5 * (i % 2 === 0 ? c * p - s * q : s * p + c * q) + 3;
    });
    expect(linearCka(a, rotated, 200)).toBeCloseTo(1, 5);
    const other = Float32Array.from({ length: 200 * 3 }, () => random.normal());
    expect(linearCka(a, other, 200)).toBeLessThan(0.1);
    expect(linearCka(new Float32Array(4), new Float32Array(4), 2)).toBe(1);
  });
});

describe('evolution', () => {
  const units = [
    { layer: 'low', channel: 1 },
    { layer: 'end', channel: 3 },
  ];

  test('a learning rate of 0 changes nothing, exactly', async () => {
    const net = build();
    net.layer('norm').trainable = false;
    const evolution = new UnitEvolution(data, photos, units);
    await train(net, 0, [evolution]);
    expect(evolution.snapshots.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    for (const { units: looked, layers } of evolution.snapshots) {
      expect(looked).toEqual(evolution.snapshots[0]?.units);
      for (const layer of layers) expect(layer).toMatchObject({ weightChange: 0, ckaToPrevious: 1, ckaToFirst: 1 });
    }
  });

  test('learning is seen, layer by layer, and does not depend on being looked at', async () => {
    const [net, alone] = [build(), build()];
    net.layer('low').trainable = false;
    alone.layer('low').trainable = false;
    const evolution = new UnitEvolution(data, photos, units);
    await train(net, 0.3, [evolution]);
    await train(alone, 0.3);
    expect(await net.getWeights()).toEqual(await alone.getWeights());
    const [, , last] = evolution.snapshots;
    expect(last?.layers[0]).toMatchObject({ layer: 'low', weightChange: 0, ckaToFirst: 1 });
    expect(last?.layers[1]?.weightChange).toBeGreaterThan(0);
    expect(last?.layers[1]?.ckaToFirst).toBeLessThan(1);
  });
});

describe('health', () => {
  test('a unit with a bias of −1e6 is dead, one at its limit saturated, a copy a duplicate, and no others', async () => {
    const net = sequential([
      input([6, 6, 3]),
      conv2d({ name: 'conv', filters: 6, kernelSize: 3 }),
      relu6({ name: 'end' }),
    ]);
    const [kernel, bias] = (await net.getWeights()) as [Tensor<'float32'>, Tensor<'float32'>];
    for (let i = 0; i < kernel.data.length; i += 6) kernel.data[i + 5] = 2 * (kernel.data[i] as number); // unit 5 is twice unit 0
    bias.data.set([0.5, -1e6, 0.5, 1e6, 0.5, 1]);
    await net.setWeights([kernel, bias]);
    const statistics = new UnitStatistics(net);
    await observeForward(net, engine, data, [statistics]);
    const { dead, saturated, duplicates, units } = statistics.health('end');
    expect({ dead, saturated, units }).toEqual({ dead: [1], saturated: [3], units: 6 });
    for (const { a, b, correlation } of duplicates) {
      expect([a, b]).toEqual([0, 5]);
      expect(Math.abs(correlation)).toBeGreaterThan(0.99);
    }
    const layer = statistics.layer('end');
    expect(layer.photos).toBe(N);
    expect(layer.active[1]).toBe(0);
    expect(layer.atLimit?.[3]).toBe(1);
    expect(layer.max[3]).toBe(6);
    expect(layer.standardDeviation[3]).toBeCloseTo(0, 5);
    const usual = statistics.usual('end');
    const means = Array.from({ length: N }, (_, i) => layer.photoMeans[i * 6] as number);
    const mean = means.reduce((sum, m) => sum + m, 0) / N;
    const deviation = Math.sqrt(means.reduce((sum, m) => sum + (m - mean) ** 2, 0) / N);
    expect(usual.mean[0]).toBeCloseTo(mean, 6);
    expect(usual.standardDeviation[0]).toBeCloseTo(deviation, 6);
    expect(() => statistics.health('conv')).toThrow(/not among the layers/);
  });
});
