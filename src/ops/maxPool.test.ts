import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import type { Value } from './graph.js';
import { maxPool } from './maxPool.js';
import { type PoolOptions, poolAttributes } from './poolWindows.js';

/** One image with one channel. */
const image = (rows: number[][]) => [rows.map((row) => row.map((value) => [value]))];
const FOUR_BY_FOUR = image([
  [1, 2, 3, 4],
  [5, 6, 7, 8],
  [9, 10, 11, 12],
  [13, 14, 15, 16],
]);
const PEAK = image([
  [0, 1, 0],
  [1, 9, 2],
  [0, 2, 0],
]);

/** Both outputs of the op: the maxima and their switches. */
function both(x: Value, options: PoolOptions): [y: Value, switches: Value] {
  const outputs = x.graph.emit('maxPool', [x], poolAttributes('maxPool', x.shape, options));
  return outputs as [Value, Value];
}

/** Their numbers. */
function pooled(x: ReturnType<typeof image>, options: PoolOptions): [y: number[], switches: number[]] {
  const results = runOps([x], (value) => both(value, options));
  return results.map(({ values }) => values) as [number[], number[]];
}

describe('maxPool', () => {
  it.each([
    { name: '2 × 2', options: { poolSize: 2 }, y: [6, 8, 14, 16], switches: [5, 7, 13, 15] },
    { name: '3 × 1', options: { poolSize: [3, 1] as const }, y: [9, 10, 11, 12], switches: [8, 9, 10, 11] },
    { name: '3 × 3, stride 1', options: { poolSize: 3, strides: 1 }, y: [11, 12, 15, 16], switches: [10, 11, 14, 15] },
    {
      name: '3 × 3, stride 3, same',
      options: { poolSize: 3, padding: 'same' as const },
      y: [6, 8, 14, 16],
      switches: [5, 7, 13, 15],
    },
    {
      name: '2 × 2, dilation 2, stride 1',
      options: { poolSize: 2, dilations: 2, strides: 1 },
      y: [11, 12, 15, 16],
      switches: [10, 11, 14, 15],
    },
  ])('1 … 16 in windows of $name', ({ options, y, switches }) => {
    expect(pooled(FOUR_BY_FOUR, options)).toEqual([y, switches]);
  });

  it('of equal values the first in scan order', () => {
    expect(
      pooled(
        image([
          [3, 3, 3, 3],
          [3, 3, 3, 3],
        ]),
        { poolSize: 2 },
      ),
    ).toEqual([
      [3, 3],
      [0, 2],
    ]);
  });

  it('padding never wins, even over −∞', () => {
    const lowest = Number.NEGATIVE_INFINITY;
    expect(pooled(image([[-5, lowest]]), { poolSize: [1, 2], strides: 1, padding: [0, 0, 1, 1] })).toEqual([
      [-5, -5, lowest],
      [0, 0, 1],
    ]);
  });

  it('the first NaN wins', () => {
    const [y, switches] = pooled(image([[7, Number.NaN, 9, Number.NaN]]), { poolSize: [1, 4] });
    expect(y).toEqual([Number.NaN]);
    expect(switches).toEqual([1]);
  });

  it('two images, two channels', () => {
    const x = [
      [
        [
          [1, 8],
          [2, 7],
        ],
      ],
      [
        [
          [3, 6],
          [4, 5],
        ],
      ],
    ];
    const options: PoolOptions = { poolSize: [1, 2] };
    expect(runOp([x], (value) => maxPool(value, options))).toEqual([2, 8, 4, 6]);
  });

  it('gradients of overlapping windows add up at the shared maximum', () => {
    const options: PoolOptions = { poolSize: 2, strides: 1 };
    const [dx] = gradientsOf(
      [PEAK],
      (x) => maxPool(x, options),
      image([
        [1, 2],
        [4, 8],
      ]),
    );
    expect(dx).toEqual([0, 0, 0, 0, 15, 0, 0, 0, 0]);
  });

  it('a window wholly in the padding is refused', () => {
    const options: PoolOptions = { poolSize: 2, padding: [2, 0, 0, 0] };
    expect(() => runOp([FOUR_BY_FOUR], (x) => maxPool(x, options))).toThrow('window 0 lies wholly in the padding');
  });

  it('a dilated window that straddles a small image is refused', () => {
    const options: PoolOptions = { poolSize: [1, 2], dilations: [1, 3], padding: [0, 0, 2, 2] };
    expect(() => runOp([image([[1]])], (x) => maxPool(x, options))).toThrow('along the width');
  });
});

describe('maxUnpool', () => {
  const unpool = (options: PoolOptions) => (x: Value) => {
    const [y, switches] = both(x, options);
    const [, h, w] = x.shape as [number, number, number];
    return x.graph.emit('maxUnpool', [y, switches], { outputSize: [h, w] })[0];
  };

  it('puts each maximum back where it was', () => {
    expect(runOp([FOUR_BY_FOUR], unpool({ poolSize: 2 }))).toEqual([0, 0, 0, 0, 0, 6, 0, 8, 0, 0, 0, 0, 0, 14, 0, 16]);
  });

  it('a maximum shared by four windows is put back once', () => {
    expect(runOp([PEAK], unpool({ poolSize: 2, strides: 1 }))).toEqual([0, 0, 0, 0, 9, 0, 0, 0, 0]);
  });

  it('of several values for one pixel the last in scan order is kept', () => {
    const y = runOp(
      [
        PEAK,
        image([
          [1, 2],
          [3, 4],
        ]),
      ],
      (x, values) => {
        const [, switches] = both(x, { poolSize: 2, strides: 1 });
        return x.graph.emit('maxUnpool', [values, switches], { outputSize: [3, 3] })[0];
      },
    );
    expect(y).toEqual([0, 0, 0, 0, 4, 0, 0, 0, 0]);
  });
});

describe('gatherSwitches', () => {
  it('reads the pixels that were the maxima of another array', () => {
    const other = image([
      [0, 1, 2, 3],
      [4, 50, 6, 70],
      [8, 9, 10, 11],
      [12, 13, 14, 15],
    ]);
    const y = runOp([FOUR_BY_FOUR, other], (x, values) => {
      const [, switches] = both(x, { poolSize: 2 });
      return x.graph.emit('gatherSwitches', [values, switches], {})[0];
    });
    expect(y).toEqual([50, 70, 13, 15]);
  });
});
