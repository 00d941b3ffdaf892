import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { arrayDataset } from '../arrayDataset.js';
import { pixelDataset } from '../pixelDataset.js';
import { augmentationFromConfig } from './augmentationFromConfig.js';
import { augmented } from './augmented.js';
import type { ImageDataGeneratorOptions } from './generatorOptions.js';
import { imageDataGenerator } from './imageDataGenerator.js';
import { type KerasGeometry, type KerasSemantics, kerasMatrix } from './kerasGeometry.js';
import { inverted } from './matrix.js';
import type { Picture } from './picture.js';
import { type Fill, resample } from './resample.js';
import { symmetricEigen } from './symmetricEigen.js';
import { whiteningMatrix } from './whitening.js';

interface Golden {
  readonly height: number;
  readonly width: number;
  readonly cases: readonly {
    readonly semantics: KerasSemantics;
    readonly drawn: KerasGeometry;
    readonly fill: Fill;
    readonly order: 0 | 1;
    readonly rows: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('testing/kerasGolden.json', import.meta.url)), 'utf8'),
);
const { height, width } = golden;
const ramp: Picture = {
  data: Float32Array.from({ length: height * width }, (_, i) => (53 * i * i + 97 * i) % 256),
  ...{ height, width, channels: 1 },
};

describe('affine maps, as SciPy computes them with the published matrices', () => {
  test.each(golden.cases)('$semantics, $fill, order $order, $drawn', ({ semantics, drawn, fill, order, rows }) => {
    const matrix = kerasMatrix(ramp, drawn, semantics);
    const sampling = { interpolation: order === 0 ? 'nearest' : 'bilinear', fill, fillValue: 17, scipy: true } as const;
    const result = resample(ramp, matrix, ramp, sampling);
    for (const [i, value] of rows.entries())
      expect(Math.abs((result[i] as number) - value), `pixel ${i}`).toBeLessThan(2e-4);
  });

  test('there are cases of all kinds', () => {
    expect(golden.cases).toHaveLength(36);
  });
});

const key = { seed: 1, epoch: 0, index: 0 };
const random = new RandomStream(4, 'generator test');
const colors: Picture = {
  data: Float32Array.from({ length: 6 * 5 * 3 }, () => 20 + random.below(200)),
  ...{ height: 6, width: 5, channels: 3 },
};
const steps = (options: ImageDataGeneratorOptions, size = colors, index = 0) =>
  imageDataGenerator(options).draw(size, { ...key, index }).steps;
const values = (options: ImageDataGeneratorOptions, name: string, n = 300) =>
  Array.from({ length: n }, (_, index) => steps(options, colors, index)[0]?.values[name] ?? 0) as number[];

