import { expect, test } from 'vitest';
import { floatToHalf, toHalves } from './halfFloat.js';
import { storedKinds } from './storedNumbers.js';

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2.5, 0xc100],
  [65504, 0x7bff],
  [65519.996, 0x7bff],
  [65520, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000], // a tie, to even
  [1.5 * 2 ** -24, 0x0002],
  [1 + 2 ** -11, 0x3c00], // a tie, to even
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -12, 0x4000], // carries into the exponent
])('%d', (value, bits) => {
  expect(floatToHalf(value)).toBe(bits);
});

test('every half comes back from its own value', () => {
  const halves = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((bits) => (bits & 0x7fff) <= 0x7c00);
  const floats = storedKinds.get('F16')?.decode(new Uint8Array(halves.buffer), halves.length, 'test') as Float32Array;
  expect(toHalves(floats)).toEqual(halves);
});
