import { describe, expect, it } from 'vitest';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import { pad } from './pad.js';

describe('pad', () => {
  it.each([
    { mode: 'constant', y: [9, 9, 1, 2, 3, 4, 9, 9, 9], dx: [4, 8, 16, 32] },
    { mode: 'edge', y: [1, 1, 1, 2, 3, 4, 4, 4, 4], dx: [1 + 2 + 4, 8, 16, 32 + 64 + 128 + 256] },
    { mode: 'reflect', y: [3, 2, 1, 2, 3, 4, 3, 2, 1], dx: [4 + 256, 2 + 8 + 128, 1 + 16 + 64, 32] },
  ] as const)('1234 by 2 and 3, $mode', ({ mode, y, dx }) => {
    const options = { before: [2], after: [3], mode, value: 9 };
    expect(runOp([[1, 2, 3, 4]], (x) => pad(x, options))).toEqual(y);
    const seed = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    expect(gradientsOf([[1, 2, 3, 4]], (x) => pad(x, options), seed)).toEqual([dx]);
  });

  it('[2, 2] by [0, 1] before and [1, 0] after', () => {
    const x = [
      [1, 2],
      [3, 4],
    ];
    expect(runOps([x], (v) => [pad(v, { before: [0, 1], after: [1, 0] })])).toEqual([
      { shape: [3, 3], values: [0, 1, 2, 0, 3, 4, 0, 0, 0] },
    ]);
    expect(runOp([x], (v) => pad(v, { before: [0, 1], after: [1, 0], mode: 'reflect' }))).toEqual([
      2, 1, 2, 4, 3, 4, 2, 1, 2,
    ]);
  });

  it.each([
    { before: [2], after: [0], mode: 'reflect', message: 'smaller than the size' },
    { before: [-1], after: [0], mode: 'constant', message: 'at least 0' },
    { before: [1, 1], after: [0, 0], mode: 'edge', message: 'each of the 1 axes' },
  ] as const)('[2] by $before and $after, $mode, is refused', ({ message, ...options }) => {
    expect(() => runOp([[1, 2]], (x) => pad(x, options))).toThrow(message);
  });
});