describe('what is drawn', () => {
  test('nothing asked for: the photo, bit for bit', () => {
    const generator = imageDataGenerator();
    const bytes = { ...colors, data: Uint8Array.from(colors.data) };
    expect(generator.draw(bytes, key).apply(bytes).data).toEqual(bytes.data);
    expect(generator.draw(colors, key).apply(colors).data).toEqual(colors.data);
    expect(generator.standardize).toBeUndefined();
  });

  test('shifts: shares of the size; pixels from 1 on and lists with Keras 2', () => {
    const most = (drawn: number[]) => Math.max(...drawn.map(Math.abs));
    expect(most(values({ widthShiftRange: 0.4 }, 'shiftColumns'))).toBeCloseTo(0.4 * 5, 1);
    expect(most(values({ heightShiftRange: 0.4 }, 'shiftRows'))).toBeCloseTo(0.4 * 6, 1);
    expect(most(values({ widthShiftRange: 1.5 }, 'shiftColumns'))).toBeCloseTo(1.5, 1);
    expect(new Set(values({ widthShiftRange: 3 }, 'shiftColumns'))).toEqual(new Set([-2, -1, 0, 1, 2]));
    expect(new Set(values({ widthShiftRange: [1, 4] }, 'shiftColumns'))).toEqual(new Set([-4, -1, 1, 4]));
    expect(new Set(values({ heightShiftRange: [0.5] }, 'shiftRows'))).toEqual(new Set([-3, 3]));
    expect(most(values({ semantics: 'keras1', widthShiftRange: 1 }, 'shiftColumns'))).toBeCloseTo(5, 0);
  });

  test('zoom: each axis by itself, 1 − z to 1 + z', () => {
    const [rows, columns] = [values({ zoomRange: 0.2 }, 'zoomRows'), values({ zoomRange: 0.2 }, 'zoomColumns')];
    expect(Math.min(...rows)).toBeCloseTo(0.8, 1);
    expect(Math.max(...columns)).toBeCloseTo(1.2, 1);
    expect(rows.some((value, i) => Math.abs(value - (columns[i] as number)) > 0.1)).toBe(true);
  });

  test('channel shift: alike with Keras 2, each by itself with Keras 1, within the range of the photo', () => {
    const [joint] = steps({ channelShiftRange: 30 });
    expect(joint?.values.channel0).toBe(joint?.values.channel2);
    const [single] = steps({ channelShiftRange: 30, semantics: 'keras1' });
    expect(single?.values.channel0).not.toBe(single?.values.channel2);
    const { data } = imageDataGenerator({ channelShiftRange: 30, semantics: 'keras1' }).draw(colors, key).apply(colors);
    const [least, most] = [Math.min(...colors.data), Math.max(...colors.data)];
    for (const [i, value] of data.entries()) {
      const shift = single?.values[`channel${i % 3}`] as number;
      expect(value).toBeCloseTo(Math.min(most, Math.max(least, (colors.data[i] as number) + shift)), 3);
    }
  });

  test('brightness: as Pillow 9.4, ImageEnhance.Brightness(…).enhance(1.3) and (0.45)', () => {
    const bytes = Uint8Array.from({ length: 12 }, (_, i) => (53 * i * i + 97 * i) % 256);
    const picture = { data: bytes, height: 3, width: 4, channels: 1 };
    const at = (factor: number) => [
      ...imageDataGenerator({ brightnessRange: [factor, factor] })
        .draw(picture, key)
        .apply(picture).data,
    ];
    expect(at(1.3)).toEqual([0, 195, 195, 0, 255, 23, 241, 255, 93, 59, 163, 72]);
    expect(at(0.45)).toEqual([0, 67, 67, 0, 95, 8, 83, 91, 32, 20, 56, 25]);
  });

  test('flips come after the affine map, each in half of the photos', () => {
    const both = imageDataGenerator({ horizontalFlip: true, verticalFlip: true, widthShiftRange: [1] });
    const names = Array.from({ length: 400 }, (_, index) =>
      both.draw(colors, { ...key, index }).steps.map(({ name }) => name),
    );
    const flipped = names.filter((list) => list.includes('flipHorizontal')).length;
    expect(Math.abs(flipped - 200)).toBeLessThan(35);
    expect(names.filter((list) => list.length === 3).length).toBeGreaterThan(65);
    expect(names.every(([first]) => first === 'affine')).toBe(true);
    const index = names.findIndex((list) => list.length === 2 && list[1] === 'flipHorizontal');
    const drawn = both.draw(colors, { ...key, index });
    const shift = drawn.steps[0]?.values.shiftColumns as number;
    const read = (row: number, column: number, c: number): number =>
      colors.data[(row * 5 + Math.min(4, Math.max(0, column))) * 3 + c] as number;
    const { data } = drawn.apply(colors);
    for (let row = 0; row < 6; row++) {
      for (let column = 0; column < 5; column++)
        expect(data[(row * 5 + column) * 3 + 1]).toBe(read(row, 4 - column + shift, 1));
    }
  });

  test('boxes go the way of the pixels', () => {
    const generator = imageDataGenerator({ widthShiftRange: [2] });
    const drawn = generator.draw({ height: 20, width: 20, channels: 1 }, key);
    const shift = drawn.steps[0]?.values.shiftColumns as number;
    const [box] = drawn.boxes([{ left: 5, top: 5, right: 10, bottom: 10 }]);
    expect(box).toEqual({ left: 5 - shift, top: 5, right: 10 - shift, bottom: 10 });
  });
});

