import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../engines/engine.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { conv2dTranspose } from '../layers/conv2dTranspose.js';
import { dense } from '../layers/dense.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import type { Layer } from '../layers/layer.js';
import { leakyRelu } from '../layers/leakyRelu.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { sequential } from '../model/sequential.js';
import { opTable } from '../ops/table.js';
import type { Tensor } from '../tensor/tensor.js';
import { randomBatch } from '../testing/runModel.js';
import { Inspector } from './inspector.js';
import type { Place } from './place.js';
import { isAffineOp, type ReverseRule, reverseRules } from './reverseRules.js';
import { captumNet, chain, filters, picture, rowsOfChannel, stackNet } from './testing/goldenNets.js';

const engines = new Map<string, Engine>();
beforeAll(async () => {
  engines.set('reference', new ReferenceEngine());
  engines.set('wasm', await createWasmEngine({ threads: 2 }));
});
afterAll(async () => {
  for (const engine of engines.values()) await engine.close();
});
const engineOf = (name: string): Engine => engines.get(name) as Engine;

const RULES = ['gradient', 'deconvnet', 'guided'] as const;
const first = <T>([value]: readonly T[]): T => value as T;
const ones = (h: number, w = h): number[][] => Array.from({ length: h }, () => Array.from({ length: w }, () => 1));

