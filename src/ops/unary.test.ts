import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp } from '../testing/runOps.js';
import type { Value } from './graph.js';
import { abs, clip, exp, log, negate, scale, sign, sqrt, square } from './unary.js';

describe('unary ops', () => {
  it.each([
    { name: 'negate', op: negate, x: [1, -2], y: [-1, 2], dx: [-1, -1] },
    { name: 'exp', op: exp, x: [0, 1], y: [1, Math.E], dx: [1, Math.E] },
    { name: 'log', op: log, x: [1, 4], y: [0, 2 * Math.LN2], dx: [1, 0.25] },
    { name: 'sqrt', op: sqrt, x: [4, 9], y: [2, 3], dx: [0.25, 1 / 6] },
    { name: 'square', op: square, x: [3, -4], y: [9, 16], dx: [6, -8] },
    { name: 'abs', op: abs, x: [3, 0, -4], y: [3, 0, 4], dx: [1, 0, -1] },
    { name: 'scale by 3, offset 1', op: (x: Value) => scale(x, 3, 1), x: [2, -1], y: [7, -2], dx: [3, 3] },
    {
      name: 'clip to [0, 1]',
      op: (x: Value) => clip(x, 0, 1),
      x: [-1, 0, 0.5, 1, 2],
      y: [0, 0, 0.5, 1, 1],
      dx: [0, 1, 1, 1, 0],
    },
  ])('$name', ({ op, x, y, dx }) => {
    expect(runOp([x], op)).toEqual(y);
    expect(gradientsOf([x], op)).toEqual([dx]);
  });

  it('sign has no gradient', () => {
    expect(runOp([[-2, 0, 3]], sign)).toEqual([-1, 0, 1]);
    expect(() => gradientsOf([[1]], sign)).toThrow('this op has no gradient');
  });

  it('clip with min above max is refused', () => {
    expect(() => runOp([[1]], (x) => clip(x, 1, 0))).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: clip: min must not be above max. Received min 1, max 0.]`,
    );
  });
});