describe('normalization', () => {
  const at = (options: ImageDataGeneratorOptions, picture = colors) =>
    imageDataGenerator(options).standardize?.(picture).data as Float32Array;
  const mean = (list: ArrayLike<number>) => Array.from(list).reduce((a, b) => a + b, 0) / list.length;
  const deviation = (list: ArrayLike<number>) => Math.sqrt(mean(Array.from(list, (v) => (v - mean(list)) ** 2)));

  test('samplewise: over the whole photo with Keras 2, over the channels of each pixel with Keras 1', () => {
    const whole = at({ samplewiseStdNormalization: true });
    expect(mean(whole)).toBeCloseTo(0, 5);
    expect(deviation(whole)).toBeCloseTo(1, 5);
    expect(whole[7]).toBeCloseTo(((colors.data[7] as number) - mean(colors.data)) / (deviation(colors.data) + 1e-6), 5);
    const pixelwise = at({ samplewiseCenter: true, semantics: 'keras1' });
    expect(pixelwise[4]).toBeCloseTo((colors.data[4] as number) - mean(colors.data.subarray(3, 6)), 4);
    // Keras 1 divides without having centered.
    const divided = at({ samplewiseStdNormalization: true, semantics: 'keras1' });
    expect(divided[4]).toBeCloseTo((colors.data[4] as number) / (deviation(colors.data.subarray(3, 6)) + 1e-7), 2);
  });

  test('the function comes first, then rescale', () => {
    const options: ImageDataGeneratorOptions = {
      rescale: 0.5,
      preprocessingFunction: (picture) => ({ ...picture, data: picture.data.map((v) => v + 10) }),
    };
    expect(at(options)[0]).toBe(((colors.data[0] as number) + 10) / 2);
    expect(() => imageDataGenerator(options).config()).toThrow(/preprocessingFunction/);
  });

  test('featurewise: mean and deviation of the data by channel, and whitening, from fit', async () => {
    const n = 30;
    const bytes = Uint8Array.from({ length: n * 2 * 2 * 3 }, () => random.below(256));
    const data = pixelDataset({ pixels: bytes, shape: [n, 2, 2, 3], labels: new Int32Array(n) });
    const generator = imageDataGenerator({ featurewiseStdNormalization: true });
    expect(() => generator.standardize?.(colors)).toThrow(/Call fit/);
    await generator.fit(data);
    const greens = bytes.filter((_, i) => i % 3 === 1);
    const fed = (await augmented(data, generator).batch(Uint32Array.of(3))).x.data;
    expect(fed[1]).toBeCloseTo(((bytes[37] as number) - mean(greens)) / deviation(greens), 4);
    // The same from JSON, without another fit.
    const copy = augmentationFromConfig(JSON.parse(JSON.stringify(generator.config())));
    expect((await augmented(data, copy).batch(Uint32Array.of(3))).x.data).toEqual(fed);

    const white = imageDataGenerator({ zcaWhitening: true });
    await white.fit(data);
    const all = (await augmented(data, white).batch(Uint32Array.from({ length: n }, (_, i) => i))).x.data;
    for (let a = 0; a < 12; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += ((all[i * 12 + a] as number) * (all[i * 12 + b] as number)) / n;
        expect(sum).toBeCloseTo(a === b ? 1 : 0, 3);
      }
    }
    const other = arrayDataset(
      new Tensor<'float32'>(new Float32Array(27), [1, 3, 3, 3]),
      new Tensor<'int32'>(new Int32Array(1), [1]),
    );
    await expect(augmented(other, white).batch(Uint32Array.of(0))).rejects.toThrow(/fitted to pictures of 12 numbers/);
  });

  test('fit on photos that are changed at random, in rounds', async () => {
    const data = pixelDataset({
      pixels: Uint8Array.from({ length: 4 * 9 }, (_, i) => i * 7),
      shape: [4, 3, 3, 1],
      labels: new Int32Array(4),
    });
    const options = { featurewiseCenter: true, widthShiftRange: [1], fillMode: 'constant' } as const;
    const [plain, changed] = [imageDataGenerator(options), imageDataGenerator(options)];
    await plain.fit(data);
    await changed.fit(data, { augment: true, rounds: 3 });
    expect(plain.config().fitted).toEqual({ mean: [mean(Array.from({ length: 36 }, (_, i) => (i * 7) % 256))] });
    expect(changed.config().fitted).not.toEqual(plain.config().fitted);
  });

  test('whitening matrix: as NumPy computes it', () => {
    const rows = [-5, 0, 4, -4, 2, -1, -5, 1, -2, 4, -2, 2, 5, 4, 2, -1, 1, -1, -4, 3, -3, 0, 2, 3];
    const expected = [
      ...[0.326045, -0.054467, 0.082728, 0.023965, -0.054467, 0.445249, -0.068834, -0.038017],
      ...[0.082728, -0.068834, 0.391577, 0.160719, 0.023965, -0.038017, 0.160719, 0.486017],
    ];
    const matrix = whiteningMatrix(Float32Array.from(rows), 4, 1e-6);
    for (const [i, value] of expected.entries()) expect(matrix[i]).toBeCloseTo(value, 5);
  });

  test.each([1, 2, 3, 12, 40])('eigenvectors of a symmetric matrix of %d', (d) => {
    const matrix = new Float64Array(d * d);
    // With eigenvalues that are equal, and rows of zeros.
    const rank = Math.max(1, Math.floor(d / 2));
    for (let k = 0; k < rank; k++) {
      const v = Array.from({ length: d }, () => random.normal());
      for (let i = 0; i < d; i++)
        for (let j = 0; j < d; j++)
          matrix[i * d + j] = (matrix[i * d + j] as number) + (v[i] as number) * (v[j] as number);
    }
    const { values: found, vectors } = symmetricEigen(matrix, d);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        let [sum, product] = [0, 0];
        for (let k = 0; k < d; k++) {
          sum += (found[k] as number) * (vectors[k * d + i] as number) * (vectors[k * d + j] as number);
          product += (vectors[i * d + k] as number) * (vectors[j * d + k] as number);
        }
        expect(Math.abs(sum - (matrix[i * d + j] as number))).toBeLessThan(1e-10 * d);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 10);
      }
    }
  });
});

