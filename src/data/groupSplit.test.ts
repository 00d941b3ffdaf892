import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../tensor/random.js';
import { splitIndices } from './split.js';

const splitBy = (groups: readonly (string | number)[], labels: Int32Array, fractions: number[], seed = 0) =>
  splitIndices({ size: groups.length, labels }, { fractions, seed, stratified: true, groups });

describe('no group is on both sides', () => {
  test('and every example is in one part, whatever the groups', () => {
    const example = fc.tuple(fc.nat(8), fc.nat(3));
    fc.assert(
      fc.property(fc.array(example, { minLength: 6, maxLength: 60 }), fc.nat(), (examples, seed) => {
        const groups = examples.map(([group]) => group);
        fc.pre(new Set(groups).size >= 3);
        const labels = Int32Array.from(examples, ([, label]) => label);
        const parts = splitBy(groups, labels, [0.5, 0.3, 0.2], seed);
        expect(parts.every(({ length }) => length > 0)).toBe(true);
        expect(parts.flatMap((part) => [...part]).sort((a, b) => a - b)).toEqual(examples.map((_, i) => i));
        const sides = parts.map((part) => new Set(Array.from(part, (i) => groups[i])));
        const all = sides.flatMap((side) => [...side]);
        expect(all.length).toBe(new Set(all).size);
        expect(splitBy(groups, labels, [0.5, 0.3, 0.2], seed)).toEqual(parts);
      }),
      { numRuns: 60 },
    );
  });
});

test('26 drivers with ten classes, as in State Farm: a fifth, in every class', () => {
  const random = new RandomStream(1, 'drivers');
  const groups: string[] = [];
  const classes: number[] = [];
  for (let driver = 0; driver < 26; driver++) {
    for (let c = 0; c < 10; c++) {
      for (let n = 20 + random.below(80); n > 0; n--) {
        groups.push(`p${driver}`);
        classes.push(c);
      }
    }
  }
  const labels = Int32Array.from(classes);
  const held = [0, 1, 2, 3].map((seed) => splitBy(groups, labels, [0.8, 0.2], seed)[1] as Uint32Array);
  for (const part of held) {
    expect(Math.abs(part.length / groups.length - 0.2)).toBeLessThan(0.01);
    for (let c = 0; c < 10; c++) {
      const share = part.filter((i) => labels[i] === c).length / classes.filter((one) => one === c).length;
      expect(Math.abs(share - 0.2)).toBeLessThan(0.04);
    }
  }
  // The seed decides who is set aside.
  expect(new Set(held.map((part) => String(part))).size).toBeGreaterThan(1);
});

test('the best that is possible, by trying everything', () => {
  const random = new RandomStream(2, 'groups');
  for (let round = 0; round < 10; round++) {
    const groups: number[] = [];
    const classes: number[] = [];
    for (let group = 0; group < 9; group++) {
      for (let n = 1 + random.below(9); n > 0; n--) {
        groups.push(group);
        classes.push(random.below(3));
      }
    }
    const labels = Int32Array.from(classes);
    const cost = (held: (group: number) => boolean): number => {
      let sum = 0;
      for (const [side, share] of [
        [false, 0.7],
        [true, 0.3],
      ] as const) {
        const mine = groups.flatMap((group, i) => (held(group) === side ? [classes[i] as number] : []));
        const sizes = roundShares(groups.length);
        const exact = (side ? sizes[1] : sizes[0]) / groups.length;
        expect(Math.abs(exact - share)).toBeLessThan(0.1);
        sum += (mine.length - groups.length * exact) ** 2 / (groups.length * exact);
        for (let c = 0; c < 3; c++) {
          const expected = classes.filter((one) => one === c).length * exact;
          sum += (mine.filter((one) => one === c).length - expected) ** 2 / expected;
        }
      }
      return sum;
    };
    let least = Number.POSITIVE_INFINITY;
    for (let mask = 1; mask < 2 ** 9 - 1; mask++)
      least = Math.min(
        least,
        cost((group) => ((mask >> group) & 1) === 1),
      );
    const [, held] = splitBy(groups, labels, [0.7, 0.3], round) as [Uint32Array, Uint32Array];
    const side = new Set(Array.from(held, (i) => groups[i] as number));
    expect(cost((group) => side.has(group))).toBeLessThan(least + 0.15);
  }
});

/** 70 % and 30 %, by the largest remainder. */
function roundShares(size: number): [number, number] {
  const [a, b] = [0.7 * size, 0.3 * size];
  const up = a - Math.floor(a) >= b - Math.floor(b) ? [Math.ceil(a), Math.floor(b)] : [Math.floor(a), Math.ceil(b)];
  return [up[0] as number, size - (up[0] as number)];
}

test('groups of one photo are split evenly', () => {
  const labels = Int32Array.from({ length: 1000 }, (_, i) => i % 4);
  const [, held] = splitBy(
    Array.from(labels, (_, i) => i),
    labels,
    [0.8, 0.2],
  ) as [Uint32Array, Uint32Array];
  expect([0, 1, 2, 3].map((c) => held.filter((i) => labels[i] === c).length)).toEqual([50, 50, 50, 50]);
});

test('what is not possible is refused', () => {
  const labels = new Int32Array(4);
  expect(() => splitBy(['a', 'a', 'a', 'a'], labels, [0.5, 0.5])).toThrow(/a group for each of the 2 parts.*1 in all/);
  expect(() => splitBy(['a', 'b'], labels.subarray(0, 3), [0.5, 0.5])).not.toThrow();
  expect(() => splitIndices({ size: 4, labels }, { fractions: [1], seed: 0, groups: ['a'] })).toThrow(/1 groups/);
  expect(() => splitIndices({ size: 2 }, { sizes: [1, 1], seed: 0, groups: [1, 2], stratified: true })).toThrow(
    /needs a class/,
  );
  const parts = splitIndices({ size: 4 }, { sizes: [1, 1], seed: 0, groups: [1, 2, 3, 4] });
  expect(parts.map(({ length }) => length)).toEqual([1, 1]);
});
