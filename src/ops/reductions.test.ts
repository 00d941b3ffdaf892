import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { broadcastTo, max, mean, sum, sumOfSquares } from './reductions.js';

const x = [
  [1, 5, 3],
  [4, 2, 5],
];

describe('sum, mean, max', () => {
  it.each([
    { axes: [0], keepDims: false, shape: [3], sums: [5, 7, 8], means: [2.5, 3.5, 4], maxima: [4, 5, 5] },
    { axes: [1], keepDims: true, shape: [2, 1], sums: [9, 11], means: [3, 11 / 3], maxima: [5, 5] },
    { axes: [-1, 0], keepDims: false, shape: [], sums: [20], means: [20 / 6], maxima: [5] },
    { axes: [], keepDims: false, shape: [2, 3], sums: x.flat(), means: x.flat(), maxima: x.flat() },
  ])('axes $axes, keepDims $keepDims', ({ axes, keepDims, shape, sums, means, maxima }) => {
    const options = { axes, keepDims };
    const results = runOps([x], (v) => [sum(v, options), mean(v, options), max(v, options)]);
    expect(results.map((result) => result.shape)).toEqual([shape, shape, shape]);
    expect(results.map((result) => result.values)).toEqual([sums, means, maxima]);
  });

  it('reduces all axes of [2, 1, 3] to one number', () => {
    expect(runOps([[[[1, 2, 3]], [[4, 5, 6]]]], (v) => [sum(v)])).toEqual([{ shape: [], values: [21] }]);
  });

  it('max of negative numbers and of NaN', () => {
    expect(
      runOp(
        [
          [
            [-3, -2],
            [Number.NaN, 1],
          ],
        ],
        (v) => max(v, { axes: [1] }),
      ),
    ).toEqual([-2, Number.NaN]);
  });

  it('gradients: sum repeats, mean divides, max goes to the first of equals', () => {
    expect(gradientsOf([x], (v) => sum(v, { axes: [1] }), [10, 20])).toEqual([[10, 10, 10, 20, 20, 20]]);
    expect(gradientsOf([x], (v) => mean(v, { axes: [0], keepDims: true }), [[2, 4, 6]])).toEqual([[1, 2, 3, 1, 2, 3]]);
    expect(gradientsOf([x], (v) => max(v))).toEqual([[0, 1, 0, 0, 0, 0]]);
    expect(
      gradientsOf(
        [
          [
            [2, 2],
            [1, 1],
          ],
        ],
        (v) => max(v, { axes: [1] }),
        [7, 8],
      ),
    ).toEqual([[7, 0, 8, 0]]);
  });

  it('names an axis that does not exist', () => {
    expect(() => runOp([x], (v) => sum(v, { axes: [2] }))).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: sum: the axis must lie between -2 and 1. Received axis 2 of an array with 2 axes.]`,
    );
    expect(() =>
      runOp([x], (v) => v.graph.emit('sum', [v], { axes: [1, 0], keepDims: false })[0]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: sum: the axes must be counted from the front and stand in rising order. Received axes [1, 0].]`,
    );
  });
});

describe('broadcastTo', () => {
  it('[2, 1] to [2, 2, 3]', () => {
    expect(runOp([[[1], [2]]], (v) => broadcastTo(v, [2, 2, 3]))).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
  });

  it('gradient sums the copies', () => {
    expect(gradientsOf([[[1], [2]]], (v) => broadcastTo(v, [2, 2, 3]))).toEqual([[6, 6]]);
  });

  it.each([{ shape: [2, 4] }, { shape: [3] }])('[2, 3] to $shape is refused', ({ shape }) => {
    expect(() => runOp([x], (v) => broadcastTo(v, shape))).toThrow('the input does not broadcast');
  });
});

describe('sumOfSquares', () => {
  it('[2, 2] and its gradient', () => {
    const y = [
      [1, 2],
      [3, -4],
    ];
    expect(runOps([y], (v) => [sumOfSquares(v)])).toEqual([{ shape: [1], values: [30] }]);
    expect(gradientsOf([y], sumOfSquares, [3])).toEqual([[6, 12, 18, -24]]);
  });
});
