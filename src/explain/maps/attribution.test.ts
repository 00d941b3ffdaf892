import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../engines/engine.js';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../../engines/wasm/index.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { dropout } from '../../layers/dropout.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { input } from '../../layers/input.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { model as functional } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { modelAbove } from '../../model/modelAbove.js';
import { sequential } from '../../model/sequential.js';
import { Tensor, tensor } from '../../tensor/tensor.js';
import { randomBatch } from '../../testing/runModel.js';
import { zoo } from '../../zoo/zoo.js';
import { Inspector } from '../inspector.js';
import { lastSpatialPlace } from '../spatialPlace.js';
import { captumNet, chain } from '../testing/goldenNets.js';
import { type ClassMapOptions, classMap } from './classMap.js';
import { gaussLegendre } from './gaussLegendre.js';
import { integratedGradients, project, saliency, smoothGrad } from './gradients.js';

const engines = new Map<string, Engine>();
beforeAll(async () => {
  engines.set('reference', new ReferenceEngine());
  engines.set('wasm', await createWasmEngine({ threads: 2 }));
});
afterAll(async () => {
  for (const engine of engines.values()) await engine.close();
});
const inspect = (model: Model, name = 'wasm'): Inspector => new Inspector(model, engines.get(name) as Engine);
const first = <T>([value]: readonly T[]): T => value as T;
const sumOf = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** A small network of the usual kind: convolutions, then a pooling and one linear layer. */
function pooled(seed = 3): Model {
  const layers = [
    conv2d({ filters: 6, kernelSize: 3, activation: 'relu', inputShape: [12, 12, 3] }),
    maxPooling2d(),
    conv2d({ filters: 8, kernelSize: 3, activation: 'relu', name: 'last', biasInitializer: { type: 'randomNormal' } }),
    globalAveragePooling2d(),
    dropout({ rate: 0.5 }),
    dense({
      units: 4,
      activation: 'softmax',
      biasInitializer: { type: 'randomNormal', standardDeviation: 1 },
      name: 'classes',
    }),
  ];
  return sequential(layers, { seed });
}

describe.each(['reference', 'wasm'])('on the %s engine', (name) => {
  test('V1: class maps of the network of Captum', async () => {
    const { model, x } = await captumNet();
    const inspector = inspect(model, name);
    const target = { kind: 'logit', class: 1 } as const;
    const map = async (layer: string, options: ClassMapOptions) =>
      first(await classMap(inspector, x, { target, place: { layer }, ...options }));
    expect([...(await map('conv1', { method: 'gradCam', rectify: false })).values]).toEqual([11.25, 13.5, 20.25, 22.5]);
    expect([...(await map('relu1', { method: 'gradCam' })).values]).toEqual([0, 4, 28, 32.5]);
    const exact = await map('relu1', { method: 'hiResCam' });
    expect([...exact.values]).toEqual([0, 4, 25, 25]);
    expect(exact).toMatchObject({ sum: 54, targetValue: 54, bias: 0, linearHead: true, residual: 0 });
    expect((await map('conv1', {})).linearHead).toBe(false);
  });

  test('V10: on a linear model, integrated gradients are weight times change', async () => {
    const model = await chain([4], [dense({ units: 1, name: 'f', useBias: false })], [[[2], [-1], [0.5], [3]]]);
    const x = tensor([[1, 2, 3, 4]]);
    const baseline = tensor([[0, 0, 1, 1]]);
    const target = { kind: 'unit', place: { layer: 'f' }, channel: 0 } as const;
    const ig = await integratedGradients(inspect(model, name), x, {
      target,
      baseline,
      baselineName: 'given',
      steps: 7,
    });
    expect([...ig.values].map((value) => Number(value.toFixed(5)))).toEqual([2, -2, 1, 9]);
    expect(ig.sum).toBeCloseTo(10, 5);
    expect(ig.difference).toBe(10);
    expect(ig.residual).toBeCloseTo(0, 5);
  });

  test('where the head is linear, the map and the bias add up to the margin', async () => {
    const model = pooled();
    const inspector = inspect(model, name);
    const x = randomBatch([12, 12, 3], 3);
    for (const map of await classMap(inspector, x)) {
      expect(map).toMatchObject({
        method: 'hiResCam',
        place: { layer: 'last' },
        height: 3,
        linearHead: true,
        signed: true,
      });
      expect(map.targetValue).toBeGreaterThan(0);
      const { target } = map;
      if (target.kind !== 'margin') throw new Error('the target is no margin');
      const [, bias] = await model.layer('classes').getWeights();
      const difference = (bias?.data[target.class] as number) - (bias?.data[target.over] as number);
      expect(map.bias).toBeCloseTo(difference, 5);
      expect(sumOf(map.values) + difference).toBeCloseTo(map.targetValue, 4);
      expect(Math.abs(map.residual)).toBeLessThan(1e-4);
    }
    // After one global pooling Grad-CAM is the same map, spread by the mean: CAM is what they both are.
    const [kernel] = await model.layer('classes').getWeights();
    const target = { kind: 'logit', class: 2 } as const;
    const [[grad], [exact], [activations]] = await Promise.all([
      classMap(inspector, x, { target, method: 'gradCam', rectify: false }),
      classMap(inspector, x, { target }),
      inspector.forward(x, [{ layer: 'last' }]),
    ]);
    for (let cell = 0; cell < 9; cell++) {
      let cam = 0;
      for (let k = 0; k < 8; k++)
        cam += ((activations?.data[cell * 8 + k] as number) * (kernel?.data[k * 4 + 2] as number)) / 9;
      expect(exact?.values[cell]).toBeCloseTo(cam, 5);
      expect(grad?.values[cell]).toBeCloseTo(cam, 5);
    }
  });
});

