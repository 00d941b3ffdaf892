import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setAside } from './setAside.js';

const labelsOf = (...counts: number[]): Int32Array => Int32Array.from(counts.flatMap((n, c) => Array(n).fill(c)));

test.each<[string, number[], number[]]>([
  ['each class in its share', [20, 10], [4, 2]],
  ['a class of one photo is learned; the others are dealt out as without it', [1, 20, 10], [0, 4, 2]],
  ['one photo of each class: nothing to validate', [1, 1, 1], [0, 0, 0]],
  ['two photos of one class, one of the others', [1, 2, 1], [0, 1, 0]],
])('%s', (_, counts, held) => {
  const labels = labelsOf(...counts);
  for (let seed = 0; seed < 20; seed++) {
    const [train, valid] = setAside({ labels, share: 0.2, seed });
    expect([...train, ...valid].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    expect(counts.map((_n, c) => valid.filter((i) => labels[i] === c).length)).toEqual(held);
  }
});

test('two photos of each of many classes: some are validated, all are learned', () => {
  const labels = labelsOf(2, 2, 2, 2, 2, 2);
  for (let seed = 0; seed < 50; seed++) {
    const [train, valid] = setAside({ labels, share: 0.2, seed });
    expect(new Set(train.map((i) => labels[i] as number)).size).toBe(6);
    expect(valid.length).toBeGreaterThanOrEqual(1);
    expect(valid.length).toBeLessThanOrEqual(2);
  }
});

test('a class whose photos are all of one group is learned, whichever the seed', () => {
  const labels = labelsOf(6, 6, 2);
  const groups = Array.from(labels, (label, i) => (label === 2 ? 'last' : `g${i % 4}`));
  for (let seed = 0; seed < 50; seed++) {
    const [train, valid] = setAside({ labels, groups, share: 0.4, seed });
    expect(Array.from(train, (i) => groups[i])).toContain('last');
    expect(valid.length).toBeGreaterThan(0);
  }
});

test('every class is learned, groups and copies stay whole, and the seed decides', () => {
  const inputs = fc.record({
    photos: fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { minLength: 2, maxLength: 40 }),
    copies: fc.array(fc.uniqueArray(fc.nat(39), { minLength: 2, maxLength: 4 }), { maxLength: 4 }),
    grouped: fc.boolean(),
    share: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
    seed: fc.nat(5),
  });
  const dealt = fc.property(inputs, ({ photos, copies, grouped, share, seed }) => {
    const labels = Int32Array.from(photos, ([label]) => label);
    const units = photos.map(([, group], i) => (grouped ? `g${group}` : `photo ${i}`));
    const sets = copies.map((set) => set.filter((i) => i < labels.length));
    const options = { labels, share, seed, sets, ...(grouped ? { groups: units } : {}) };
    const joined = [...units];
    for (const set of sets) {
      const names = set.map((i) => joined[i]);
      for (const [i, name] of joined.entries()) if (names.includes(name)) joined[i] = names[0] as string;
    }
    const parted = new Set(joined).size > 1;
    if (grouped && !parted) {
      expect(() => setAside(options)).toThrow(/a group for each of the 2 parts/);
      return;
    }
    const [train, valid] = setAside(options);
    expect([...train, ...valid].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    expect(new Set(train.map((i) => labels[i] as number))).toEqual(new Set(labels));
    const learned = new Set(Array.from(train, (i) => joined[i]));
    // Where all are copies of one they are parted all the same.
    if (parted) for (const i of valid) expect(learned).not.toContain(joined[i]);
    expect(setAside(options)).toEqual([train, valid]);
  });
  fc.assert(dealt, { numRuns: 300 });
});
