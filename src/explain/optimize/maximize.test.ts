import { describe, expect, test } from 'vitest';
import { ReferenceEngine } from '../../engines/reference/referenceEngine.js';
import { conv2d } from '../../layers/conv2d.js';
import { input } from '../../layers/input.js';
import { sequential } from '../../model/sequential.js';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { Inspector } from '../inspector.js';
import { fourier2d } from './fft.js';
import { FourierImage } from './fourierImage.js';
import { maximizeUnit } from './maximize.js';
import { maximizePixels } from './maximizePixels.js';
import { Resampling } from './resample.js';

const random = new RandomStream(6, 'test');
const numbers = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());

describe('Fourier transform', () => {
  test.each([
    [1, 1],
    [4, 6],
    [7, 5],
    [8, 9],
  ])('%i × %i: as its formula reads, and back', (h, w) => {
    const [re, im] = [numbers(h * w), numbers(h * w)];
    const x = { re: re.slice(), im: im.slice() };
    fourier2d(x, h, w, 'forward');
    for (let k = 0; k < h * w; k++) {
      let [a, b] = [0, 0];
      for (let p = 0; p < h * w; p++) {
        const turn = (Math.floor(k / w) * Math.floor(p / w)) / h + ((k % w) * (p % w)) / w;
        const [c, s] = [Math.cos(-2 * Math.PI * turn), Math.sin(-2 * Math.PI * turn)];
        a += (re[p] as number) * c - (im[p] as number) * s;
        b += (re[p] as number) * s + (im[p] as number) * c;
      }
      expect(x.re[k]).toBeCloseTo(a, 9);
      expect(x.im[k]).toBeCloseTo(b, 9);
    }
    // Parseval: the energy is the same, times h · w.
    const energy = (p: Float64Array, q: Float64Array): number =>
      p.reduce((sum, v, i) => sum + v * v + (q[i] as number) ** 2, 0);
    expect(energy(x.re, x.im)).toBeCloseTo(energy(re, im) * h * w, 6);
    fourier2d(x, h, w, 'backward');
    for (let p = 0; p < h * w; p++) expect((x.re[p] as number) / (h * w)).toBeCloseTo(re[p] as number, 9);
  });
});

describe('pictures by their frequencies', () => {
  test.each([
    [6, 8],
    [5, 7],
  ])('%i × %i: gradients are those of finite differences', (h, w) => {
    const picture = new FourierImage(h, w);
    const parameters = numbers(picture.size).map((x) => 0.05 * x);
    const weights = numbers(h * w * 3);
    const loss = (p: Float64Array): number =>
      picture.image(p).reduce((sum, v, i) => sum + v * (weights[i] as number), 0);
    loss(parameters);
    const gradient = picture.gradient(weights);
    for (let i = 0; i < picture.size; i += 5) {
      const [up, down] = [parameters.slice(), parameters.slice()];
      up[i] = (up[i] as number) + 1e-5;
      down[i] = (down[i] as number) - 1e-5;
      expect(gradient[i]).toBeCloseTo((loss(up) - loss(down)) / 2e-5, 5);
    }
  });

  test('one frequency is one wave', () => {
    const picture = new FourierImage(8, 8);
    const parameters = new Float64Array(picture.size);
    parameters[2 * 2] = 1; // ky 0, kx 2 of the first color: a period of 4 pixels
    const plane = picture.plane(parameters, 0);
    for (let p = 0; p < 64; p++)
      expect(plane[p]).toBeCloseTo((plane[0] as number) * Math.cos((Math.PI * (p % 8)) / 2), 9);
  });

  test('movements: the way back is the adjoint', () => {
    const movement = new Resampling(9, 11, { down: 1.5, right: -2, scale: 1.1, degrees: 7 });
    const [x, y] = [numbers(297), numbers(297)];
    const zero = movement.forward(new Float64Array(297));
    const moved = movement.forward(x).map((v, i) => v - (zero[i] as number));
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
    expect(dot(moved, y)).toBeCloseTo(dot(x, movement.backward(y)), 9);
    const still = new Resampling(9, 11, { down: 0, right: 0, scale: 1, degrees: 0 });
    expect(still.forward(x)).toEqual(x);
  });
});