describe.each(['reference', 'wasm'])('on the %s engine', (name) => {
  const project = async (net: { model: Inspector['model']; x: Tensor<'float32'> }, place: Place, rule: ReverseRule) => {
    const inspector = new Inspector(net.model, engineOf(name));
    const target = { kind: 'unit', place, channel: 0, at: [0, 0] } as const;
    return inspector.backward(net.x, { target, rule });
  };

  test('V1: the network of Captum, under all three rules', async () => {
    const net = await captumNet();
    const inspector = new Inspector(net.model, engineOf(name));
    const [conv1, relu1] = await inspector.forward(net.x, [{ layer: 'conv1' }, { layer: 'relu1' }]);
    expect(rowsOfChannel(conv1 as Tensor<'float32'>)).toEqual([[-5, 4], [31, 40]]); // biome-ignore format: a matrix
    expect(rowsOfChannel(conv1 as Tensor<'float32'>, 1)).toEqual([[-30, -21], [6, 15]]); // biome-ignore format: a matrix
    expect(rowsOfChannel(relu1 as Tensor<'float32'>)).toEqual([[0, 4], [31, 40]]); // biome-ignore format: a matrix
    const expected = {
      gradient: [[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]],
      deconvnet: [[2, 3, 3, 1], [3, 5, 5, 2], [3, 5, 5, 2], [1, 2, 2, 1]],
      guided: [[0, 1, 1, 1], [1, 3, 3, 2], [1, 3, 3, 2], [1, 2, 2, 1]],
    }; // biome-ignore format: matrices
    for (const rule of RULES) {
      const { values, signals } = await project(net, { layer: 'score' }, rule);
      expect([...values]).toEqual([54]);
      expect(rowsOfChannel(first(signals)), rule).toEqual(expected[rule]);
    }
  });

  test('V4: a stack with switches and signs, where each mix of rules gives another picture', async () => {
    const net = await stackNet();
    const expected = {
      gradient: [[-2, -1, 2.25, 1], [-2.5, 4, -1, -4], [2, -3.5, 7.25, -1], [-0.5, 0, -2.5, 0]],
      deconvnet: [[0, -1, 0.25, 0], [-1.5, 3, -2.5, 0], [2, -5.5, 8.25, -2], [-0.5, -1, -2, 0]],
      guided: [[0, -1, 0.25, 0], [-1.5, 4, -2.5, 0], [2, -3.5, 8.25, -2], [-0.5, 0, -2, 0]],
    }; // biome-ignore format: matrices
    for (const rule of RULES) {
      const { values, signals } = await project(net, { layer: 'conv2' }, rule);
      expect([...values]).toEqual([24]);
      expect(rowsOfChannel(first(signals)), rule).toEqual(expected[rule]);
    }
    const inspector = new Inspector(net.model, engineOf(name));
    const target = { kind: 'unit', place: { layer: 'conv2' }, channel: 0, at: [0, 0] } as const;
    const { signals } = await inspector.backward(net.x, { target, to: [{ layer: 'pool' }, { layer: 'conv1' }] });
    expect(rowsOfChannel(signals[0] as Tensor<'float32'>)).toEqual([[1, -1], [0.5, 2]]); // biome-ignore format: a matrix
    expect(rowsOfChannel(signals[1] as Tensor<'float32'>, 1)).toEqual(
      [[0, -1, 0, 0], [0, 0, 0, 0.25], [1, 0, 0, -0.5], [0, 0, 0, 0]], // biome-ignore format: a matrix
    );
    const [before] = await inspector.forward(net.x, [{ layer: 'conv1', beforeActivation: true }]);
    expect(rowsOfChannel(before as Tensor<'float32'>)).toEqual(
      [[2, 4, -4, 2], [-6, 8, -5, 6], [6, -5, 12, -9], [2, -4, 1, 10]], // biome-ignore format: a matrix
    );
  });

  test('V2: a known filter comes back as it is, not turned', async () => {
    const known = filters([[1, 2, 3], [4, 5, 6], [7, 8, 9]]); // biome-ignore format: a matrix
    const plain = await chain([5, 5, 1], [conv2d({ filters: 1, kernelSize: 3, useBias: false })], [known]);
    const send = async (model: typeof plain, signal: Float32Array) => {
      const place = { layer: first(model.layers).name };
      const { signals } = await new Inspector(model, engineOf(name)).propagate(picture(ones(5)), place, signal);
      return rowsOfChannel(first(signals));
    };
    const zero = [0, 0, 0, 0, 0];
    expect(await send(plain, Float32Array.of(0, 0, 0, 0, 2, 0, 0, 0, 0))).toEqual(
      [zero, [0, 2, 4, 6, 0], [0, 8, 10, 12, 0], [0, 14, 16, 18, 0], zero], // biome-ignore format: a matrix
    );
    const strided = conv2d({ filters: 1, kernelSize: 3, strides: 2, padding: [1, 1, 1, 1], useBias: false });
    expect(await send(await chain([5, 5, 1], [strided], [known]), Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0))).toEqual(
      [zero, [2, 3, 0, 0, 0], [5, 6, 0, 0, 0], [8, 9, 0, 0, 0], zero], // biome-ignore format: a matrix
    );
  });

  test('V3: values go back where the maximum was, and add up where windows overlap', async () => {
    const pool = async (poolSize: number, x: Tensor<'float32'>, signal: readonly number[]) => {
      const side = x.shape[1] as number;
      const model = await chain([side, side, 1], [maxPooling2d({ poolSize, strides: 2, name: 'pool' })], []);
      const inspector = new Inspector(model, engineOf(name));
      const { values, signals } = await inspector.propagate(x, { layer: 'pool' }, Float32Array.from(signal), {
        rule: 'deconvnet',
      });
      return { pooled: [...values.data], back: rowsOfChannel(first(signals)) };
    };
    const plain = await pool(2, picture([[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 9, 8], [2, 2, 7, 9]]), [4, 5, 2, 9]); // biome-ignore format: a matrix
    expect(plain.pooled).toEqual([4, 5, 2, 9]);
    expect(plain.back).toEqual([[0, 0, 0, 0], [4, 0, 0, 5], [0, 0, 9, 0], [2, 0, 0, 0]]); // biome-ignore format: a matrix
    const dot = picture(ones(5).map((row, y) => row.map((_, x) => (y === 2 && x === 2 ? 1 : 0))));
    const overlapping = await pool(3, dot, [1, 1, 1, 1]);
    expect(overlapping.pooled).toEqual([1, 1, 1, 1]);
    expect(overlapping.back[2]).toEqual([0, 0, 4, 0, 0]);
    expect(overlapping.back.flat().reduce((a, b) => a + b)).toBe(4);
    expect((await pool(3, dot, [1, 0, 0, 0])).back[2]).toEqual([0, 0, 1, 0, 0]);
  });

  test('V9: strided transposes overlap as they must', async () => {
    const send = async (size: number, kernel: number) => {
      const layer = conv2d({ filters: 1, kernelSize: kernel, strides: 2, useBias: false, name: 'conv' });
      const model = await chain([size, size, 1], [layer], [filters(ones(kernel))]);
      const inspector = new Inspector(model, engineOf(name));
      const signal = new Float32Array(16).fill(1);
      return rowsOfChannel(first((await inspector.propagate(picture(ones(size)), { layer: 'conv' }, signal)).signals));
    };
    const three = await send(9, 3);
    expect(three[0]).toEqual([1, 1, 2, 1, 2, 1, 2, 1, 1]);
    expect(three[2]).toEqual([2, 2, 4, 2, 4, 2, 4, 2, 2]);
    expect(three.map((row) => row[2])).toEqual([2, 2, 4, 2, 4, 2, 4, 2, 2]);
    // Rows 0 and 1 are reached by one row of windows, as columns are.
    expect((await send(10, 4))[2]).toEqual([2, 2, 4, 4, 4, 4, 4, 4, 2, 2]);
  });

  test('V6: probabilities of the scores', async () => {
    const layer = dense({ units: 5, useBias: false, activation: 'softmax' });
    const identity = ones(5).map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
    const model = await chain([5], [layer], [identity]);
    const inspector = new Inspector(model, engineOf(name));
    const logits = Float32Array.of(-2.0756151, -0.1117147, 1.2699461, -0.9518479, 1.4501606);
    const x = randomBatch([5], 1);
    x.data.set(logits);
    const [scores] = await inspector.scores(x);
    const expected = [0.013594, 0.096888, 0.385759, 0.041822, 0.461937];
    for (const [i, p] of expected.entries()) expect(scores?.probabilities[i]).toBeCloseTo(p, 5);
    expect(scores?.order.slice(0, 2)).toEqual([4, 2]);
    const { values, targets } = await inspector.backward(x);
    expect(targets).toEqual([{ kind: 'margin', class: 4, over: 2 }]);
    expect(values[0]).toBeCloseTo(1.4501606 - 1.2699461, 5);
    const { values: nats, signals } = await inspector.backward(x, { target: { kind: 'logProbability', class: 0 } });
    expect(nats[0]).toBeCloseTo(Math.log(0.013594), 3);
    expect(first(signals).data[0]).toBeCloseTo(1 - 0.013594, 5);
    expect(first(signals).data[4]).toBeCloseTo(-0.461937, 5);
  });

  test('T2: what goes back is the adjoint of what goes forward', async () => {
    const layers: [string, Layer, readonly number[]][] = [];
    for (const strides of [1, 2, 3]) {
      for (const padding of ['valid', 'same', [1, 0, 2, 1]] as const) {
        const options = { kernelSize: 3, strides, padding, useBias: false };
        layers.push([`conv ${strides} ${padding}`, conv2d({ filters: 4, ...options }), [9, 8, 2]]);
        layers.push([`groups ${strides} ${padding}`, conv2d({ filters: 4, groups: 2, ...options }), [9, 8, 2]]);
        layers.push([`depthwise ${strides} ${padding}`, depthwiseConv2d({ ...options }), [9, 8, 3]]);
      }
    }
    layers.push(['dilated', conv2d({ filters: 3, kernelSize: 3, dilationRate: 2, useBias: false }), [9, 8, 2]]);
    layers.push(['transposed', conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, useBias: false }), [5, 4, 2]]);
    for (const [title, layer, shape] of layers) {
      const net = await chain(shape, [layer]);
      const inspector = new Inspector(net, engineOf(name));
      const place = { layer: first(net.layers).name };
      const x = randomBatch(shape, 2, title);
      const [ax] = await inspector.forward(x, [place]);
      const y = randomBatch(inspector.shapeAt(place), 2, `${title} y`);
      for (const rule of ['gradient', 'deconvnet'] as const) {
        const { signals } = await inspector.propagate(x, place, y.data, { rule });
        const [forward, back] = [dot(first([ax as Tensor<'float32'>]).data, y.data), dot(x.data, first(signals).data)];
        const scale = Math.sqrt(
          dot(y.data, y.data) * dot((ax as Tensor<'float32'>).data, (ax as Tensor<'float32'>).data),
        );
        expect(Math.abs(forward - back), `${title}, ${rule}`).toBeLessThan(1e-5 * scale);
      }
    }
  });

  test('T6 and T7: without rectifiers the rules agree, and a stronger signal gives the same picture, stronger', async () => {
    const model = sequential([
      conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 3] }),
      batchNormalization(),
      maxPooling2d(),
      conv2d({ filters: 3, kernelSize: 2, name: 'last' }),
    ]);
    const inspector = new Inspector(model, engineOf(name));
    const x = randomBatch([8, 8, 3], 2);
    const target = { kind: 'unit', place: { layer: 'last' }, channel: 1 } as const;
    const gradient = first((await inspector.backward(x, { target })).signals).data;
    for (const rule of ['deconvnet', 'guided'] as const) {
      expect(first((await inspector.backward(x, { target, rule })).signals).data).toEqual(gradient);
    }
    const stack = await stackNet();
    const other = new Inspector(stack.model, engineOf(name));
    for (const rule of RULES) {
      const once = await other.propagate(stack.x, { layer: 'conv2' }, Float32Array.of(1), { rule });
      const thrice = await other.propagate(stack.x, { layer: 'conv2' }, Float32Array.of(3), { rule });
      expect([...first(thrice.signals).data]).toEqual([...first(once.signals).data].map((value) => 3 * value));
    }
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

