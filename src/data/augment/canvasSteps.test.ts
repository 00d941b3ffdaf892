import { expect, test } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { addNoise, autoContrast, blur, equalize, erase, posterize, sharpen, solarize } from './canvasSteps.js';
import { applySteps, type Step } from './steps.js';

/** Against Pillow 9.4, on x[i] = (53 i² + 97 i) mod 256. */

const bytes = (n: number, modulus = 256) => Uint8Array.from({ length: n }, (_, i) => (53 * i * i + 97 * i) % modulus);
const grey = { data: bytes(48), height: 6, width: 8, channels: 1 };
const sampling = { interpolation: 'bilinear', fill: 'reflect', fillValue: 0 } as const;
const done = (picture: typeof grey, ...steps: Step[]) => [...applySteps(picture, steps, sampling).data];
const off = (a: readonly number[], b: readonly number[]) =>
  Math.max(...b.map((v, i) => Math.abs(v - (a[i] as number))));

test('posterize and solarize are exact', () => {
  expect(done(grey, ...posterize(3)).slice(0, 16)).toEqual([
    0, 128, 128, 0, 192, 0, 160, 192, 64, 32, 96, 32, 64, 224, 224, 64,
  ]);
  expect(done(grey, ...solarize(128 / 255)).slice(0, 16)).toEqual([
    0, 105, 105, 0, 43, 18, 69, 51, 72, 46, 126, 56, 92, 21, 29, 68,
  ]);
});

test('auto-contrast, but that Pillow drops what stands behind the point', () => {
  const half = { ...grey, data: grey.data.map((v) => (v >> 1) + 30) };
  const pillow = [
    0, 155, 155, 0, 219, 18, 192, 211, 74, 47, 130, 58, 95, 242, 234, 70, 16, 72, 238, 248, 103, 68, 143, 62,
  ];
  expect(off(done(half, ...autoContrast()), pillow)).toBeLessThanOrEqual(1);
});

test('equalize is exact, and does nothing where there are too few pixels', () => {
  const picture = { data: bytes(1200, 200), height: 30, width: 40, channels: 1 };
  const pillow = [
    0, 225, 6, 249, 57, 12, 138, 120, 249, 243, 114, 126, 255, 24, 219, 255, 189, 243, 174, 255, 213, 12, 255, 99,
  ];
  expect(done(picture, ...equalize()).slice(0, 24)).toEqual(pillow);
  expect(done(grey, ...equalize())).toEqual([...grey.data]);
});

test('sharpness, but that Pillow rounds the smoothed copy to bytes', () => {
  const sharp = [
    0, 150, 150, 0, 212, 18, 186, 204, 72, 15, 130, 7, 78, 255, 255, 68, 16, 39, 255, 255, 86, 17, 142, 60,
  ];
  const smooth = [
    0, 150, 150, 0, 212, 18, 186, 204, 72, 76, 121, 104, 105, 176, 168, 68, 16, 100, 172, 182, 113, 114, 133, 60,
  ];
  expect(off(done(grey, ...sharpen(1.9)), sharp)).toBeLessThanOrEqual(1);
  expect(off(done(grey, ...sharpen(0.1)), smooth)).toBeLessThanOrEqual(1);
});

test('blur keeps the sum of a point and has the variance that it says', () => {
  const data = new Uint8Array(41 * 41);
  data[20 * 41 + 20] = 255;
  const [step] = blur(2);
  const canvas = { data: Float32Array.from(data), height: 41, width: 41, channels: 1, white: 255 };
  if (step?.kind === 'canvas') step.paint(canvas);
  let [sum, spread] = [0, 0];
  for (const [i, value] of canvas.data.entries()) {
    sum += value;
    spread += value * ((i % 41) - 20) ** 2;
  }
  expect(sum).toBeCloseTo(255, 2);
  expect(spread / sum).toBeCloseTo(4, 0);
});

test('noise has mean 0 and the deviation that it says', () => {
  const canvas = { data: new Float32Array(30_000), height: 100, width: 100, channels: 3, white: 255 };
  const [step] = addNoise(0.1, () => new RandomStream(1, 'noise test'));
  if (step?.kind === 'canvas') step.paint(canvas);
  const mean = canvas.data.reduce((a, b) => a + b, 0) / 30_000;
  const deviation = Math.sqrt(canvas.data.reduce((a, b) => a + b * b, 0) / 30_000);
  expect(Math.abs(mean)).toBeLessThan(0.5);
  expect(deviation / 25.5).toBeCloseTo(1, 1);
});

test('erasing covers its rectangle and nothing else', () => {
  const fresh = () => new RandomStream(2, 'erasing test');
  const part = { x: 2, y: 1, width: 3, height: 4 };
  const inside = (i: number) => i % 8 >= 2 && i % 8 < 5 && i >= 8 && i < 40;
  const covered = done(grey, ...erase(part, 1, fresh));
  for (const [i, value] of covered.entries()) expect(value).toBe(inside(i) ? 255 : grey.data[i]);
  const mean = Math.round(grey.data.reduce((a, b) => a + b, 0) / 48);
  expect(done(grey, ...erase(part, 'mean', fresh))[10]).toBe(mean);
  expect(done(grey, ...erase(part, 'noise', fresh))).toEqual(done(grey, ...erase(part, 'noise', fresh)));
});
