import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { logSoftmax, softmax } from './softmax.js';

const { log } = Math;

describe('softmax', () => {
  it.each([
    { x: [0, log(2), log(5)], y: [1 / 8, 2 / 8, 5 / 8] },
    { x: [1000, 1000 + log(3)], y: [1 / 4, 3 / 4] },
    { x: [-2000, 0], y: [0, 1] },
    { x: [7], y: [1] },
  ])('$x', ({ x, y }) => {
    expectClose(runOp([x], softmax), y);
  });

  it('each row of [2, 1, 2] by itself', () => {
    const [result] = runOps([[[[0, 0]], [[0, log(3)]]]], (x) => [softmax(x)]);
    expect(result?.shape).toEqual([2, 1, 2]);
    expectClose(result?.values, [1 / 2, 1 / 2, 1 / 4, 3 / 4]);
  });

  it('gradient of the first of two shares, 1/4 and 3/4', () => {
    expectClose(gradientsOf([[0, log(3)]], softmax, [1, 0])[0], [3 / 16, -3 / 16]);
  });

  it('the same when a number is added to all; shares sum to 1', () => {
    const numbers = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(numbers, fc.double({ min: -500, max: 500, noNaN: true }), (x, shift) => {
        const y = runOp([x], softmax);
        expectClose([y.reduce((sum, share) => sum + share, 0)], [1]);
        expectClose(runOp([x.map((value) => value + shift)], softmax), y, 10);
      }),
    );
  });
});

describe('logSoftmax', () => {
  it.each([
    { x: [0, 1000], y: [-1000, 0] },
    { x: [0, log(3)], y: [-log(4), log(3 / 4)] },
  ])('$x', ({ x, y }) => {
    expectClose(runOp([x], logSoftmax), y);
  });

  it('gradient of the first of two, whose shares are 1/4 and 3/4', () => {
    expectClose(gradientsOf([[0, log(3)]], logSoftmax, [1, 0])[0], [3 / 4, -3 / 4]);
  });
});
