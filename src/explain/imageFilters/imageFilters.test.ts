import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BORDERS, type Border, filterImage, filterTerms, type ImageValues } from './filterImage.js';
import { kernelOf, parseKernel, rotateKernel } from './kernel.js';
import { kernelPresets, lectureKernels, playgroundKernels } from './presets.js';
import { responseFacts } from './responseFacts.js';

const image = (rows: number[][]): ImageValues => ({
  values: Float32Array.from(rows.flat()),
  height: rows.length,
  width: rows[0]?.length ?? 0,
  channels: 1,
});
const rowsOf = ({ values, height, width }: ImageValues) =>
  Array.from({ length: height }, (_, y) => Array.from(values.subarray(y * width, (y + 1) * width)));

/** [[0 … 19]] as 4 × 5. */
const counting = image(Array.from({ length: 4 }, (_, y) => Array.from({ length: 5 }, (_unused, x) => y * 5 + x)));
const uneven = kernelOf([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 10],
]);

describe('filterImage', () => {
  /** scipy.ndimage.correlate of the two above, computed with SciPy 1.17.1: modes constant, reflect, nearest, wrap. */
  const scipy: Record<Exclude<Border, 'valid'>, number[][]> = {
    zero: [
      [106, 170, 210, 250, 160],
      [254, 378, 424, 470, 291],
      [424, 608, 654, 700, 426],
      [224, 310, 331, 352, 208],
    ],
    reflect: [
      [144, 178, 224, 270, 297],
      [344, 378, 424, 470, 497],
      [574, 608, 654, 700, 727],
      [679, 713, 759, 805, 832],
    ],
    nearest: [
      [144, 178, 224, 270, 297],
      [344, 378, 424, 470, 497],
      [574, 608, 654, 700, 727],
      [679, 713, 759, 805, 832],
    ],
    wrap: [
      [282, 268, 314, 360, 311],
      [392, 378, 424, 470, 421],
      [622, 608, 654, 700, 651],
      [352, 338, 384, 430, 381],
    ],
  };

  test.each(Object.entries(scipy))('%s is what SciPy computes', (border, expected) => {
    expect(rowsOf(filterImage(counting, uneven, { border: border as Border }))).toEqual(expected);
  });

  test('valid is the inside of it, and strides take every so many places', () => {
    const inside = scipy.zero.slice(1, -1).map((row) => row.slice(1, -1));
    expect(rowsOf(filterImage(counting, uneven, { border: 'valid' }))).toEqual(inside);
    const every = scipy.reflect.filter((_, y) => y % 2 === 0).map((row) => row.filter((_, x) => x % 3 === 0));
    expect(rowsOf(filterImage(counting, uneven, { border: 'reflect', strides: [2, 3] }))).toEqual(every);
    expect(rowsOf(filterImage(counting, uneven, { border: 'valid', strides: 2 }))).toEqual([
      [inside[0]?.[0], inside[0]?.[2]],
    ]);
  });

  test('the middle of an even kernel lies where SciPy has it, turned or not', () => {
    const even = kernelOf([
      [1, 2],
      [3, 4],
    ]);
    expect(rowsOf(filterImage(counting, even, { border: 'nearest' }))).toEqual([
      [0, 6, 16, 26, 36],
      [35, 41, 51, 61, 71],
      [85, 91, 101, 111, 121],
      [135, 141, 151, 161, 171],
    ]);
    expect(rowsOf(filterImage(counting, even, { border: 'nearest', mode: 'convolve' }))).toEqual([
      [19, 29, 39, 49, 55],
      [69, 79, 89, 99, 105],
      [119, 129, 139, 149, 155],
      [154, 164, 174, 184, 190],
    ]);
  });

  test('convolving with a kernel turned by half a circle is correlating with it, at every border', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BORDERS),
        fc.constantFrom(1, 3, 5),
        fc.constantFrom(1, 3),
        fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
        (border, kh, kw, numbers) => {
          const take = (n: number) => Array.from({ length: n }, () => numbers.next().value as number);
          const picture = { values: Float32Array.from(take(6 * 7 * 3)), height: 6, width: 7, channels: 3 };
          const kernel = { values: take(kh * kw), height: kh, width: kw };
          const turned = rotateKernel(kernel, 2);
          const correlated = filterImage(picture, kernel, { border });
          expect(filterImage(picture, turned, { border, mode: 'convolve' })).toEqual(correlated);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('all channels are filtered, not the red one alone', () => {
    const values = new Float32Array(5 * 5 * 3);
    values[(2 * 5 + 2) * 3 + 1] = 1;
    const { values: result } = filterImage({ values, height: 5, width: 5, channels: 3 }, uneven);
    const sums = [0, 1, 2].map((c) => result.reduce((sum, value, i) => sum + (i % 3 === c ? value : 0), 0));
    expect(sums).toEqual([0, 46, 0]);
  });

  test('a kernel with channels adds their products up, as a layer does', () => {
    const picture = { values: Float32Array.from([1, 2, 3, 4, 5, 6]), height: 1, width: 2, channels: 3 };
    const kernel = { values: [1, 10, 100], height: 1, width: 1, channels: 3 };
    expect(Array.from(filterImage(picture, kernel).values)).toEqual([321, 654]);
  });

  test('the terms of a place add up to its value', () => {
    for (const border of BORDERS) {
      const result = filterImage(counting, uneven, { border, strides: 2 });
      for (let y = 0; y < result.height; y++) {
        for (let x = 0; x < result.width; x++) {
          const terms = filterTerms(counting, uneven, { x, y }, { border, strides: 2 });
          expect(terms).toHaveLength(9);
          expect(terms.reduce((sum, { product }) => sum + product, 0)).toBe(result.values[y * result.width + x]);
        }
      }
    }
  });

  test.each([
    [() => filterImage(counting, kernelOf([[1, 1, 1, 1, 1, 1]]), { border: 'valid' }), 'must lie within the picture'],
    [() => filterImage(counting, { ...uneven, channels: 3 }), 'as many as the picture'],
    [() => filterImage(counting, uneven, { strides: 0 }), 'whole numbers from 1'],
    [() => filterImage({ ...counting, height: 5 }, uneven), 'has 25 values'],
    [() => parseKernel('1 2; 3'), 'all with as many numbers'],
    [() => parseKernel('1 x'), 'made of numbers'],
    [() => parseKernel('1/0'), 'made of numbers'],
    [() => parseKernel(' ; '), 'rows of nothing'],
  ])('%s', (mistake, message) => expect(mistake).toThrow(message));
});

describe('presets', () => {
  test('the eight of the lecture are two and their quarter turns', () => {
    expect(lectureKernels.map(({ kernel }) => kernel.values)).toEqual([
      [-1, -1, -1, 1, 1, 1, 0, 0, 0],
      [-1, 1, 0, -1, 1, 0, -1, 1, 0],
      [0, 0, 0, 1, 1, 1, -1, -1, -1],
      [0, 1, -1, 0, 1, -1, 0, 1, -1],
      [0, 0, 1, 0, 1, -1.5, 1, -1.5, 0],
      [1, -1.5, 0, 0, 1, -1.5, 0, 0, 1],
      [0, -1.5, 1, -1.5, 1, 0, 1, 0, 0],
      [1, 0, 0, -1.5, 1, 0, 0, -1.5, 1],
    ]);
  });

  test('the top edge of a bright square answers with 3, its lower edge with −3', () => {
    const square = image(
      Array.from({ length: 9 }, (_, y) => Array.from({ length: 9 }, (_u, x) => +(y > 2 && y < 6 && x > 2 && x < 6))),
    );
    const [top] = lectureKernels;
    const facts = responseFacts(filterImage(square, top?.kernel ?? uneven));
    expect([facts.max, facts.min]).toEqual([3, -3]);
    expect(facts.strongest).toEqual({ x: 4, y: 3, value: 3 });
    expect(facts.positive + facts.negative + facts.zero).toBeCloseTo(1);
  });

  test('nine for the playground, every name once', () => {
    expect(playgroundKernels).toHaveLength(9);
    expect(new Set(kernelPresets.map(({ name }) => name)).size).toBe(17);
    expect(playgroundKernels.find(({ name }) => name === 'blur')?.kernel.values.reduce((a, b) => a + b)).toBe(1);
  });
});
