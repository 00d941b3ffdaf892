import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp } from '../testing/runOps.js';
import { bias } from './bias.js';

const x = [
  [
    [1, 2],
    [3, 4],
  ],
  [
    [5, 6],
    [7, 8],
  ],
];

describe('bias', () => {
  it('[2, 2, 2] + [2], and its gradients', () => {
    expect(runOp([x, [10, 20]], bias)).toEqual([11, 22, 13, 24, 15, 26, 17, 28]);
    expect(gradientsOf([x, [10, 20]], bias, x)).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [16, 20],
    ]);
  });

  it('[2, 2, 2] + [3] is refused', () => {
    expect(() => runOp([x, [1, 2, 3]], bias)).toThrowErrorMatchingInlineSnapshot(
      `[FoveaError: bias: the bias must have the shape [2]. Received bias [3].]`,
    );
  });
});
