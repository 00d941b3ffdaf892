import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream, seedWords, streamOf, threefry2x32 } from './random.js';

describe('threefry2x32', () => {
  // The known answers that Random123 publishes for 20 rounds.
  test.each([
    { counter: [0, 0], key: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    { counter: [-1, -1], key: [-1, -1], words: [0x1cb996fc, 0xbb002be7] },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], words: [0xc4923a9c, 0x483df7a0] },
  ] as const)('counter $counter under key $key', ({ counter, key, words }) => {
    const out = new Uint32Array(2);
    threefry2x32(key[0], key[1], counter[0], counter[1], out);
    expect([...out]).toEqual(words);
  });
});

test.each([
  { purpose: '', stream: 0x811c9dc5 },
  { purpose: 'a', stream: 0xe40c292c },
  { purpose: 'foobar', stream: 0xbf9cf968 },
])('streamOf "$purpose" is its published FNV-1a hash', ({ purpose, stream }) => {
  expect(streamOf(purpose)).toBe(stream);
});

test.each([
  { seed: 0, words: [0, 0] },
  { seed: 2 ** 32 + 5, words: [5, 1] },
  { seed: Number.MAX_SAFE_INTEGER, words: [2 ** 32 - 1, 2 ** 21 - 1] },
])('seedWords $seed', ({ seed, words }) => {
  expect(seedWords(seed)).toEqual(words);
});

describe('RandomStream', () => {
  test('seed 2^32 + 5, "shuffle", step 2: the words of another implementation', () => {
    const stream = new RandomStream(2 ** 32 + 5, 'shuffle', 2);
    expect([stream.word(), stream.word(), stream.word(), stream.word()]).toEqual([
      0x876b655e, 0x985a55fa, 0x7ae306b9, 0x3fc87f6a,
    ]);
  });

  test('below n: whole, in range, every number as often', () => {
    const stream = new RandomStream(1, 'test');
    const counts = new Array<number>(7).fill(0);
    const draws = 14000;
    for (let i = 0; i < draws; i++) {
      const drawn = stream.below(7);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(draws);
    const chiSquare = counts.reduce((sum, count) => sum + (count - draws / 7) ** 2 / (draws / 7), 0);
    // The 99.99 % point for 6 degrees of freedom.
    expect(chiSquare).toBeLessThan(27.86);
  });

  test('uniform and normal: mean and variance', () => {
    const stream = new RandomStream(1, 'test');
    const draws = 20000;
    const moments = (draw: () => number): [mean: number, variance: number] => {
      const values = Array.from({ length: draws }, draw);
      const mean = values.reduce((sum, x) => sum + x, 0) / draws;
      return [mean, values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws];
    };
    const [uniformMean, uniformVariance] = moments(() => stream.uniform());
    expect(Math.abs(uniformMean - 1 / 2)).toBeLessThan(0.01);
    expect(Math.abs(uniformVariance - 1 / 12)).toBeLessThan(0.005);
    const [normalMean, normalVariance] = moments(() => stream.normal());
    expect(Math.abs(normalMean)).toBeLessThan(0.035);
    expect(Math.abs(normalVariance - 1)).toBeLessThan(0.05);
  });

  test('shuffle keeps every item', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const shuffled = new RandomStream(seed, 'test').shuffle(items.slice());
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
      }),
    );
  });
});
