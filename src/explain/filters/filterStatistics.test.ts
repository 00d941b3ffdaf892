import { describe, expect, test } from 'vitest';
import { conv2d } from '../../layers/conv2d.js';
import { conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { dense } from '../../layers/dense.js';
import { depthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import { flatten } from '../../layers/flatten.js';
import { input } from '../../layers/input.js';
import type { Layer } from '../../layers/layer.js';
import { separableConv2d } from '../../layers/separableConv2d.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { type FilterBank, filterBanks, filterLayers } from './filterBank.js';
import { filterChanges, filterColors, filterOf, filterStatistics } from './filterStatistics.js';

/** A model of one layer whose kernels hold their own flat indices. */
async function counted(layer: Layer, channels: number) {
  const net = sequential([input([8, 8, channels]), layer]);
  await net.setWeights(
    net.weights.map(
      ({ weight: { variable } }) =>
        new Tensor(
          Float32Array.from({ length: variable.size }, (_, i) => i),
          variable.shape,
        ),
    ),
  );
  return net;
}

function bank(filters: readonly (readonly number[])[], form: Partial<FilterBank> = {}): FilterBank {
  const size = filters[0]?.length ?? 0;
  const side = Math.sqrt(size / (form.channels ?? 1));
  return {
    ...{ layer: 'conv', weight: 'kernel', filters: filters.length, channels: 1, groups: 1, height: side, width: side },
    data: Float32Array.from(filters.flat()),
    ...form,
  };
}

describe('banks', () => {
  test('the numbers of each filter lie together, for every kind of layer', async () => {
    const conv = await filterBanks(await counted(conv2d({ filters: 2, kernelSize: [1, 2] }), 3), -1);
    // kernel [1, 2, 3, 2]: place · 6 + channel · 2 + filter
    expect(conv[0]).toMatchObject({ filters: 2, channels: 3, groups: 1, height: 1, width: 2 });
    expect(Array.from(filterOf(conv[0] as FilterBank, 1))).toEqual([1, 7, 3, 9, 5, 11]);

    const [depthwise] = await filterBanks(
      await counted(depthwiseConv2d({ kernelSize: [1, 2], depthMultiplier: 2 }), 3),
      -1,
    );
    expect(depthwise).toMatchObject({ filters: 6, channels: 1, groups: 3 });
    expect(Array.from(filterOf(depthwise as FilterBank, 4))).toEqual([4, 10]);

    const [transposed] = await filterBanks(await counted(conv2dTranspose({ filters: 2, kernelSize: [1, 2] }), 3), -1);
    // kernel [1, 2, 2, 3]: place · 6 + filter · 3 + channel
    expect(transposed).toMatchObject({ filters: 2, channels: 3 });
    expect(Array.from(filterOf(transposed as FilterBank, 1))).toEqual([3, 9, 4, 10, 5, 11]);

    const separable = await filterBanks(await counted(separableConv2d({ filters: 4, kernelSize: 3 }), 2), -1);
    expect(separable.map(({ weight, filters, channels }) => [weight, filters, channels])).toEqual([
      ['depthwiseKernel', 2, 1],
      ['pointwiseKernel', 4, 2],
    ]);
  });

  test('layers with filters are found, and others refused with their names', async () => {
    const net = sequential([input([4, 4, 1]), conv2d({ filters: 2, kernelSize: 3 }), flatten(), dense({ units: 3 })]);
    expect(filterLayers(net).map(({ name }) => name)).toEqual(['conv2d', 'dense']);
    await expect(filterBanks(net, 'flatten')).rejects.toThrow(/no filters.*conv2d, dense/);
    const [last] = await filterBanks(net, 'dense');
    expect(last).toMatchObject({ filters: 3, channels: 8, height: 1, width: 1 });
  });
});

describe('statistics', () => {
  test('dead, duplicate and opposite filters are named', () => {
    const { filters, duplicates, medianL2 } = filterStatistics(
      bank([
        [1, 2, 0, 0],
        [1e-5, 0, 0, 0],
        [-2, -4, 0, 0],
        [0, 0, 3, 4],
        [0, 0, 0, 0],
        [2, 4, 0.1, 0],
      ]),
    );
    expect(medianL2).toBeCloseTo((Math.sqrt(5) + Math.sqrt(20)) / 2, 6);
    expect(filters.filter(({ dead }) => dead).map(({ index }) => index)).toEqual([1, 4]);
    expect(duplicates?.map(({ a, b }) => [a, b])).toEqual([
      [0, 2],
      [0, 5],
      [2, 5],
    ]);
    expect(duplicates?.[0]?.cosine).toBeCloseTo(-1, 6);
    expect(filters[3]).toMatchObject({ l1: 7, l2: 5, min: 0, max: 4 });
  });

  test('filters that see different channels are no duplicates', () => {
    const same = [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ];
    expect(filterStatistics(bank(same)).duplicates).toHaveLength(1);
    expect(filterStatistics(bank(same, { groups: 2 })).duplicates).toHaveLength(0);
  });

  test('white noise is noisy, an edge and a blob are not', () => {
    const random = new RandomStream(1, 'noise');
    const noise = Array.from({ length: 49 * 3 }, () => random.normal());
    const place = Array.from({ length: 49 }, (_, p) => [Math.floor(p / 7) - 3, (p % 7) - 3] as const);
    const edge = place.map(([y, x]) => x * Math.exp(-(x * x + y * y) / 6));
    const blob = place.map(([y, x]) => Math.exp(-(x * x + y * y) / 6));
    const { filters } = filterStatistics(
      bank([noise, [...edge, ...edge, ...edge], [...blob, ...blob, ...blob]], { channels: 3 }),
    );
    expect(filters.map(({ noisy }) => noisy)).toEqual([true, false, false]);
    expect(filters[2]?.highFrequency).toBeLessThan(0.1);
    expect(filterStatistics(bank([[1, -1, 1, -1, 1, -1, 1, -1, 1]])).filters[0]?.highFrequency).toBeUndefined();
  });
});

describe('as colors', () => {
  const sobel = [1, 0, -1, 2, 0, -2, 1, 0, -1];
  test('no weight is mid-gray, and a Sobel filter is antisymmetric about it', () => {
    const one = bank([[...sobel, ...sobel, ...sobel]], { channels: 3 });
    const colors = filterColors(one);
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) {
        const [a, b] = [colors[(y * 3 + x) * 3] as number, colors[(y * 3 + 2 - x) * 3] as number];
        expect(a + b).toBe(1);
        if (x === 1) expect(a).toBe(0.5);
      }
    }
    expect(Math.max(...colors)).toBe(1);
    const scaled = bank([[...sobel, ...sobel, ...sobel].map((w) => 7 * w)], { channels: 3 });
    expect(filterColors(scaled)).toEqual(colors);
    expect(filterStatistics(scaled).scale).toBe(7 * filterStatistics(one).scale);
  });

  test('red comes first, whatever order the network wants', () => {
    const one = bank([[4, 0, -4]], { channels: 3, height: 1, width: 1 });
    expect(Array.from(filterColors(one))).toEqual([1, 0.5, 0]);
    expect(Array.from(filterColors(one, { channelOrder: 'bgr' }))).toEqual([0, 0.5, 1]);
    expect(() => filterColors(bank([sobel]))).toThrow(/three channels/);
  });
});

test('before and after: exactly 0 and 1 where nothing changed', () => {
  const before = bank([
    [3, 4, 0, 0],
    [1, 0, 0, 0],
    [0, 0, 1, 1],
  ]);
  const after = bank([
    [3, 4, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 2, 2],
  ]);
  expect(filterChanges(before, after)[0]).toEqual({ index: 0, relative: 0, cosine: 1 });
  expect(filterChanges(before, after)[1]).toEqual({ index: 1, relative: Math.sqrt(2), cosine: 0 });
  expect(filterChanges(before, after)[2]).toMatchObject({ relative: 1 });
  expect(() => filterChanges(before, bank([[1, 2, 3, 4]]))).toThrow(/3 filters of 2 × 2 × 1 and 1 filters/);
});
