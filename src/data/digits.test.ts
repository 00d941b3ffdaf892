import { describe, expect, test } from 'vitest';
import { FoveaError } from '../tensor/errors.js';
import { digits } from './digits.js';

const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);

test('28×28×1 float32 in 0..1 with black corners, ten classes about equally often', async () => {
  const { train, test: held } = digits({ train: 2000, test: 100 });
  expect(train).toMatchObject({ size: 2000, inputShape: [28, 28, 1] });
  expect(held.size).toBe(100);
  const { x, y } = await train.batch(range(0, 2000));
  expect(x.shape).toEqual([2000, 28, 28, 1]);
  expect(y.data).toEqual(train.labels);
  expect(Math.min(...x.data.subarray(0, 78_400))).toBe(0);
  expect(Math.max(...x.data.subarray(0, 78_400))).toBeGreaterThan(0.95);
  expect(Math.max(...x.data.subarray(0, 78_400))).toBeLessThanOrEqual(1);
  for (let i = 0; i < 2000; i++) expect(x.data[i * 784]).toBe(0);
  for (let label = 0; label < 10; label++) {
    const count = train.labels?.filter((other) => other === label).length ?? 0;
    expect(Math.abs(count - 200)).toBeLessThan(60);
  }
});

test('ink covers a share like that of MNIST (19.1 % of its pixels, mean 33.2 of 255) and lies in the middle', async () => {
  const { x } = await digits({ train: 1000, test: 1 }).train.batch(range(0, 1000));
  const inked = x.data.filter((value) => value > 0).length / x.size;
  const mean = x.data.reduce((sum, value) => sum + value, 0) / x.size;
  expect(inked).toBeGreaterThan(0.16);
  expect(inked).toBeLessThan(0.22);
  expect(mean * 255).toBeGreaterThan(28);
  expect(mean * 255).toBeLessThan(38);
  let [sumX, sumY] = [0, 0];
  for (const [i, value] of x.data.entries()) {
    sumX += value * (i % 28);
    sumY += value * (Math.floor(i / 28) % 28);
  }
  expect(sumX / (mean * x.size)).toBeCloseTo(13.5, 0);
  expect(sumY / (mean * x.size)).toBeCloseTo(13.5, 0);
});

describe('a digit is a function of (seed, split, index)', () => {
  test('whatever the size of the set and the order of asking', async () => {
    const small = digits({ train: 50, test: 10, seed: 5 });
    const large = digits({ train: 500, test: 10, seed: 5 });
    const last = await large.train.batch(Uint32Array.of(49, 3, 49));
    const again = await small.train.batch(Uint32Array.of(3, 49));
    expect(last.x.data.subarray(784, 1568)).toEqual(again.x.data.subarray(0, 784));
    expect(last.x.data.subarray(0, 784)).toEqual(again.x.data.subarray(784));
    expect(last.x.data.subarray(1568)).toEqual(last.x.data.subarray(0, 784));
    expect(large.train.labels?.slice(0, 50)).toEqual(small.train.labels);
  });

  test('another seed, split or index gives another digit', async () => {
    const [a, b] = [digits({ train: 20, test: 20 }), digits({ train: 20, test: 20, seed: 1 })];
    const pictures = [
      await a.train.batch(range(0, 20)),
      await a.test.batch(range(0, 20)),
      await b.train.batch(range(0, 20)),
    ];
    const seen = new Set<string>();
    for (const { x } of pictures) for (let i = 0; i < 20; i++) seen.add(x.data.subarray(i * 784, (i + 1) * 784).join());
    expect(seen.size).toBe(60);
  });

  test('the bytes are the same on every machine and stay so: results with these digits are comparable', async () => {
    const { x, y } = await digits({ train: 1000, test: 1 }).train.batch(range(0, 1000));
    const bytes = Uint8Array.from(x.data, (value) => Math.round(value * 255));
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(hex).toBe('fc9a8f398ef61f2e5f8f16b8d61ee321126bc38d635cdf5bf5094fcb3cdf811e');
    expect([...y.data.subarray(0, 12)]).toEqual([3, 4, 7, 4, 8, 3, 6, 4, 7, 9, 2, 7]);
  });
});

test('the nearest class mean is a poor guess, but far better than chance: neither a toy nor noise', async () => {
  const { train, test: held } = digits({ train: 3000, test: 1000 });
  const { x, y } = await train.batch(range(0, 3000));
  const means = new Float64Array(10 * 784);
  const counts = new Float64Array(10);
  for (const label of y.data) counts[label] = (counts[label] as number) + 1;
  for (const [i, value] of x.data.entries()) {
    const label = y.data[Math.floor(i / 784)] as number;
    const at = label * 784 + (i % 784);
    means[at] = (means[at] as number) + value / (counts[label] as number);
  }
  const asked = await held.batch(range(0, 1000));
  let right = 0;
  for (let n = 0; n < 1000; n++) {
    let [best, nearest] = [Number.POSITIVE_INFINITY, -1];
    for (let label = 0; label < 10; label++) {
      let distance = 0;
      for (let i = 0; i < 784; i++) {
        distance += ((asked.x.data[n * 784 + i] as number) - (means[label * 784 + i] as number)) ** 2;
      }
      if (distance < best) [best, nearest] = [distance, label];
    }
    if (nearest === asked.y.data[n]) right++;
  }
  expect(right / 1000).toBeGreaterThan(0.6);
  expect(right / 1000).toBeLessThan(0.88);
});

test.each([
  [{ train: 0 }, /option "train".* from 1 to 10000000\. Received 0/],
  [{ test: 1.5 }, /option "test".*Received 1\.5/],
  [{ seed: -1 }, /option "seed".*Received -1/],
])('%j is refused', (options, message) => {
  expect(() => digits(options)).toThrow(message);
  expect(() => digits(options)).toThrow(FoveaError);
});

test('an index beyond is refused', () => {
  expect(() => digits({ train: 5, test: 5 }).train.batch(Uint32Array.of(5))).toThrow(/5 examples.*index 5/);
});
