import { expect, test } from 'vitest';
import { normalizePixels, type Preprocessing } from '../data/photos/preprocessing.js';
import { expectClose } from '../testing/expectClose.js';
import { caffe, caffeVgg, symmetric, torch } from './preprocessing.js';

// Two pixels, RGB.
const pixels = Uint8Array.of(0, 51, 255, 255, 0, 102);

test.each<[string, Preprocessing, readonly number[]]>([
  ['Keras, tf mode', symmetric, [-1, -0.6, 1, 1, -1, -0.2]],
  ['Keras, caffe mode', caffeVgg, [151.061, -65.779, -123.68, -1.939, -116.779, 131.32]],
  ['Caffe', caffe, [151, -66, -123, -2, -117, 132]],
  ['torchvision', torch, [-2.117904, -1.142857, 2.64, 2.248908, -2.035714, -0.026667]],
])('%s', (_, preprocessing, expected) => {
  const { shape, data } = normalizePixels(pixels, [1, 1, 2, 3], preprocessing);
  expect(shape).toEqual([1, 1, 2, 3]);
  expectClose([...data], expected, 4);
});

test.each([[[1, 2, 3]], [[1, 1, 1, 3]], [[1, 1, 6, 1]]])('refuses pixels of the shape %j', (shape) => {
  expect(() => normalizePixels(pixels, shape, torch)).toThrow(/must be RGB.*6 bytes for/);
});
