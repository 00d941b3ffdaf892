import { describe, expect, it } from 'vitest';
import { differentiate } from '../compile/differentiate.js';
import { expectClose } from '../testing/expectClose.js';
import { runOp } from '../testing/runOps.js';
import { dropout } from './dropout.js';
import type { Value } from './graph.js';

/** Seed 42 + (2^32 − 1) · 2^32, step 3. */
const RANDOM = Int32Array.of(42, -1, 3);
const ONES = Array.from({ length: 10 }, () => 1);

function drop(x: Parameters<typeof runOp>[0][number], rate: number, spatial = false, random = RANDOM): number[] {
  return runOp([x, [rate], random], (value, share, state) => {
    return dropout(value, { rate: share, random: state, stream: 7, spatial });
  });
}

describe('dropout', () => {
  // Drawn by another implementation of Threefry-2x32: its first words under this key are
  // 31f63cb4 a030ecde 63b068e6 2084c25d b3371615 060e544a 4d9e741f 88055165 c9abd0d3 9bcc101c.
  it.each([
    { rate: 0, y: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] },
    { rate: 0.25, y: [0, 1, 1, 0, 1, 0, 1, 1, 1, 1] },
    { rate: 0.5, y: [0, 1, 0, 0, 1, 0, 0, 1, 1, 1] },
    { rate: 0.75, y: [0, 0, 0, 0, 0, 0, 0, 0, 1, 0] },
    { rate: 1, y: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
  ])('rate $rate keeps what is drawn and scales it by 1 / (1 − rate)', ({ rate, y }) => {
    expectClose(
      drop(ONES, rate),
      y.map((kept) => (kept === 0 ? 0 : 1 / (1 - rate))),
    );
  });

  it('spatial: one draw per image and channel, for every pixel', () => {
    const x = [
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      [
        [4, 5, 6],
        [4, 5, 6],
      ],
    ];
    expect(drop(x, 0.5, true)).toEqual([0, 4, 0, 0, 4, 0, 0, 10, 0, 0, 10, 0]);
  });

  it.each([Int32Array.of(42, -1, 4), Int32Array.of(43, -1, 3), Int32Array.of(42, 0, 3)])(
    'another step or seed draws others: %s',
    (random) => {
      const x = Array.from({ length: 64 }, () => 1);
      expect(drop(x, 0.5, false, random)).not.toEqual(drop(x, 0.5));
    },
  );

  it('drops about the share that was asked for', () => {
    const x = Array.from({ length: 20000 }, () => 1);
    const dropped = drop(x, 0.3).filter((value) => value === 0).length / x.length;
    // Five standard deviations of the share.
    expect(Math.abs(dropped - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / x.length));
  });

  it('the gradient passes where the value did', () => {
    const seed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const results = runOp([ONES, [0.5], RANDOM, seed], (x, rate, random, dy) => {
      const y = dropout(x, { rate, random, stream: 7 });
      const [dx] = differentiate(x.graph, y, [x], { seed: dy });
      return dx as Value;
    });
    expect(results).toEqual([0, 4, 0, 0, 10, 0, 0, 16, 18, 20]);
  });
});
