import { describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { relu } from '../layers/relu.js';
import { model } from '../model/functional.js';
import { sequential } from '../model/sequential.js';
import { Tensor, tensor } from '../tensor/tensor.js';
import { randomBatch } from '../testing/runModel.js';
import { energyBox, PatchCutter } from './fields/patchRegion.js';
import { shiftTest } from './fields/shiftTest.js';
import { Inspector } from './inspector.js';
import { replayLayers } from './replay.js';
import { channelContributions, layerActivations } from './units/channelStatistics.js';

const engine = new ReferenceEngine();

const chain = sequential([
  ...[input([12, 12, 3]), conv2d({ name: 'a', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' })],
  ...[maxPooling2d({ name: 'pool' }), conv2d({ name: 'b', filters: 5, kernelSize: 3, padding: 'same' })],
  ...[batchNormalization(), relu({ name: 'c' }), globalAveragePooling2d(), dense({ name: 'scores', units: 3 })],
]);

describe('channels', () => {
  test('statistics are those of the numbers, and places where they are', async () => {
    const net = sequential([input([2, 2, 1]), conv2d({ name: 'a', filters: 2, kernelSize: 1 })]);
    await net.setWeights([tensor([[[[1, -1]]]]), tensor([0, 0])]);
    const x = tensor([
      [
        [[0], [2]],
        [[6], [4]],
      ],
    ]);
    const usual = new Map([['a', { mean: [1, -3], standardDeviation: [2, 0] }]]);
    const [layer] = await layerActivations(new Inspector(net, engine), x, ['a'], usual);
    expect(layer).toMatchObject({ shape: [2, 2, 2], min: -6, max: 6 });
    expect(layer?.channels[0]).toEqual({ channel: 0, min: 0, max: 6, mean: 3, zeros: 0.25, y: 1, x: 0, unusual: 1 });
    expect(layer?.channels[1]).toEqual({ channel: 1, min: -6, max: 0, mean: -3, zeros: 0.25, y: 0, x: 0 });
    await expect(layerActivations(new Inspector(net, engine), randomBatch([2, 2, 1], 2), ['a'])).rejects.toThrow(
      /one photo/,
    );
  });

  test('contributions add up to the margin where the head is linear', async () => {
    const x = randomBatch([12, 12, 3], 1);
    const scores = await channelContributions(new Inspector(chain, engine), x, 'c');
    const [kernel, bias] = (await chain.layer('scores').getWeights()) as [Tensor<'float32'>, Tensor<'float32'>];
    const difference = (bias.data[scores.class] as number) - (bias.data[scores.over as number] as number);
    expect(scores.sum + difference).toBeCloseTo(scores.score, 5);
    // By hand: the mean of each channel times the difference of its two weights.
    const [values] = await layerActivations(new Inspector(chain, engine), x, ['c']);
    for (const [channel, value] of scores.values.entries()) {
      const w = (k: number): number => kernel.data[channel * 3 + k] as number;
      const mean = values?.channels[channel]?.mean as number;
      expect(value).toBeCloseTo(mean * (w(scores.class) - w(scores.over as number)), 5);
    }
  });
});

describe('replay', () => {
  test('each layer, computed again from its stored input, makes the same', async () => {
    const x = input([8, 8, 4]);
    const a = depthwiseConv2d({ name: 'a', kernelSize: 3, padding: 'same' }).apply(x);
    const b = batchNormalization({ name: 'b' }).apply(a);
    const sum = add({ name: 'sum' }).apply([b, x]);
    const net = model({
      inputs: x,
      outputs: dense({ name: 'd', units: 2 }).apply(globalAveragePooling2d({ name: 'g' }).apply(sum)),
    });
    const replays = await replayLayers(net, engine, randomBatch([8, 8, 4], 2));
    expect(replays.map(({ layer }) => layer)).toEqual(['a', 'b', 'sum', 'g', 'd']);
    for (const { layer, difference } of replays) expect(difference, layer).toBeLessThan(1e-5);
  });
});

describe('shift', () => {
  test('convolutions move along exactly, poolings by whole steps, and what sees everything is not compared', async () => {
    const x = randomBatch([12, 12, 3], 1);
    const [a, b, , c] = await shiftTest(new Inspector(chain, engine), x, ['a', 'b', 'scores', 'c'], [2, -2]);
    expect(a).toMatchObject({ places: [2, -2], moved: 0 });
    expect(b?.places).toEqual([1, -1]);
    expect(b?.moved).toBeLessThan(1e-6);
    expect(c?.stayed).toBeGreaterThan(0.1);
    const [odd, even] = [
      (await shiftTest(new Inspector(chain, engine), x, ['pool'], [1, 0]))[0],
      (await shiftTest(new Inspector(chain, engine), x, ['pool'], [0, 2]))[0],
    ];
    expect(odd).toMatchObject({ places: [0.5, 0], compared: 0 });
    expect(odd?.moved).toBeUndefined();
    expect(even?.moved).toBe(0);
    const [whole] = await shiftTest(new Inspector(chain, engine), x, ['scores'], [1, 1]);
    expect(whole?.compared).toBe(0);
    await expect(shiftTest(new Inspector(chain, engine), x, ['a'], [12, 0])).rejects.toThrow(/less than its size/);
  });
});

describe('which part of a photo', () => {
  test('the smallest square that holds nine tenths', () => {
    const map = new Float64Array(20 * 24);
    for (let y = 9; y < 14; y++) for (let x = 13; x < 18; x++) map[y * 24 + x] = 1;
    expect(energyBox(map, 20, 24)).toEqual({ top: 8, left: 12, height: 8, width: 8 });
    map[0] = 2; // less than a tenth stays outside
    expect(energyBox(map, 20, 24)).toEqual({ top: 8, left: 12, height: 8, width: 8 });
    map[0] = 5;
    expect(energyBox(map, 20, 24).height).toBeGreaterThan(8);
    expect(energyBox(new Float64Array(480), 20, 24)).toEqual({ top: 0, left: 0, height: 20, width: 24 });
    expect(energyBox(new Float64Array(480).fill(1), 20, 24)).toEqual({ top: 0, left: 0, height: 20, width: 24 });
  });

  test('the receptive field where it is small, else where the gradient is', async () => {
    const net = sequential([
      ...[input([32, 32, 1]), conv2d({ name: 'small', filters: 1, kernelSize: 5, padding: 'same' })],
      conv2d({ name: 'large', filters: 1, kernelSize: 27, padding: 'same' }),
    ]);
    // The large filter looks at one pixel only.
    const large = new Float32Array(27 * 27);
    large[13 * 27 + 13] = 1;
    await net.setWeights([
      ...[new Tensor(new Float32Array(25).fill(1), [5, 5, 1, 1]), tensor([0])],
      ...[new Tensor(large, [27, 27, 1, 1]), tensor([0])],
    ]);
    const cutter = new PatchCutter(new Inspector(net, engine));
    const x = randomBatch([32, 32, 1], 1);
    expect(await cutter.region(x, 'small', 0, [10, 12])).toEqual({
      ...{ by: 'receptiveField', region: { top: 8, left: 10, height: 5, width: 5 } },
    });
    const { by, region } = await cutter.region(x, 'large', 0, [18, 18]);
    expect(by).toBe('gradient');
    expect(region.height).toBe(12);
    // The blurred 5 × 5 pixels around [18, 18] lie within.
    expect(region.top).toBeLessThanOrEqual(16);
    expect(region.top + region.height).toBeGreaterThanOrEqual(21);
  });
});