test('a margin is the same whatever is added to all logits; a single logit is not', async () => {
  const [shared, inputs] = [pooled(), input([12, 12, 3])];
  const trunk = shared.layers.slice(0, 3).reduce((node, layer) => layer.apply(node), inputs);
  const gap = globalAveragePooling2d().apply(trunk);
  const head = (add: number) => dense({ units: 4, activation: 'softmax', name: `head${add}` }).apply(gap);
  const plain = functional({ inputs, outputs: head(0) });
  const shifted = functional({ inputs, outputs: head(1) });
  const [kernel, bias] = await plain.layer('head0').getWeights();
  // The same row of extra weights for every class: g(x) is added to each logit.
  const moved = (kernel as Tensor<'float32'>).data.map((w, i) => w + Math.sin(Math.floor(i / 4)));
  await shifted.layer('head1').setWeights([new Tensor(moved, [8, 4]), bias as Tensor]);
  const x = randomBatch([12, 12, 3], 1);
  const mapOf = async (net: Model, kind: 'margin' | 'logit') =>
    first(await classMap(inspect(net), x, { target: { kind, class: 0, over: 1 }, place: { layer: 'last' } })).values;
  const [a, b] = [await mapOf(plain, 'margin'), await mapOf(shifted, 'margin')];
  for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 4);
  const logits = [await mapOf(plain, 'logit'), await mapOf(shifted, 'logit')];
  expect(
    Math.max(...(logits[0] as Float32Array).map((value, i) => Math.abs(value - (logits[1]?.[i] as number)))),
  ).toBeGreaterThan(0.01);
});

test('a frozen network, its head on kept features, and eight photos at once give the same maps', async () => {
  const model = pooled();
  const x = randomBatch([12, 12, 3], 8);
  const all = await classMap(inspect(model), x);
  model.layer('last').trainable = false;
  model.layers.slice(0, 2).forEach((layer) => {
    layer.trainable = false;
  });
  const head = modelAbove(model, model.layerOutput(1));
  const inspector = inspect(model);
  const [features] = await inspector.forward(x, [{ layer: first(model.layers.slice(1)).name }]);
  const joined = await classMap(inspector, x);
  const above = await classMap(inspect(head), features as Tensor<'float32'>);
  for (let i = 0; i < 8; i++) {
    expect(joined[i]?.values).toEqual(all[i]?.values);
    for (const [cell, value] of first(all.slice(i)).values.entries()) {
      expect(above[i]?.values[cell]).toBeCloseTo(value, 6);
    }
    const single = new Tensor<'float32'>(x.data.slice(432 * i, 432 * (i + 1)), [1, 12, 12, 3]);
    expect(first(await classMap(inspect(model), single)).values).toEqual(all[i]?.values);
  }
});

test('evidence against alone makes an empty map, not noise blown up', async () => {
  const model = await chain(
    [3, 3, 1],
    [
      conv2d({ filters: 1, kernelSize: 1, name: 'conv', activation: 'relu' }),
      globalAveragePooling2d(),
      dense({ units: 2 }),
    ],
    [[[[[1]]]], [0], [[-1, 1]], [0, 0]],
  );
  const x = tensor([
    [
      [[1], [2], [3]],
      [[4], [5], [6]],
      [[7], [8], [9]],
    ],
  ]);
  const target = { kind: 'logit', class: 0 } as const;
  const map = first(await classMap(inspect(model), x, { target, method: 'gradCam' }));
  expect(map.values.every((value) => value === 0)).toBe(true);
  expect(map.range).toEqual({ min: 0, max: 0, zero: 0 });
  expect(map.sum).toBeCloseTo(-5, 5);
});

