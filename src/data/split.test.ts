import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { arrayDataset } from './arrayDataset.js';
import type { Dataset } from './dataset.js';
import { shuffledIndices } from './shuffle.js';
import { type SplitOptions, split } from './split.js';

/** A data set whose only input is the example's own number. */
function numbered(labels: ArrayLike<number>): Dataset {
  const n = labels.length;
  const x = new Tensor<'float32'>(
    Float32Array.from({ length: n }, (_, i) => i),
    [n, 1],
  );
  return arrayDataset(x, new Tensor<'int32'>(Int32Array.from(labels), [n]));
}

async function members(part: Dataset): Promise<number[]> {
  return [...(await part.batch(Uint32Array.from({ length: part.size }, (_, i) => i))).x.data];
}

function classCounts(part: Dataset): number[] {
  const counts: number[] = [];
  for (const label of part.labels ?? []) counts[label] = (counts[label] ?? 0) + 1;
  return [...counts].map((count) => count ?? 0);
}

const labelsOf = (...counts: number[]) => counts.flatMap((count, label) => Array<number>(count).fill(label));

test.each<[string, number, Partial<SplitOptions>, number[]]>([
  ['sizes', 10, { sizes: [7, 2] }, [7, 2]],
  ['fractions', 10, { fractions: [0.8, 0.2] }, [8, 2]],
  ['largest remainder', 10, { fractions: [1 / 3, 1 / 3, 1 / 3] }, [4, 3, 3]],
  ['largest remainder, later part', 7, { fractions: [0.6, 0.4] }, [4, 3]],
  ['fractions that binary numbers miss', 10, { fractions: [0.7, 0.2, 0.1] }, [7, 2, 1]],
  ['a part of the whole', 1000, { fractions: [0.1] }, [100]],
])('%s', async (_, n, options, expected) => {
  const parts = split(numbered(Array(n).fill(0)), { seed: 1, ...options });
  expect(parts.map(({ size }) => size)).toEqual(expected);
  const all = (await Promise.all(parts.map(members))).flat();
  expect(new Set(all).size).toBe(all.length);
});

test('the same seed gives the same parts, another seed others', async () => {
  const dataset = numbered(labelsOf(40, 60));
  for (const stratified of [false, true]) {
    const draw = async (seed: number) => members(split(dataset, { sizes: [50], seed, stratified })[0] as Dataset);
    expect(await draw(3)).toEqual(await draw(3));
    expect(await draw(4)).not.toEqual(await draw(3));
  }
});

describe('stratified', () => {
  test.each<[string, number[], SplitOptions, number[][]]>([
    [
      'exact shares',
      [50, 30, 20],
      { sizes: [80, 20], seed: 0 },
      [
        [40, 24, 16],
        [10, 6, 4],
      ],
    ],
    [
      'the lecture: 55,000 and 5,000 in small',
      [600, 600],
      { sizes: [1100, 100], seed: 0 },
      [
        [550, 550],
        [50, 50],
      ],
    ],
    [
      'a rare class is in every part',
      [97, 3],
      { sizes: [90, 5, 5], seed: 0 },
      [
        [89, 1],
        [4, 1],
        [4, 1],
      ],
    ],
    [
      'two of a class, two parts',
      [98, 2],
      { fractions: [0.9, 0.1], seed: 0 },
      [
        [89, 1],
        [9, 1],
      ],
    ],
  ])('%s', (_, counts, options, expected) => {
    const parts = split(numbered(labelsOf(...counts)), { ...options, stratified: true });
    expect(parts.map(classCounts)).toEqual(expected);
  });

  test('sizes are exact, every class near its share and never missing, nothing twice', async () => {
    const cases = fc.record({
      counts: fc.array(fc.integer({ min: 6, max: 60 }), { minLength: 1, maxLength: 5 }),
      cuts: fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ counts, cuts, seed }) => {
        const total = counts.reduce((sum, n) => sum + n, 0);
        const whole = cuts.reduce((sum, cut) => sum + cut, 0);
        const sizes = cuts.map((cut) => Math.max(counts.length, Math.floor((cut / whole) * total * 0.9)));
        fc.pre(sizes.reduce((sum, n) => sum + n, 0) <= total);
        const parts = split(numbered(labelsOf(...counts)), { sizes, seed, stratified: true });
        expect(parts.map(({ size }) => size)).toEqual(sizes);
        for (const [p, part] of parts.entries()) {
          for (const [label, count] of classCounts(part).entries()) {
            const share = ((counts[label] as number) * (sizes[p] as number)) / total;
            expect(count).toBeGreaterThanOrEqual(1);
            expect(Math.abs(count - share)).toBeLessThan(3);
          }
        }
        const all = (await Promise.all(parts.map(members))).flat();
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });
});

test.each<[string, SplitOptions, RegExp]>([
  ['more than there are', { sizes: [8, 4], seed: 0 }, /at most the 10 .*parts of 8, 4/],
  ['an empty part', { sizes: [5, 0], seed: 0 }, /at least one example.*parts of 5, 0/],
  ['a fraction too small', { fractions: [0.9, 0.01], seed: 0 }, /parts of 9, 0/],
  ['fractions above 1', { fractions: [0.9, 0.2], seed: 0 }, /together at most 1\. Received 0\.9, 0\.2/],
  ['a negative fraction', { fractions: [0.9, -0.1], seed: 0 }, /greater than 0/],
  ['a fraction that is no number', { fractions: [Number.NaN], seed: 0 }, /greater than 0/],
  ['half an example', { sizes: [2.5], seed: 0 }, /parts of 2\.5/],
  ['no parts', { sizes: [], seed: 0 }, /parts of nothing/],
  ['neither', { seed: 0 }, /Received neither/],
  ['both', { sizes: [1], fractions: [0.1], seed: 0 }, /Received both/],
  [
    'a class with one example',
    { sizes: [5, 5], seed: 0, stratified: true },
    /each of the 2 parts\. Received 1 of class 1/,
  ],
  [
    'a part smaller than the classes',
    { sizes: [1], seed: 0, stratified: true },
    /each of the 2 classes\. Received a part of 1/,
  ],
])('impossible: %s', (_, options, message) => {
  expect(() => split(numbered(labelsOf(9, 1)), options)).toThrow(message);
  expect(() => split(numbered(labelsOf(9, 1)), options)).toThrow(FoveaError);
});

test('stratified without labels', () => {
  const x = new Tensor<'float32'>(new Float32Array(4), [4, 1]);
  expect(() => split(arrayDataset(x, x), { sizes: [2], seed: 0, stratified: true })).toThrow(/without labels/);
});

describe('shuffledIndices', () => {
  test('every index once, another order each epoch, the same one again', () => {
    const order = shuffledIndices(1000, 7, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(shuffledIndices(1000, 7, 0)).toEqual(order);
    expect(shuffledIndices(1000, 7, 1)).not.toEqual(order);
    expect(shuffledIndices(1000, 8, 0)).not.toEqual(order);
  });
});
