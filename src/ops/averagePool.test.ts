import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp } from '../testing/runOps.js';
import { type AveragePoolOptions, averagePool } from './averagePool.js';

const image = (rows: number[][]) => [rows.map((row) => row.map((value) => [value]))];
const THREE_BY_THREE = image([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]);

describe('averagePool', () => {
  it.each<{ name: string; options: AveragePoolOptions; y: number[] }>([
    { name: '3 × 3', options: { poolSize: 3 }, y: [5] },
    { name: '2 × 2, stride 1', options: { poolSize: 2, strides: 1 }, y: [3, 4, 6, 7] },
    { name: '2 × 2, same', options: { poolSize: 2, padding: 'same' }, y: [3, 4.5, 7.5, 9] },
    {
      name: '2 × 2, same, padding counted',
      options: { poolSize: 2, padding: 'same', countIncludePadding: true },
      y: [3, 2.25, 3.75, 2.25],
    },
    { name: '2 × 2, dilation 2', options: { poolSize: 2, dilations: 2 }, y: [5] },
    { name: '1 × 2', options: { poolSize: [1, 2] }, y: [1.5, 4.5, 7.5] },
  ])('1 … 9 in windows of $name', ({ options, y }) => {
    expect(runOp([THREE_BY_THREE], (x) => averagePool(x, options))).toEqual(y);
  });

  it('each channel by itself', () => {
    const x = [
      [
        [
          [1, 10],
          [3, 30],
        ],
      ],
    ];
    expect(runOp([x], (value) => averagePool(value, { poolSize: [1, 2] }))).toEqual([2, 20]);
  });

  it('a gradient is spread over the pixels that were counted', () => {
    const options: AveragePoolOptions = { poolSize: 2, padding: 'same' };
    const [dx] = gradientsOf(
      [THREE_BY_THREE],
      (x) => averagePool(x, options),
      image([
        [4, 2],
        [2, 1],
      ]),
    );
    expect(dx).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('overlapping windows add up', () => {
    const options: AveragePoolOptions = { poolSize: 2, strides: 1 };
    const [dx] = gradientsOf(
      [THREE_BY_THREE],
      (x) => averagePool(x, options),
      image([
        [4, 4],
        [4, 4],
      ]),
    );
    expect(dx).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
  });

  it('a window wholly in the padding is refused', () => {
    const options: AveragePoolOptions = { poolSize: 2, strides: 1, padding: [0, 2, 0, 0] };
    expect(() => runOp([image([[1, 2]])], (x) => averagePool(x, options))).toThrow('wholly in the padding');
  });
});