test('a turned photo gives a turned map, where the filters are the same both ways', async () => {
  const model = pooled();
  for (const layer of model.layers.filter((one) => one.type === 'conv2d')) {
    const [kernel, ...rest] = await layer.getWeights();
    const { data, shape } = kernel as Tensor<'float32'>;
    const [kh = 0, kw = 0] = shape;
    const width = data.length / (kh * kw);
    const mirrored = data.map((w, i) => {
      const [y, column] = [Math.floor(i / (kw * width)), Math.floor(i / width) % kw];
      return w + (data[(y * kw + kw - 1 - column) * width + (i % width)] as number);
    });
    await layer.setWeights([new Tensor(mirrored, shape), ...rest]);
  }
  const x = randomBatch([12, 12, 3], 1);
  const flipped = new Tensor<'float32'>(flip(x.data, 12, 3), x.shape);
  const target = { kind: 'margin', class: 0, over: 1 } as const;
  const [[map], [other]] = [
    await classMap(inspect(model), x, { target }),
    await classMap(inspect(model), flipped, { target }),
  ];
  const expected = flip(map?.values as Float32Array, 3, 1);
  for (const [i, value] of expected.entries()) expect(other?.values[i]).toBeCloseTo(value, 4);
});

function flip(data: Float32Array, w: number, c: number): Float32Array {
  return data.map((_, i) => {
    const [row, x, channel] = [Math.floor(i / (w * c)), Math.floor(i / c) % w, i % c];
    return data[(row * w + w - 1 - x) * c + channel] as number;
  });
}

test('integrated gradients account for the whole difference within one percent', async () => {
  const model = pooled();
  const x = randomBatch([12, 12, 3], 1);
  const baseline = new Tensor<'float32'>(new Float32Array(x.size), x.shape);
  const ig = await integratedGradients(inspect(model), x, { baseline, baselineName: 'black', steps: 50 });
  expect(Math.abs(ig.residual)).toBeLessThan(0.01 * Math.abs(ig.difference));
  expect(sumOf(ig.values)).toBeCloseTo(ig.sum, 4);
  const rough = await integratedGradients(inspect(model), x, { baseline, baselineName: 'black', steps: 1 });
  expect(Math.abs(rough.residual)).toBeGreaterThan(Math.abs(ig.residual));
});

test('the quadrature is that of Gauss and Legendre', () => {
  const two = gaussLegendre(2);
  expect(two.nodes[0]).toBeCloseTo(0.5 - Math.sqrt(1 / 12), 14);
  expect([...two.weights]).toEqual([expect.closeTo(0.5, 14), expect.closeTo(0.5, 14)]);
  const { nodes, weights } = gaussLegendre(50);
  for (const power of [0, 1, 7, 99]) {
    expect(sumOf(nodes.map((node, i) => node ** power * (weights[i] as number)))).toBeCloseTo(1 / (power + 1), 12);
  }
});

test('gradients of pixels are those of finite differences, and smoothing without noise changes nothing', async () => {
  const model = pooled();
  const inspector = inspect(model);
  const x = randomBatch([12, 12, 3], 1);
  const target = { kind: 'logit', class: 1 } as const;
  const { signals } = await inspector.backward(x, { target });
  const at = 3 * (12 * 5 + 6) + 1;
  const moved = (by: number) => new Tensor<'float32'>(x.data.with(at, (x.data[at] as number) + by), x.shape);
  const ends = await Promise.all([0.002, -0.002].map((by) => inspector.targetValues(moved(by), target)));
  const slope = ((ends[0]?.[0] as number) - (ends[1]?.[0] as number)) / 0.004;
  expect(first(signals).data[at]).toBeCloseTo(slope, 3);
  const plain = first(await saliency(inspector, x, { target }));
  const smooth = await smoothGrad(inspector, x, { target, noise: 0, samples: 3 });
  for (const [i, value] of plain.values.entries()) expect(smooth.values[i]).toBeCloseTo(value, 6);
  const noisy = await smoothGrad(inspector, x, { target, samples: 9, batchSize: 4 });
  expect(noisy.values).toEqual((await smoothGrad(inspector, x, { target, samples: 9, batchSize: 4 })).values);
  expect(noisy.values).not.toEqual(plain.values);
  const [projection] = await project(inspector, x, { target, rule: 'guided' });
  expect(projection).toMatchObject({ rule: 'guided', channels: 3, height: 12, width: 12, method: 'guided' });
});

test('where maps are read', () => {
  const place = (name: keyof typeof zoo, size: number) =>
    lastSpatialPlace(zoo[name].build({ inputShape: [size, size, 3], classes: 3 })).layer;
  expect(place('mobilenet', 64)).toBe('conv_pw_13_relu');
  expect(place('squeezenet1_1', 64)).toBe('conv10');
  expect(place('resnet20_cifar10', 32)).toBe('layer3.2.relu');
  expect(lastSpatialPlace(zoo.vgg16.build({ includeTop: false, inputShape: [64, 64, 3] })).layer).toBe('block5_conv3');
  expect(() => lastSpatialPlace(sequential([flatten({ inputShape: [4, 4, 1] }), dense({ units: 2 })]))).toThrow(
    /no.* height and width|there is none/,
  );
});
