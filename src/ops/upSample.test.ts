import { describe, expect, it } from 'vitest';
import { expectClose } from '../testing/expectClose.js';
import { gradientsOf, runOp, runOps } from '../testing/runOps.js';
import type { Value } from './graph.js';
import { upSample } from './upSample.js';

/** One image with one channel. */
const image = (rows: number[][]) => [rows.map((row) => row.map((value) => [value]))];

describe('upSample', () => {
  it('nearest, size [1, 2], two channels', () => {
    const x = [
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ];
    expect(runOps([x], (v) => [upSample(v, { size: [1, 2] })])).toEqual([
      { shape: [1, 1, 4, 2], values: [1, 2, 1, 2, 3, 4, 3, 4] },
    ]);
  });

  it('nearest, size 2, gradient sums each block', () => {
    const seed = image([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect(gradientsOf([image([[1, 2]])], (v) => upSample(v, { size: 2 }), seed)).toEqual([[14, 22]]);
  });

  // The centres of 4 pixels over 2 lie at −0.25, 0.25, 0.75 and 1.25; those outside take the border.
  it('bilinear, size [1, 2]', () => {
    const build = (v: Value) => upSample(v, { size: [1, 2], interpolation: 'bilinear' });
    expect(runOp([image([[0, 4]])], build)).toEqual([0, 1, 3, 4]);
    expect(gradientsOf([image([[0, 4]])], build, image([[1, 2, 3, 4]]))).toEqual([[1 + 1.5 + 0.75, 0.5 + 2.25 + 4]]);
  });

  it('bilinear, size [2, 3] of a plane stays a plane inside', () => {
    const y = runOp(
      [
        image([
          [0, 3],
          [6, 9],
        ]),
      ],
      (v) => upSample(v, { size: [2, 3], interpolation: 'bilinear' }),
    );
    const columns = [0, 0, 1, 2, 3, 3];
    const expected = [0, 1.5, 4.5, 6].flatMap((row) => columns.map((column) => row + column));
    expectClose(y, expected);
  });

  it('refuses size 1.5', () => {
    expect(() => runOp([image([[1]])], (v) => upSample(v, { size: 1.5 }))).toThrow('size must be a whole number');
  });
});