describe('configuration', () => {
  test.each<[Readonly<Record<string, unknown>>, RegExp]>([
    [{ rotation: 3 }, /no option "rotation".*rotationRange/],
    [{ rotationRange: -3 }, /0 to 360/],
    [{ zoomRange: [1.2, 0.8] }, /two ends/],
    [{ zoomRange: 1 }, /0\.01/],
    [{ fillMode: 'mirror' }, /one of nearest/],
    [{ semantics: 'keras1', brightnessRange: [0.5, 1] }, /Keras 1 has no brightnessRange/],
    [{ semantics: 'keras1', interpolationOrder: 1 }, /nearest pixel/],
    [{ semantics: 'keras1', widthShiftRange: [1, 2] }, /one number/],
    [{ dataFormat: 'channels_first' }, /\[height, width, channels\]/],
    [{ validationSplit: 0.2 }, /split\(data/],
    [{ widthShiftRange: 'far' }, /number of at least 0/],
  ])('%j is an error', (options, message) => {
    expect(() => imageDataGenerator(options as ImageDataGeneratorOptions)).toThrow(message);
  });

  test('is JSON and gives the same again', () => {
    const options = {
      semantics: 'keras1',
      rotationRange: 8,
      shearRange: 0.3,
      zoomRange: 0.08,
      rescale: 1 / 255,
    } as const;
    const first = imageDataGenerator(options);
    const copy = augmentationFromConfig(JSON.parse(JSON.stringify(first.config())));
    expect(copy.draw(colors, key).apply(colors)).toEqual(first.draw(colors, key).apply(colors));
    expect(() => augmentationFromConfig({ type: 'other' })).toThrow(/whose type is/);
    expect(() => augmentationFromConfig(null)).toThrow(/whose type is/);
  });

  test('a map and its inverse', () => {
    const matrix = kerasMatrix({ height: 5, width: 7 }, golden.cases[10]?.drawn as KerasGeometry, 'keras2');
    const back = inverted(inverted(matrix));
    for (const [i, entry] of matrix.entries()) expect(back[i]).toBeCloseTo(entry, 10);
  });
});
