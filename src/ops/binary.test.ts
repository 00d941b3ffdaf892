import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { add, divide, greaterEqual, maximum, minimum, multiply, power, squaredDifference, subtract } from './binary.js';

const a = [
  [1, 2],
  [3, 4],
];
const b = [2, 4];

describe('binary ops on [2, 2] and [2]', () => {
  it.each([
    { op: add, y: [3, 6, 5, 8], da: [1, 1, 1, 1], db: [2, 2] },
    { op: subtract, y: [-1, -2, 1, 0], da: [1, 1, 1, 1], db: [-2, -2] },
    { op: multiply, y: [2, 8, 6, 16], da: [2, 4, 2, 4], db: [4, 6] },
    { op: divide, y: [0.5, 0.5, 1.5, 1], da: [0.5, 0.25, 0.5, 0.25], db: [-1, -6 / 16] },
    { op: maximum, y: [2, 4, 3, 4], da: [0, 0, 1, 1], db: [1, 1] },
    { op: minimum, y: [1, 2, 2, 4], da: [1, 1, 0, 1], db: [1, 0] },
    { op: squaredDifference, y: [1, 4, 1, 0], da: [-2, -4, 2, 0], db: [0, 4] },
    { op: power, y: [1, 16, 9, 256], da: [2, 32, 6, 256], db: [9 * Math.log(3), 16 * Math.log(2) + 256 * Math.log(4)] },
  ])('$op.name', ({ op, y, da, db }) => {
    expect(runOps([a, b], (v, w) => [op(v, w)])).toEqual([{ shape: [2, 2], values: y }]);
    const gradients = gradientsOf([a, b], op);
    expect(gradients[0]).toEqual(da);
    expectClose(gradients[1], db);
  });

  it('greaterEqual', () => {
    expect(runOp([a, b], (v, w) => greaterEqual(v, w))).toEqual([0, 0, 1, 1]);
  });
});

describe('broadcasting', () => {
  it('[2, 1] and [1, 3], and the gradients', () => {
    const inputs = [[[1], [2]], [[10, 20, 30]]];
    expect(runOps(inputs, (v, w) => [multiply(v, w)])).toEqual([{ shape: [2, 3], values: [10, 20, 30, 20, 40, 60] }]);
    expect(gradientsOf(inputs, (v, w) => multiply(v, w))).toEqual([
      [60, 60],
      [3, 3, 3],
    ]);
  });

  it('[] and [2]', () => {
    expect(gradientsOf([3, b], (v, w) => multiply(v, w))).toEqual([[6], [3, 3]]);
  });

  it('[2, 2] and [3] is refused', () => {
    expect(() => runOp([a, [1, 2, 3]], (v, w) => add(v, w))).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: add: the two inputs do not broadcast: sizes must be equal or 1, counted from the last axis. Received [2, 2] and [3].]`,
    );
  });
});
