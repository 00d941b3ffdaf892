import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayDataset } from '../data/arrayDataset.js';
import type { Engine } from '../engines/engine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { add } from '../layers/add.js';
import { concatenate } from '../layers/concatenate.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { flatten } from '../layers/flatten.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { RandomStream } from '../tensor/random.js';
import { Tensor } from '../tensor/tensor.js';
import { randomBatch } from '../testing/runModel.js';
import { fit as train } from '../train/fit.js';
import { type ZooName, zoo } from '../zoo/zoo.js';
import { Inspector } from './inspector.js';
import { classMap } from './maps/classMap.js';
import { project, saliency } from './maps/gradients.js';
import { occlusion } from './maps/occlusion.js';

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
});
afterAll(() => engine.close());

/** Class map, gradient, both projections (or their refusal by op and layer) and occlusion, of one random photo. */
async function lookInside(net: Model, x: Tensor<'float32'>, refuses?: RegExp, on = engine): Promise<void> {
  const inspector = new Inspector(net, on);
  const [, height, width] = x.shape as [number, number, number, number];
  const [map] = await classMap(inspector, x);
  if (map === undefined) throw new Error('no map');
  expect(map.height * map.width).toBeGreaterThan(1);
  expect(map.values.every(Number.isFinite)).toBe(true);
  expect(map.range.max - map.range.min).toBeGreaterThan(0);
  if (map.linearHead) expect(Math.abs(map.residual)).toBeLessThan(1e-3 * Math.max(1, Math.abs(map.targetValue)));
  const [gradient] = await saliency(inspector, x);
  expect(gradient?.values.every(Number.isFinite)).toBe(true);
  expect(gradient?.range.max).toBeGreaterThan(0);
  for (const rule of ['deconvnet', 'guided'] as const) {
    const projected = project(inspector, x, { target: { kind: 'margin' }, rule });
    if (refuses !== undefined) await expect(projected).rejects.toThrow(refuses);
    else expect((await projected)[0]?.values.every(Number.isFinite)).toBe(true);
  }
  const options = {
    size: height / 2,
    stride: height / 2,
    refine: 0,
    unit: { place: map.place as { layer: string }, channel: 0 },
  };
  const covered = await occlusion(inspector, x, options);
  expect(covered.coarse).toHaveLength(4);
  expect(covered.values).toHaveLength(height * width);
  expect(covered.logOddsFall.some((value) => value !== 0)).toBe(true);
  expect(covered.coarse.every(({ unit }) => Number.isFinite(unit))).toBe(true);
}

/** Kernels as wide as He's, made quickly: a stretch of normal numbers again and again. Signals neither die nor overflow. */
async function fillKernels(net: Model): Promise<void> {
  const random = new RandomStream(3, 'weights');
  const some = Float32Array.from({ length: 65_521 }, () => random.normal());
  for (const { type, weights } of net.layers) {
    for (const { variable } of weights) {
      if (variable.shape.length < 2) continue;
      const depthwise = type === 'depthwiseConv2d';
      const inputs = depthwise ? 9 : variable.size / (variable.shape.at(-1) as number);
      const scaled = some.map((value) => value * Math.sqrt(2 / inputs));
      const data = new Float32Array(variable.size);
      for (let at = 0; at < data.length; at += scaled.length) data.set(scaled.subarray(0, data.length - at), at);
      await variable.write(data);
    }
  }
}

const REFUSED = /(silu|sigmoid|multiply) ".*says nothing of this op.*'gradient'/s;

describe('every network of the zoo, with random weights', () => {
  test.each(Object.keys(zoo) as ZooName[])('%s', async (name) => {
    const net = zoo[name].build({ inputShape: [32, 32, 3], classes: 5 });
    await fillKernels(net);
    net.trainable = false;
    // The memory of large weights goes with their engine.
    const own = name.startsWith('vgg') ? await createWasmEngine({ threads: 2 }) : undefined;
    const x = randomBatch([32, 32, 3], 1);
    await lookInside(net, x, name === 'efficientnet_b0' ? REFUSED : undefined, own ?? engine);
    await own?.close();
  });
});

describe('models of other kinds', () => {
  test('a new classifier trained on a network of the zoo, all but it frozen', async () => {
    const base = zoo.mobilenet.build({ inputShape: [32, 32, 3], includeTop: false, alpha: 0.25 });
    await fillKernels(base);
    base.trainable = false;
    const features = globalAveragePooling2d({ name: 'pool' }).apply(base.outputs);
    const scores = dense({ units: 3, activation: 'softmax', name: 'new' }).apply(features);
    const net = model({ inputs: base.inputs, outputs: scores });
    expect(net.layers.filter(({ trainable }) => !trainable).length).toBeGreaterThan(20);
    const examples = arrayDataset(
      randomBatch([32, 32, 3], 6),
      new Tensor<'int32'>(Int32Array.of(0, 1, 2, 0, 1, 2), [6]),
    );
    await train(net, examples, { epochs: 1, batchSize: 3, engine, loss: 'sparseCategoricalCrossentropy' });
    await lookInside(net, randomBatch([32, 32, 3], 1));
  });

  test('paths that part and meet again', async () => {
    const x = input([16, 16, 3]);
    const stem = conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(x);
    const left = conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(stem);
    const both = concatenate().apply([add().apply([stem, left]), stem]);
    const pooled = maxPooling2d().apply(conv2d({ filters: 4, kernelSize: 1, activation: 'relu' }).apply(both));
    const scores = dense({ units: 4, activation: 'softmax' }).apply(flatten().apply(pooled));
    await lookInside(model({ inputs: x, outputs: scores }), randomBatch([16, 16, 3], 1));
  });

  test('one output, a sigmoid', async () => {
    const net = sequential([
      conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [12, 12, 3] }),
      globalAveragePooling2d(),
      dense({ units: 1, activation: 'sigmoid' }),
    ]);
    await lookInside(net, randomBatch([12, 12, 3], 1));
  });
});
