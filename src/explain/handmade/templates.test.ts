import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readMnist } from '../../data/node/mnist.js';
import { sharedData } from '../../testing/sharedData.js';
import { filterImage } from '../imageFilters/filterImage.js';
import { lectureKernels } from '../imageFilters/presets.js';
import { handmadeFeatures, maxPoolImage, Templates } from './templates.js';

const folder = sharedData('mnist');

/**
 * The lesson's experiment on its 55,000 pictures (the first 5,000 held out), with its figures: 8s 5223 right and 166 wrong of
 * 5389, 1s 5892 and 287 of 6179, and the distances of the first 8 as it printed them.
 */
test.skipIf(!existsSync(folder))('templates tell 8s from 1s as the lesson recorded', { timeout: 60_000 }, async () => {
  const { train } = await readMnist(folder, 'mnist');
  const features = async (digit: number) => {
    const indices = Uint32Array.from(train.labels ?? [], (label, i) => (label === digit && i >= 5000 ? i : 0)).filter(
      Boolean,
    );
    const { x } = await train.batch(indices);
    return Array.from(indices, (_, i) => {
      const values = x.data.subarray(i * 784, (i + 1) * 784);
      return handmadeFeatures({ values, height: 28, width: 28, channels: 1 });
    });
  };
  const [eights, ones] = [await features(8), await features(1)];
  expect([eights.length, ones.length]).toEqual([5389, 6179]);
  // 8 comes last: where both are equally far, the lesson says 8 to neither side; there is no such picture.
  const templates = new Templates([ones, eights]);
  const right = (list: readonly Float32Array[], place: number) =>
    list.filter((one) => templates.classify(one) === place).length;
  expect([right(eights, 1), right(ones, 0)]).toEqual([5223, 5892]);
  const [toOne, toEight] = templates.distances(eights[0] as Float32Array);
  expect(toEight).toBeCloseTo(126.77776, 3);
  expect(toOne).toBeCloseTo(181.26105, 3);
  const bySizes = (list: readonly Float32Array[], place: number) =>
    list.filter((one) => templates.classify(one, 'sizes') === place).length;
  // By absolute differences, computed with NumPy and SciPy on the same pictures.
  expect([bySizes(eights, 1), bySizes(ones, 0)]).toEqual([5129, 5925]);
});

test('max-pooling 7 × 7 turns 28 × 28 into 4 × 4, each the greatest of its window', () => {
  const values = Float32Array.from({ length: 784 }, (_, i) => i);
  const pooled = maxPoolImage({ values, height: 28, width: 28, channels: 1 }, 7);
  expect([pooled.height, pooled.width]).toEqual([4, 4]);
  expect(Array.from(pooled.values)).toEqual(
    Array.from({ length: 16 }, (_, i) => (Math.floor(i / 4) * 7 + 6) * 28 + (i % 4) * 7 + 6),
  );
});

test('a picture that moves moves its answers', () => {
  const square = (dy: number, dx: number) => {
    const values = new Float32Array(400);
    for (let y = 0; y < 5; y++) for (let x = 0; x < 4; x++) values[(y + 6 + dy) * 20 + x + 5 + dx] = 1;
    return { values, height: 20, width: 20, channels: 1 };
  };
  for (const { kernel } of lectureKernels) {
    const [still, moved] = [filterImage(square(0, 0), kernel), filterImage(square(3, 2), kernel)];
    for (let y = 1; y < 16; y++) {
      for (let x = 1; x < 16; x++) expect(moved.values[(y + 3) * 20 + x + 2]).toBe(still.values[y * 20 + x]);
    }
  }
});

test('a class without examples is refused', () => expect(() => new Templates([[], []])).toThrow('class 0: none'));
