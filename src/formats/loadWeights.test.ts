import { describe, expect, test } from 'vitest';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import type { Shape } from '../tensor/shape.js';
import { type NestedNumbers, Tensor, tensor } from '../tensor/tensor.js';
import { loadWeights } from './loadWeights.js';
import type { WeightLayoutName } from './weightLayout.js';
import { parseTensorName } from './weightNames.js';

const named = (entries: Readonly<Record<string, NestedNumbers>>) =>
  new Map(Object.entries(entries).map(([name, values]) => [name, tensor(values)]));

const net = (shape: Shape, ...layers: Layer[]): Model => sequential([input(shape), ...layers]);

async function values(model: Model, path: string): Promise<number[]> {
  const weight = model.weights.find((one) => one.path === path)?.weight;
  return [...((await weight?.variable.read()) ?? [])];
}

describe('names', () => {
  test.each([
    ['block1_conv1/kernel', 'block1_conv1', 'kernel'],
    ['block1_conv1/kernel:0', 'block1_conv1', 'kernel'],
    ['block1_conv1/block1_conv1/kernel:0', 'block1_conv1', 'kernel'],
    ['block1_conv1/block1_conv1_W_1:0', 'block1_conv1', 'kernel'],
    ['convolution2d_1/convolution2d_1_b', 'convolution2d_1', 'bias'],
    ['bn_1/bn_1_running_std', 'bn_1', 'movingVariance'],
    ['layer1.0.conv1.weight', 'layer1_0_conv1', 'kernel'],
    ['layer1.0.bn1.running_var', 'layer1_0_bn1', 'movingVariance'],
    ['fire2/squeeze1x1.bias', 'fire2_squeeze1x1', 'bias'],
    ['conv_dw_1/depthwise_kernel', 'conv_dw_1', 'kernel'],
    ['classifier/movingMean', 'classifier', 'movingMean'],
    ['constructor', '', 'constructor'],
  ])('%s', (name, layer, role) => {
    const parsed = parseTensorName(name);
    expect([parsed.layer, parsed.roles[0]]).toEqual([layer, role]);
  });
});

describe('layouts', () => {
  // 2×1 pixels, 2 channels in, 3 filters; the number is 100 · filter + 10 · channel + pixel.
  const filters = [0, 100, 200];
  const oihw = filters.map((o) => [
    [[o], [o + 1]],
    [[o + 10], [o + 11]],
  ]);
  const hwio = [[[filters, filters.map((o) => o + 10)]], [[filters.map((o) => o + 1), filters.map((o) => o + 11)]]];
  const expected = [0, 100, 200, 10, 110, 210, 1, 101, 201, 11, 111, 211];
  const turned = [...expected.slice(6), ...expected.slice(0, 6)];

  test.each<[WeightLayoutName, NestedNumbers, readonly number[]]>([
    ['keras', hwio, expected],
    ['torch', oihw, expected],
    ['theano', oihw, turned],
  ])('a convolution from %s', async (layout, kernel, becomes) => {
    const model = net([4, 4, 2], conv2d({ name: 'conv', filters: 3, kernelSize: [2, 1], useBias: false }));
    await loadWeights(model, named({ 'conv.weight': kernel }), { layout });
    expect(await values(model, 'conv/kernel')).toEqual(becomes);
  });

  test('a depthwise convolution with two filters per channel from torch', async () => {
    const layer = depthwiseConv2d({ name: 'dw', kernelSize: [2, 1], depthMultiplier: 2, useBias: false });
    const model = net([4, 4, 2], layer);
    // [c · 2 + filter, 1, h, w]: the number is 100 · channel + 10 · filter + pixel
    const kernel = [0, 10, 100, 110].map((n) => [[[n], [n + 1]]]);
    await loadWeights(model, named({ 'dw.weight': kernel }), { layout: 'torch' });
    expect(await values(model, 'dw/kernel')).toEqual([0, 10, 100, 110, 1, 11, 101, 111]);
  });

  // A picture of 1×2 pixels with 3 channels, flattened; the number is 10 · channel + pixel, + 100 for the second unit.
  const channelsFirst = [0, 1, 10, 11, 20, 21];
  const channelsLast = [0, 10, 20, 1, 11, 21];
  const units = (rows: readonly number[]) => rows.flatMap((n) => [n, n + 100]);

  test.each<[WeightLayoutName, NestedNumbers]>([
    ['keras', channelsLast.map((n) => [n, n + 100])],
    ['theano', channelsFirst.map((n) => [n, n + 100])],
    ['torch', [channelsFirst, channelsFirst.map((n) => n + 100)]],
    ['torch', [0, 100].map((u) => [0, 10, 20].map((c) => [[u + c, u + c + 1]]))], // as a convolution
  ])('a dense layer behind a flatten, a normalization and dropout from %s', async (layout, kernel) => {
    const model = net(
      [1, 2, 3],
      flatten(),
      batchNormalization({ name: 'bn', scale: false }),
      dropout({ rate: 0.5 }),
      dense({ name: 'fc', units: 2, useBias: false }),
    );
    const means = layout === 'keras' ? channelsLast : channelsFirst;
    const tensors = { 'fc/kernel': kernel, 'bn/beta': means, 'bn/moving_mean': means, 'bn/moving_variance': means };
    await loadWeights(model, named(tensors), { layout });
    expect(await values(model, 'fc/kernel')).toEqual(units(channelsLast));
    expect(await values(model, 'bn/movingMean')).toEqual(channelsLast);
  });

  test('a dense layer behind global pooling, or behind another one, keeps the order of its rows', async () => {
    const model = net(
      [2, 2, 3],
      globalAveragePooling2d(),
      dense({ name: 'a', units: 3, useBias: false }),
      dense({ name: 'b', units: 1, useBias: false }),
    );
    const a = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    await loadWeights(model, named({ 'a.weight': a, 'b.weight': [[1, 2, 3]] }), { layout: 'torch' });
    expect(await values(model, 'a/kernel')).toEqual([1, 4, 7, 2, 5, 8, 3, 6, 9]);
    expect(await values(model, 'b/kernel')).toEqual([1, 2, 3]);
  });
});