describe('a unit', () => {
  const preprocessing = {
    channelOrder: 'rgb',
    range: [0, 1],
    mean: [0.5, 0.5, 0.5],
    standardDeviation: [0.5, 0.5, 0.5],
  } as const;

  /** Answers to vertical stripes of a period of 8 pixels. */
  async function stripes() {
    const net = sequential([input([32, 32, 3]), conv2d({ name: 'stripes', filters: 1, kernelSize: [3, 16] })]);
    const kernel = Float32Array.from(
      { length: 3 * 16 * 3 },
      (_, i) => Math.cos((2 * Math.PI * (Math.floor(i / 3) % 16)) / 8) / 144,
    );
    await net.setWeights([new Tensor(kernel, [3, 16, 3, 1]), new Tensor(new Float32Array(1), [1])]);
    return new Inspector(net, new ReferenceEngine());
  }
  const target = { kind: 'unit', place: { layer: 'stripes' }, channel: 0, at: [15, 8] } as const;
  const options = { preprocessing, steps: 24, seed: 3, robustness: { jitter: 1, scales: [1], degrees: [0] } };

  test('that likes stripes of 8 pixels gets them, and far more than from noise', async () => {
    const { image, value, values, method } = await maximizeUnit(await stripes(), target, options);
    expect(value).toBeGreaterThan(5 * Math.abs(values[0] as number));
    expect(value).toBeGreaterThan(0.3);
    const row = {
      re: Float64Array.from({ length: 16 }, (_, x) => (image[(16 * 32 + 8 + x) * 3] as number) - 0.5),
      im: new Float64Array(16),
    };
    fourier2d(row, 1, 16, 'forward');
    const power = Array.from({ length: 8 }, (_, k) => Math.hypot(row.re[k + 1] as number, row.im[k + 1] as number));
    expect(Math.abs(power.indexOf(Math.max(...power)) + 1 - 2)).toBeLessThanOrEqual(1); // 16 / 8 = 2 waves
    expect(method).toContain('not a photo');
  });

  test('is determined by the seed', async () => {
    const inspector = await stripes();
    const short = { ...options, steps: 4 };
    const [a, b] = [await maximizeUnit(inspector, target, short), await maximizeUnit(inspector, target, short)];
    expect(a.image).toEqual(b.image);
    const other = await maximizeUnit(inspector, target, { ...short, seed: 4 });
    expect(other.image).not.toEqual(a.image);
  });

  test('on pixels, with each of the four settings: it rises, by the seed, and small pixels stay gray', async () => {
    const inspector = await stripes();
    for (const preset of [0, 1, 2, 3]) {
      const pixels = { preprocessing, preset, steps: 12, seed: 1, learningRate: { progress: 0.05 } };
      const found = await maximizePixels(inspector, target, pixels);
      expect(found.value, `preset ${preset}`).toBeGreaterThan((found.values[0] as number) + 0.1);
      expect((await maximizePixels(inspector, target, pixels)).image).toEqual(found.image);
      const gray = found.image.filter((v) => v === 0.5).length / found.image.length;
      expect(gray).toBeGreaterThanOrEqual(([0, 0.5, 0.2, 0.9][preset] as number) - 0.001);
      expect(found.image.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
    await expect(maximizePixels(inspector, target, { preprocessing, preset: 4 })).rejects.toThrow(/from 0 to 3/);
  });

  test('blurring leaves less of the highest frequencies', async () => {
    const inspector = await stripes();
    const roughness = async (blur: number): Promise<number> => {
      const { image } = await maximizePixels(inspector, target, {
        preprocessing,
        steps: 8,
        learningRate: { progress: 0.05 },
        blur,
      });
      return image.reduce((sum, v, i) => sum + (i < 3 ? 0 : Math.abs(v - (image[i - 3] as number))), 0);
    };
    expect(await roughness(1)).toBeLessThan(0.5 * (await roughness(0)));
  });

  test('of a network for gray pictures is refused', async () => {
    const net = sequential([input([4, 4, 1]), conv2d({ name: 'stripes', filters: 1, kernelSize: 1 })]);
    await expect(
      maximizeUnit(new Inspector(net, new ReferenceEngine()), { ...target, at: 'mean' }, options),
    ).rejects.toThrow(/\[h, w, 3\]/);
  });
});
