import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { sharedData } from '../testing/sharedData.js';
import { relu } from './activations.js';
import { type Conv2dOptions, conv2d } from './conv2d.js';
import { maxPool } from './maxPool.js';

/** One image with one channel, or one filter from one channel to one. */
const image = (rows: number[][]) => [rows.map((row) => row.map((value) => [value]))];
const filter = (rows: number[][]) => rows.map((row) => row.map((value) => [[value]]));
const THREE_BY_THREE = image([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]);
/** Which pixel of a window is read shows in the digit. */
const DIGITS = filter([
  [1000, 100],
  [10, 1],
]);

describe('conv2d', () => {
  it.each<{ name: string; options: Conv2dOptions; shape: number[]; y: number[] }>([
    { name: 'valid, not flipped', options: {}, shape: [1, 2, 2, 1], y: [1245, 2356, 4578, 5689] },
    { name: 'stride [2, 1]', options: { strides: [2, 1] }, shape: [1, 1, 2, 1], y: [1245, 2356] },
    {
      name: 'same: the odd row and column go to the bottom and the right',
      options: { padding: 'same' },
      shape: [1, 3, 3, 1],
      y: [1245, 2356, 3060, 4578, 5689, 6090, 7800, 8900, 9000],
    },
    {
      name: 'same, stride 2',
      options: { padding: 'same', strides: 2 },
      shape: [1, 2, 2, 1],
      y: [1245, 3060, 7800, 9000],
    },
    { name: 'dilation 2', options: { dilations: 2 }, shape: [1, 1, 1, 1], y: [1379] },
    { name: 'one row above', options: { padding: [1, 0, 0, 0], strides: 2 }, shape: [1, 2, 1, 1], y: [12, 4578] },
  ])('1 … 9 by a 2 × 2 filter: $name', ({ options, shape, y }) => {
    expect(runOps([THREE_BY_THREE, DIGITS], (x, w) => [conv2d(x, w, options)])).toEqual([{ shape, values: y }]);
  });

  it('channels are summed, filters are the last axis', () => {
    const x = [[[[1, 10]]]];
    const w = [
      [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    ];
    expect(runOp([x, w], (value, filters) => conv2d(value, filters))).toEqual([41, 52, 63]);
  });

  it('two groups: filters 0 and 1 see channel 0, filters 2 and 3 channel 1', () => {
    const x = [[[[1, 10]]]];
    const w = [[[[1, 2, 3, 4]]]];
    expect(runOp([x, w], (value, filters) => conv2d(value, filters, { groups: 2 }))).toEqual([1, 2, 30, 40]);
  });

  it('gradients: dx adds up the filter, dw the input, as often as they met', () => {
    const [dx, dw] = gradientsOf([THREE_BY_THREE, DIGITS], (x, w) => conv2d(x, w));
    expect(dx).toEqual([1000, 1100, 100, 1010, 1111, 101, 10, 11, 1]);
    expect(dw).toEqual([12, 16, 24, 28]);
  });

  it.each([
    { groups: 1, message: 'the input has 1 channels, the filters expect 2' },
    { groups: 2, message: 'divisible by the number of groups' },
  ])('one channel, filters for two, groups $groups are refused', ({ groups, message }) => {
    const build = () => runOp([THREE_BY_THREE, [[[[1], [1]]]]], (x, w) => conv2d(x, w, { groups }));
    expect(build).toThrow(message);
  });

  it('a filter larger than the image is refused', () => {
    const build = () => runOp([image([[1]]), DIGITS], (x, w) => conv2d(x, w));
    expect(build).toThrow('its height of 2 is larger than 1');
  });
});

/** A spreadsheet of two convolutions with ReLU and a pooling, every cell a formula; images as [channel][y][x]. */
interface Sheet {
  readonly input: number[][];
  /** The first layer's filters [y][x]. */
  readonly f11: number[][];
  readonly f21: number[][];
  /** The second layer's filters [channel][y][x]. */
  readonly f12: number[][][];
  readonly f22: number[][][];
  readonly conv1: number[][][];
  readonly conv2: number[][][];
  readonly pool: number[][][];
}

const path = sharedData('../reference/golden/conv-example.json');

it.skipIf(!existsSync(path))('a spreadsheet that works out two convolutions and a pooling of a digit', () => {
  const sheet = JSON.parse(readFileSync(path, 'utf8')) as Sheet;
  const w1 = sheet.f11.map((row, y) => row.map((value, x) => [[value, sheet.f21[y]?.[x] as number]]));
  const w2 = sheet.f11.map((row, y) =>
    row.map((_, x) => [0, 1].map((c) => [sheet.f12, sheet.f22].map((f) => f[c]?.[y]?.[x] as number))),
  );
  const results = runOps([image(sheet.input), w1, w2], (x, a, b) => {
    const conv1 = relu(conv2d(x, a));
    const conv2 = relu(conv2d(conv1, b));
    return [conv1, conv2, maxPool(conv2, { poolSize: 2 })];
  });
  const layers = [sheet.conv1, sheet.conv2, sheet.pool];
  expect(results.map(({ shape }) => shape)).toEqual([
    [1, 26, 26, 2],
    [1, 24, 24, 2],
    [1, 12, 12, 2],
  ]);
  for (const [i, { shape, values }] of results.entries()) {
    const [h, w] = shape.slice(1) as [number, number];
    // The sheet has one column more, filled with zeros.
    const pixels = Array.from({ length: h * w }, (_, pixel) => [Math.floor(pixel / w), pixel % w] as const);
    const expected = pixels.flatMap(([y, x]) => [0, 1].map((c) => layers[i]?.[c]?.[y]?.[x] as number));
    expectClose(values, expected);
  }
});