describe('what does not match', () => {
  const build = () => net([2], dense({ name: 'fc1', units: 1 }), dense({ name: 'fc2', units: 1, useBias: false }));
  const good = { 'fc1/kernel': [[1], [2]], 'fc1/bias': [3], 'fc2/kernel': [[4]] };

  test('a file that has more than is needed', async () => {
    const more = named({ ...good, 'aux/kernel': [[1]], 'fc1/num_batches_tracked': [1] });
    const report = await loadWeights(build(), more, { layout: 'keras' });
    expect(report).toEqual({
      matched: Object.keys(good).map((name) => ({ tensor: name, weight: name })),
      missing: [],
      unused: [{ tensor: 'aux/kernel' }],
      misfits: [],
    });
  });

  test('a misspelt name: nothing is changed, and the message names the nearest', async () => {
    const model = build();
    const before = await values(model, 'fc1/kernel');
    const { 'fc2/kernel': last, ...others } = good;
    const tensors = named({ ...others, 'fc22.weight': last });
    await expect(loadWeights(model, tensors, { layout: 'keras', where: 'a.safetensors' })).rejects.toThrow(
      /^a\.safetensors: 1 of 3 weights .* the first is "fc2\/kernel"\. The nearest name in the file is "fc22\.weight"\. Received 2 tensors/,
    );
    expect(await values(model, 'fc1/kernel')).toEqual(before);
    const report = await loadWeights(model, tensors, { layout: 'keras', partial: true });
    expect(report.missing).toEqual([{ weight: 'fc2/kernel', nearest: 'fc22.weight' }]);
    expect(report.unused).toEqual([{ tensor: 'fc22.weight', nearest: 'fc2/kernel' }]);
    expect(await values(model, 'fc1/kernel')).toEqual([1, 2]);
    await loadWeights(model, tensors, { layout: 'keras', rename: (name) => name.replace('fc22', 'fc2') });
    expect(await values(model, 'fc2/kernel')).toEqual([4]);
  });

  test.each<[string, Readonly<Record<string, NestedNumbers>>, RegExp]>([
    [
      'another shape',
      { ...good, 'fc1/kernel': [[1, 2]] },
      /float32 \[2, 1\], the tensor \[1, 2\] in the layout "keras"/,
    ],
    ['two of one name', { ...good, 'fc1.kernel': [[1], [2]] }, /"fc1\/kernel" matches the same weight/],
  ])('%s', async (_, tensors, message) => {
    await expect(loadWeights(build(), named(tensors), { layout: 'keras' })).rejects.toThrow(message);
  });

  test('whole numbers', async () => {
    const tensors = new Map([...named(good), ['fc1/bias', new Tensor(Int32Array.of(1), [1])]]);
    await expect(loadWeights(build(), tensors, { layout: 'keras' })).rejects.toThrow(/float32 \[1\], the tensor int32/);
  });

  test("batch normalization's epsilon belongs to the weights", async () => {
    const model = net([2], batchNormalization({ name: 'bn', epsilon: 1e-3 }));
    await expect(loadWeights(model, new Map(), { layout: 'torch', epsilon: 1e-5 })).rejects.toThrow(
      /epsilon 0\.00001\. Received batchNormalization "bn" with epsilon 0\.001\. Build the network with \{ epsilon: 0\.00001/,
    );
  });
});
