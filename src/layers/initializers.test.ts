import { describe, expect, test } from 'vitest';
import { type Initializer, initialize } from './initializers.js';

const deviation = (data: Float32Array): number => {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  return Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length);
};
const largest = (data: Float32Array): number => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

// kernel [3, 3, 20, 40]: fan in 180, fan out 360
const shape = [3, 3, 20, 40];

describe('uniform initialisers fill ± their limit', () => {
  test.each([
    ['glorotUniform', Math.sqrt(6 / (180 + 360))],
    ['heUniform', Math.sqrt(6 / 180)],
    ['lecunUniform', Math.sqrt(3 / 180)],
    ['randomUniform', 0.05],
  ] as const)('%s', async (name, limit) => {
    const data = await initialize(name, shape, 1, 'a/kernel');
    expect(largest(data)).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest(data)).toBeGreaterThan(0.99 * limit);
    expect(deviation(data) / (limit / Math.sqrt(3))).toBeCloseTo(1, 1);
  });
});

describe('normal initialisers have their deviation, cut off at two', () => {
  test.each([
    ['glorotNormal', Math.sqrt(2 / (180 + 360))],
    ['heNormal', Math.sqrt(2 / 180)],
    ['lecunNormal', Math.sqrt(1 / 180)],
  ] as const)('%s', async (name, wanted) => {
    const data = await initialize(name, shape, 1, 'a/kernel');
    expect(Math.abs(deviation(data) / wanted - 1)).toBeLessThan(0.03);
    expect(largest(data)).toBeLessThanOrEqual(Math.fround((2 * wanted) / 0.8796256610342398));
  });

  test('randomNormal is not cut off, truncatedNormal is and keeps no deviation for it', async () => {
    const options = { mean: 1, standardDeviation: 0.1 };
    const free = (await initialize({ type: 'randomNormal', ...options }, [10000], 1, 'a/b')).map((x) => x - 1);
    const cut = (await initialize({ type: 'truncatedNormal', ...options }, [10000], 1, 'a/b')).map((x) => x - 1);
    expect(largest(free)).toBeGreaterThan(0.3);
    expect(largest(cut)).toBeLessThanOrEqual(0.2 + 1e-6);
    expect(Math.abs(deviation(free) / 0.1 - 1)).toBeLessThan(0.03);
    expect(Math.abs(deviation(cut) / 0.08796 - 1)).toBeLessThan(0.03);
  });
});

test('constants', async () => {
  expect([...(await initialize('zeros', [2], 1, 'a/b'))]).toEqual([0, 0]);
  expect([...(await initialize('ones', [2], 1, 'a/b'))]).toEqual([1, 1]);
  expect([...(await initialize({ type: 'constant', value: 2.5 }, [2], 1, 'a/b'))]).toEqual([2.5, 2.5]);
  expect([...(await initialize({ type: 'identity', gain: 3 }, [2, 3], 1, 'a/b'))]).toEqual([3, 0, 0, 0, 3, 0]);
  await expect(initialize('identity', [3], 1, 'a/b')).rejects.toThrow(/two axes/);
});

test.each([
  { shape: [6, 4], rows: 6, columns: 4 },
  { shape: [3, 8], rows: 3, columns: 8 },
  { shape: [3, 3, 2, 5], rows: 18, columns: 5 },
])('orthogonal $shape: the shorter side is orthonormal, times gain', async ({ shape, rows, columns }) => {
  const w = await initialize({ type: 'orthogonal', gain: 2 }, shape, 1, 'a/kernel');
  const at = (r: number, c: number): number => w[r * columns + c] as number;
  const short = Math.min(rows, columns);
  const long = Math.max(rows, columns);
  for (let i = 0; i < short; i++) {
    for (let j = 0; j < short; j++) {
      let dot = 0;
      for (let k = 0; k < long; k++) dot += rows < columns ? at(i, k) * at(j, k) : at(k, i) * at(k, j);
      expect(dot).toBeCloseTo(i === j ? 4 : 0, 5);
    }
  }
});

test.each<Initializer>(['glorotUniform', 'heNormal', 'orthogonal', 'randomNormal'])(
  '%s depends on the seed and on the weight, and on nothing else',
  async (name) => {
    const first = await initialize(name, [4, 4], 1, 'a/kernel');
    expect(await initialize(name, [4, 4], 1, 'a/kernel')).toEqual(first);
    expect(await initialize(name, [4, 4], 2, 'a/kernel')).not.toEqual(first);
    expect(await initialize(name, [4, 4], 1, 'b/kernel')).not.toEqual(first);
  },
);
