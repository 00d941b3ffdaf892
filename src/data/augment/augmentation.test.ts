import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { type AugmentationConfig, augmentation } from './augmentation.js';
import { inverted, mapped, quadToQuad } from './matrix.js';
import type { Picture } from './picture.js';
import type { StepFacts } from './steps.js';
import type { TransformConfig } from './transformConfig.js';
import { transformTable } from './transforms.js';

const photo = (height: number, width: number, channels = 3): Picture => {
  const random = new RandomStream(5, 'test photo', height * 1000 + width);
  return {
    data: Uint8Array.from({ length: height * width * channels }, () => random.below(256)),
    ...{ height, width, channels },
  };
};

const key = { seed: 3, epoch: 2, index: 7 };
const only = (...transforms: TransformConfig[]) => augmentation({ transforms });
const pixels = (picture: Picture, transforms: TransformConfig[], rest: Partial<AugmentationConfig> = {}) => [
  ...augmentation({ transforms, ...rest })
    .draw(picture, key)
    .apply(picture).data,
];
const row = (...values: number[]): Picture => ({
  data: Uint8Array.from(values),
  ...{ height: 1, width: values.length, channels: 1 },
});

const every = Object.keys(transformTable) as TransformConfig['type'][];

describe('identity settings', () => {
  const still: TransformConfig[] = [
    { type: 'rotation', degrees: 0 },
    { type: 'zoom', factor: [1, 1], center: 'random' },
    { type: 'shift', x: 0, y: 0 },
    { type: 'shear', x: 0 },
    { type: 'perspective', tilt: 0 },
    { type: 'randomResizedCrop', scale: [1, 1], ratio: [4 / 3, 4 / 3] },
    { type: 'brightness', factor: 0 },
    { type: 'contrast', factor: 0 },
    { type: 'saturation', factor: [1, 1] },
    { type: 'hue', degrees: 0 },
    { type: 'blur', sigma: [0, 0] },
    { type: 'noise', sigma: [0, 0] },
    { type: 'flipHorizontal', p: 0 },
    { type: 'erasing', p: 0 },
    { type: 'trivialAugment', p: 0 },
  ];

  test.each([1, 3, 4])('%d channels: the photo bit for bit, in a copy, and boxes as they were', (channels) => {
    const bytes = photo(6, 8, channels);
    for (const picture of [bytes, { ...bytes, data: Float32Array.from(bytes.data, (v) => v / 7 - 11) }]) {
      const drawn = only(...still).draw(picture, key);
      expect(drawn.steps).toEqual([]);
      const { data } = drawn.apply(picture);
      expect(data).toEqual(picture.data);
      expect(data).not.toBe(picture.data);
      const boxes = [{ left: 0.3, top: 1, right: 7.9, bottom: 2 }];
      expect(drawn.boxes(boxes)).toEqual(boxes);
    }
  });
});

