import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { type MnistFiles, type MnistVariant, mnistFromFiles } from './mnist.js';

function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, size >> 8, size & 255]), ...data]);
}

const files: MnistFiles = {
  trainImages: idx([2, 1, 2], [0, 255, 51, 0]),
  trainLabels: idx([2], [7, 3]),
  testImages: idx([1, 1, 2], [255, 255]),
  testLabels: idx([1], [9]),
};

test('pictures [h, w, 1] in 0..1 with their labels and class names', async () => {
  const { train, test: held } = await mnistFromFiles(files);
  expect(train).toMatchObject({ size: 2, inputShape: [1, 2, 1], labels: Int32Array.of(7, 3) });
  const { x, y } = await train.batch(Uint32Array.of(1, 0));
  expect(x.shape).toEqual([2, 1, 2, 1]);
  expect([...x.data]).toEqual([Math.fround(0.2), 0, 0, 1]);
  expect([...y.data]).toEqual([3, 7]);
  expect(held.size).toBe(1);
  expect((await mnistFromFiles(files, 'fashionMnist')).test.classNames?.[9]).toBe('Ankle boot');
});

describe('files that do not belong together', () => {
  test.each<[string, Partial<MnistFiles>, RegExp]>([
    ['too few labels', { trainLabels: idx([1], [7]) }, /pictures \[2, 1, 2\], labels \[1\]\. Check that the files/],
    ['pictures and labels mixed up', { testImages: files.testLabels, testLabels: files.testImages }, /^t10k-images/],
    ['no pictures', { testImages: idx([0, 1, 2], []), testLabels: idx([0], []) }, /at least one.*\[0, 1, 2\]/],
    ['pictures without pixels', { testImages: idx([1, 0, 2], []) }, /at least one.*\[1, 0, 2\]/],
    ['a label of another data set', { trainLabels: idx([2], [7, 10]) }, /label 10 for example 1/],
  ])('%s', async (_, changed, message) => {
    const error = await mnistFromFiles({ ...files, ...changed }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FoveaError);
    expect(error).toMatchObject({ code: 'data', message: expect.stringMatching(message) });
  });

  test('a damaged file is named', async () => {
    const damaged = { ...files, testImages: files.testImages.subarray(0, 9) };
    await expect(mnistFromFiles(damaged)).rejects.toMatchObject({ code: 'format', where: 't10k-images-idx3-ubyte' });
  });

  test('an unknown variant', async () => {
    await expect(mnistFromFiles(files, 'fashionmnist' as MnistVariant)).rejects.toThrow('Did you mean "fashionMnist"?');
  });
});