test('every op has a rule for the deconvnet and for guided backpropagation', () => {
  const names = Object.keys(opTable).sort();
  for (const rule of ['deconvnet', 'guided'] as const) expect(Object.keys(reverseRules(rule)).sort()).toEqual(names);
  expect(reverseRules('gradient')).toEqual({});
  expect(isAffineOp('conv2d', 1)).toBe(true);
  expect(isAffineOp('multiply', 2)).toBe(false);
  expect(isAffineOp('maxPool', 1)).toBe(false);
});

describe('a network of any kind', () => {
  test('leaky rectifiers: the slope 0 is ReLU, the slope 1 is no rectifier', async () => {
    const x = randomBatch([6, 6, 1], 1);
    const signal = randomBatch([4, 4, 2], 1, 'signal').data;
    const results = new Map<string, Float32Array>();
    for (const [slope, rule] of [
      [1, 'gradient'],
      [1, 'deconvnet'],
      [1, 'guided'],
      [0.3, 'deconvnet'],
    ] as const) {
      const layers = [
        conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }),
        leakyRelu({ negativeSlope: slope, name: 'leaky' }),
      ];
      const inspector = new Inspector(sequential(layers), engineOf('wasm'));
      const { signals } = await inspector.propagate(x, { layer: 'leaky' }, signal, { rule });
      results.set(`${slope} ${rule}`, first(signals).data);
    }
    expect(results.get('1 deconvnet')).toEqual(results.get('1 gradient'));
    expect(results.get('1 guided')).toEqual(results.get('1 gradient'));
    expect(results.get('0.3 deconvnet')).not.toEqual(results.get('1 gradient'));
  });

  test('eight photos at once are eight photos one by one', async () => {
    const model = sequential([
      conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [9, 9, 3] }),
      dropout({ rate: 0.5 }),
      globalAveragePooling2d(),
      dense({ units: 3, activation: 'softmax' }),
    ]);
    const inspector = new Inspector(model, engineOf('wasm'));
    const x = randomBatch([9, 9, 3], 8);
    const all = await inspector.backward(x, { rule: 'guided' });
    for (let i = 0; i < 8; i++) {
      const one = randomBatch([9, 9, 3], 1);
      one.data.set(x.data.subarray(243 * i, 243 * (i + 1)));
      const single = await inspector.backward(one, { rule: 'guided' });
      expect(single.targets[0]).toEqual(all.targets[i]);
      expect(first(single.signals).data).toEqual(first(all.signals).data.slice(243 * i, 243 * (i + 1)));
    }
  });

  test('says what is wrong with a question', async () => {
    const model = sequential([
      conv2d({ filters: 2, kernelSize: 3, activation: 'silu', name: 'conv', inputShape: [5, 5, 1] }),
      flatten(),
      dense({ units: 1, activation: 'sigmoid', name: 'yes' }),
    ]);
    const inspector = new Inspector(model, engineOf('wasm'));
    const x = randomBatch([5, 5, 1], 1);
    expect(inspector.classes).toBe(2);
    await expect(inspector.forward(x, [{ layer: 'konv' }])).rejects.toThrow(/no layer "konv".*Did you mean "conv"/s);
    await expect(inspector.forward(randomBatch([5, 4, 1], 1), ['input'])).rejects.toThrow(/takes float32 examples/);
    await expect(inspector.backward(x, { rule: 'deconvnet' })).rejects.toThrow(
      /silu "conv".*the deconvnet says nothing/,
    );
    const unit = { kind: 'unit', place: { layer: 'conv' }, channel: 2 } as const;
    await expect(inspector.backward(x, { target: unit })).rejects.toThrow(/channels are numbered from 0 to 1.*2/);
    await expect(inspector.backward(x, { target: { ...unit, channel: 1, at: [3, 0] } })).rejects.toThrow(/\[2, 2\]/);
    await expect(inspector.backward(x, { target: { kind: 'logit', class: 2 } })).rejects.toThrow(
      /classes are numbered/,
    );
    await expect(inspector.backward(x, { target: { ...unit, channel: 1 }, to: ['logits'] })).rejects.toThrow(
      /does not depend on it/,
    );
  });

  test('one sigmoid output is two classes', async () => {
    const model = sequential([dense({ units: 1, activation: 'sigmoid', inputShape: [3] })]);
    const inspector = new Inspector(model, engineOf('wasm'));
    const x = randomBatch([3], 1);
    const [scores] = await inspector.scores(x);
    const [p] = await inspector.forward(x, ['output']);
    expect(scores?.probabilities[1]).toBeCloseTo(p?.data[0] as number, 6);
    const yes = await inspector.backward(x, { target: { kind: 'margin', class: 1, over: 0 } });
    const no = await inspector.backward(x, { target: { kind: 'margin', class: 0, over: 1 } });
    expect(yes.values[0]).toBe(-(no.values[0] as number));
    expect(first(yes.signals).data).toEqual(first(no.signals).data.map((value) => -value));
  });
});