describe('by hand', () => {
  test('flips and quarter turns move pixels and change none', () => {
    // a b c
    // d e f
    const picture: Picture = { data: Uint8Array.of(10, 20, 30, 40, 50, 60), height: 2, width: 3, channels: 1 };
    expect(pixels(picture, [{ type: 'flipHorizontal', p: 1 }])).toEqual([30, 20, 10, 60, 50, 40]);
    expect(pixels(picture, [{ type: 'flipVertical', p: 1 }])).toEqual([40, 50, 60, 10, 20, 30]);
    expect(pixels(picture, [{ type: 'rotation', degrees: [180, 180] }])).toEqual([60, 50, 40, 30, 20, 10]);
    const square: Picture = { data: Uint8Array.of(1, 2, 3, 4), height: 2, width: 2, channels: 1 };
    // Counterclockwise: the upper right corner comes to the upper left.
    expect(pixels(square, [{ type: 'rotation', degrees: [90, 90] }])).toEqual([2, 4, 1, 3]);
  });

  test('shift, with what lies beyond the edge', () => {
    const picture = row(10, 20, 30, 40);
    const right: TransformConfig[] = [{ type: 'shift', x: [0.5, 0.5], y: 0 }];
    expect(pixels(picture, right, { fill: 'nearest' })).toEqual([10, 10, 10, 20]);
    expect(pixels(picture, right, { fill: 'reflect' })).toEqual([20, 10, 10, 20]);
    expect(pixels(picture, right, { fill: 'wrap' })).toEqual([30, 40, 10, 20]);
    expect(pixels(picture, right, { fill: 'constant', fillValue: 0.2 })).toEqual([51, 51, 10, 20]);
    const half: TransformConfig[] = [{ type: 'shift', x: [0.125, 0.125], y: 0 }];
    expect(pixels(picture, half, { fill: 'constant' })).toEqual([5, 15, 25, 35]);
    expect(pixels(picture, half, { interpolation: 'nearest' })).toEqual([10, 20, 30, 40]);
  });

  test('zoom out averages, so that no pixel is left out', () => {
    const picture = row(0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const small = pixels(picture, [{ type: 'zoom', factor: [0.25, 0.25] }], { fill: 'nearest' });
    expect(small.reduce((a, b) => a + b, 0)).toBe(50);
  });

  test('shear, rotation and zoom keep the middle of an odd picture', () => {
    const picture = photo(9, 9, 1);
    for (const one of [
      { type: 'shear', x: [20, 20] },
      { type: 'zoom', factor: [1.5, 1.5] },
      { type: 'rotation', degrees: [33, 33] },
    ] satisfies TransformConfig[]) {
      expect(pixels(picture, [one])[40], one.type).toBe(picture.data[40]);
    }
  });

  test('a map of four points takes each to its own, and its inverse takes it back', () => {
    const from = [
      [0, 0],
      [10, 0],
      [10, 5],
      [0, 5],
    ] as const;
    const to = [
      [1, 2],
      [9, -1],
      [12, 6],
      [-2, 4],
    ] as const;
    const matrix = quadToQuad(from, to);
    for (const [k, [x, y]] of from.entries()) {
      const [u, v] = mapped(matrix, x, y);
      expect([u, v].map((n) => Math.round(n * 1e9) / 1e9)).toEqual(to[k]);
      expect(mapped(inverted(matrix), u, v).map((n) => Math.round(n * 1e9) / 1e9 + 0)).toEqual([x, y]);
    }
  });

  test('brightness, contrast, saturation, hue', () => {
    const picture: Picture = { data: Uint8Array.of(100, 150, 200, 0, 50, 100), height: 1, width: 2, channels: 3 };
    expect(pixels(picture, [{ type: 'brightness', factor: [1.5, 1.5] }])).toEqual([150, 225, 255, 0, 75, 150]);
    const [r, g, b] = [0.299, 0.587, 0.114];
    const grey = (r * 100 + g * 200 + b * 300) / 2;
    const expected = [...picture.data].map((value) => Math.round(0.5 * value + 0.5 * grey));
    expect(pixels(picture, [{ type: 'contrast', factor: [0.5, 0.5] }])).toEqual(expected);
    const [first, second] = [r * 100 + g * 150 + b * 200, g * 50 + b * 100].map(Math.round);
    expect(pixels(picture, [{ type: 'saturation', factor: [0, 0] }])).toEqual([
      first,
      first,
      first,
      second,
      second,
      second,
    ]);
    // CSS's hue-rotate(120deg) of pure red: 0.213 − 0.5 · 0.787 − 0.866 · 0.213, … of 255, cut off below 0.
    const red: Picture = { data: Uint8Array.of(255, 0, 0), height: 1, width: 1, channels: 3 };
    expect(pixels(red, [{ type: 'hue', degrees: [120, 120] }])).toEqual([0, 113, 0]);
    // Nothing is cut off in between: darker and lighter again is the photo.
    const there: TransformConfig[] = [
      { type: 'brightness', factor: [4, 4] },
      { type: 'brightness', factor: [0.25, 0.25] },
    ];
    expect(pixels(picture, there)).toEqual([...picture.data]);
  });
});

describe('draws', () => {
  test('depend on seed, epoch and photo, and on nothing else', () => {
    const picture = photo(16, 16);
    const all = augmentation({ transforms: every.map((type) => ({ type }) as TransformConfig) });
    const at = (k: typeof key) => all.draw(picture, k);
    const first = at(key);
    for (let other = 0; other < 5; other++) at({ seed: 9, epoch: other, index: other }).apply(picture);
    expect(at(key).steps).toEqual(first.steps);
    expect(at(key).apply(picture)).toEqual(first.apply(picture));
    // Also where one draw is applied twice: noise begins anew.
    expect(first.apply(picture)).toEqual(first.apply(picture));
    for (const change of [{ seed: 4 }, { epoch: 3 }, { index: 8 }, { seed: 3 + 2 ** 40 }]) {
      expect(at({ ...key, ...change }).steps).not.toEqual(first.steps);
    }
  });

  test('a transform draws the same whatever the others draw', () => {
    const size = { height: 20, width: 20, channels: 3 };
    const turn = (...before: TransformConfig[]) =>
      only(...before, { type: 'rotation' })
        .draw(size, key)
        .steps.find(({ name }) => name === 'rotation')?.values;
    expect(turn({ type: 'shift' })).toEqual(turn({ type: 'shift', p: 0 }));
    expect(turn({ type: 'erasing', p: 1 })).toEqual(turn({ type: 'flipVertical' }));
  });

  test.each(every)('%s: within its ranges, uniform, as likely as it says', (type) => {
    const n = 400;
    const size = { height: 32, width: 24, channels: 3 };
    const some = only({ type, p: 0.25 } as TransformConfig);
    let done = 0;
    for (let index = 0; index < n; index++) if (some.draw(size, { ...key, index }).steps.length > 0) done++;
    // Three and a half standard deviations; RandAugment and TrivialAugment may draw nothing or the identity.
    expect(done).toBeLessThan(n * 0.25 + 3.5 * Math.sqrt(n * 0.25 * 0.75));
    if (!type.endsWith('Augment')) expect(done).toBeGreaterThan(n * 0.25 - 3.5 * Math.sqrt(n * 0.25 * 0.75));
  });

  test('rotation by ± 10 degrees is uniform', () => {
    const size = { height: 8, width: 8, channels: 1 };
    const drawn = Array.from({ length: 2000 }, (_, index) => {
      const [step] = only({ type: 'rotation', degrees: 10 }).draw(size, { ...key, index }).steps;
      return step?.values.degrees as number;
    });
    const mean = drawn.reduce((a, b) => a + b, 0) / drawn.length;
    const variance = drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(0.45); // 3.5 · 10 / √3 / √2000
    expect(variance).toBeGreaterThan(30.5);
    expect(variance).toBeLessThan(36.2);
    expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(10);
  });
});

describe('geometry', () => {
  test('is composed in the order of the list and interpolated once', () => {
    // Two shifts by half a pixel are one shift by a pixel: nothing is blurred.
    const half: TransformConfig = { type: 'shift', x: [0.125, 0.125], y: 0 };
    expect(pixels(row(0, 255, 0, 255), [half, half], { fill: 'wrap' })).toEqual([255, 0, 255, 0]);
    // First to the right, then mirrored; and the other way round.
    const flip: TransformConfig = { type: 'flipHorizontal', p: 1 };
    const shift: TransformConfig = { type: 'shift', x: [0.25, 0.25], y: 0 };
    expect(pixels(row(1, 2, 3, 4), [shift, flip], { fill: 'wrap' })).toEqual([3, 2, 1, 4]);
    expect(pixels(row(1, 2, 3, 4), [flip, shift], { fill: 'wrap' })).toEqual([1, 4, 3, 2]);
  });

  test('boxes go with the pixels', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (index) => {
        const [height, width] = [40, 60];
        const data = new Uint8Array(height * width);
        for (let y = 15; y < 25; y++) data.fill(255, y * width + 20, y * width + 35);
        const drawn = augmentation({
          transforms: [
            { type: 'rotation', degrees: 30 },
            { type: 'shift' },
            { type: 'zoom', factor: [0.8, 1.2] },
            { type: 'perspective' },
            { type: 'flipHorizontal' },
          ],
          fill: 'constant',
        }).draw({ height, width, channels: 1 }, { ...key, index });
        const [box] = drawn.boxes([{ left: 20, top: 15, right: 35, bottom: 25 }]);
        const seen = drawn.apply({ data, height, width, channels: 1 }).data;
        const found = { left: width, top: height, right: 0, bottom: 0 };
        for (const [i, value] of seen.entries()) {
          if (value < 128) continue;
          const [x, y] = [i % width, Math.floor(i / width)];
          found.left = Math.min(found.left, x);
          found.right = Math.max(found.right, x + 1);
          found.top = Math.min(found.top, y);
          found.bottom = Math.max(found.bottom, y + 1);
        }
        for (const side of ['left', 'top', 'right', 'bottom'] as const) {
          expect(Math.abs(found[side] - (box?.[side] ?? -99)), side).toBeLessThan(1.6);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a box that leaves the picture has no area left', () => {
    const drawn = only({ type: 'shift', x: [1, 1], y: 0 }).draw({ height: 10, width: 10, channels: 1 }, key);
    expect(drawn.boxes([{ left: 2, top: 2, right: 5, bottom: 5 }])).toEqual([
      { left: 10, top: 2, right: 10, bottom: 5 },
    ]);
  });

  test('a random crop has the share, the shape and the size that were asked for', () => {
    const crop = only({ type: 'randomResizedCrop', scale: [0.2, 0.6], ratio: [0.5, 2], size: [32, 48] });
    for (let index = 0; index < 200; index++) {
      const drawn = crop.draw({ height: 100, width: 80, channels: 1 }, { ...key, index });
      const [{ values }] = drawn.steps as [StepFacts];
      const { x, y, width, height } = values as Record<'x' | 'y' | 'width' | 'height', number>;
      expect(x >= 0 && y >= 0 && x + width <= 80 && y + height <= 100).toBe(true);
      expect((width * height) / 8000).toBeGreaterThan(0.17);
      expect((width * height) / 8000).toBeLessThan(0.63);
      expect(width / height).toBeGreaterThan(0.47);
      expect(width / height).toBeLessThan(2.1);
    }
    const cut = crop.draw({ height: 100, width: 80, channels: 1 }, key).apply(photo(100, 80, 1));
    expect([cut.height, cut.width, cut.data.length]).toEqual([32, 48, 32 * 48]);
  });
});

describe('configuration', () => {
  test('is JSON and gives the same again', () => {
    const config: AugmentationConfig = {
      transforms: [{ type: 'rotation', degrees: [-5, 20], p: 0.5 }, { type: 'randAugment', n: 3 }, { type: 'erasing' }],
      fill: 'constant',
      fillValue: 0.5,
      cutMix: { alpha: 2 },
    };
    const first = augmentation(config);
    const { type, ...copy } = JSON.parse(JSON.stringify(first.config()));
    expect(type).toBe('transforms');
    expect(copy).toEqual(config);
    const picture = photo(12, 12);
    expect(augmentation(copy).draw(picture, key).apply(picture)).toEqual(first.draw(picture, key).apply(picture));
  });

  test.each<[unknown, RegExp]>([
    [{ type: 'rotatoin' }, /no such transform.*rotation/],
    [{ type: 'rotation', degree: 3 }, /no option "degree".*degrees/],
    [{ type: 'rotation', degrees: [10, -10] }, /two ends/],
    [{ type: 'rotation', degrees: -3 }, /two ends/],
    [{ type: 'rotation', degrees: Number.NaN }, /two ends/],
    [{ type: 'zoom', factor: [0, 1] }, /0\.05/],
    [{ type: 'brightness', factor: 'strong' }, /two ends/],
    [{ type: 'flipHorizontal', p: 1.5 }, /between 0 and 1/],
    [{ type: 'erasing', value: 'rainbow' }, /number from 0 to 1/],
    [{ type: 'randAugment', n: 2.5 }, /whole number/],
    [{ type: 'randomResizedCrop', size: 1e9 }, /16384/],
    ['rotation', /no such transform/],
    [null, /no such transform/],
  ])('%j is an error', (transform, message) => {
    expect(() => augmentation({ transforms: [transform as TransformConfig] })).toThrow(message);
    expect(() => augmentation({ transforms: [transform as TransformConfig] })).toThrow(FoveaError);
  });

  test.each<[Readonly<Record<string, unknown>>, RegExp]>([
    [{ fill: 'mirror' }, /one of nearest, reflect/],
    [{ fillValue: 200 }, /0 to 1/],
    [{ transforms: {} }, /list/],
    [{ mixup: { alpha: 0 } }, /0\.01/],
    [{ mixup: { p: 0.8 }, cutMix: { p: 0.8 } }, /at most 1 together/],
    [{ mixUp: {} }, /no option "mixUp"/],
  ])('%j is an error', (part, message) => {
    expect(() => augmentation({ transforms: [], ...part } as AugmentationConfig)).toThrow(message);
  });

  test('a picture that is not what it says is an error', () => {
    const drawn = only().draw({ height: 2, width: 2, channels: 1 }, key);
    expect(() => drawn.apply({ data: new Uint8Array(5), height: 2, width: 2, channels: 1 })).toThrow(/as many numbers/);
  });
});
