import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { framePhoto } from './framePhoto.js';
import type { Photo } from './photo.js';
import { memoryPhotoCache } from './photoCache.js';
import { photoDataset } from './photoDataset.js';
import { photoFormat } from './photoFormat.js';
import { PhotoLoader } from './photoLoader.js';
import { photoPart } from './photoParts.js';
import { placePhoto } from './placePhoto.js';
import type { Interpolation } from './preprocessing.js';
import { resizePhoto } from './resizePhoto.js';

describe('placePhoto', () => {
  // Worked by hand from torchvision's rules: the long side is rounded down, Python rounds halves to even.
  test.each([
    { mode: 'squash', to: 224, crop: [224, 224], photo: [100, 300], place: [224, 224, 0, 0] },
    { mode: 'squash', to: 256, crop: [224, 224], photo: [100, 300], place: [256, 256, -16, -16] },
    { mode: 'shortSide', to: 256, crop: [224, 224], photo: [300, 400], place: [256, 341, -16, -58] },
    { mode: 'shortSide', to: 256, crop: [224, 224], photo: [400, 300], place: [341, 256, -58, -16] },
    { mode: 'shortSide', to: 5, crop: [4, 4], photo: [10, 10], place: [5, 5, 0, 0] },
    { mode: 'shortSide', to: 7, crop: [4, 4], photo: [10, 10], place: [7, 7, -2, -2] },
    { mode: 'pad', to: 224, crop: [224, 224], photo: [100, 200], place: [112, 224, 56, 0] },
    { mode: 'pad', to: 10, crop: [10, 10], photo: [1000, 1], place: [10, 1, 0, 4] },
    { mode: 'pad', to: 10, crop: [20, 10], photo: [10, 10], place: [10, 10, 5, 0] },
  ] as const)('$mode to $to, crop $crop, photo $photo', ({ mode, to, crop, photo, place }) => {
    const { height, width, top, left } = placePhoto(photo[0], photo[1], {
      resize: { mode, to, interpolation: 'bilinear' },
      crop,
    });
    expect([height, width, top, left]).toEqual(place);
  });
});

/** A grey photo of one row. */
const row = (...values: number[]): Photo => ({
  pixels: Uint8Array.from(values.flatMap((v) => [v, v, v])),
  height: 1,
  width: values.length,
});
const greys = ({ pixels }: Photo): number[] => [...pixels].filter((_, i) => i % 3 === 0);

describe('resizePhoto', () => {
  test.each<[Interpolation, boolean, number[], number, number[]]>([
    ['nearest', true, [10, 20, 30, 40], 2, [20, 40]],
    ['nearest', true, [10, 20], 4, [10, 10, 20, 20]],
    ['bilinear', true, [0, 100], 4, [0, 25, 75, 100]],
    // The triangle reaches two pixels to each side: weights 3, 3, 1 of 7.
    ['bilinear', true, [70, 70, 140, 140], 2, [80, 130]],
    ['bilinear', false, [0, 100, 200, 250, 0, 50, 50, 0], 2, [150, 50]],
    // Keys, a = −0.5, half way between: −1, 9, 9, −1 of 16.
    ['bicubic', false, [0, 0, 160, 160], 2, [0, 170]],
    ['bicubic', false, [0, 160, 160, 32, 0, 160], 3, [80, 98, 78]],
  ])('%s, antialias %s: %j to %d', (interpolation, antialias, values, width, expected) => {
    const close = greys(resizePhoto(row(...values), 1, width, interpolation, antialias));
    expect(close).toEqual(expected);
  });

  // Image.fromarray(a).resize((width, height), filter) of Pillow 9.4, for a[y, x] = (53 i² + 97 i) % 256, i = 6 y + x.
  test.each<[Interpolation, number, number, number[]]>([
    ['nearest', 3, 2, [150, 212, 234, 16, 222, 236]],
    [
      'nearest',
      4,
      8,
      [
        0, 150, 150, 150, 0, 212, 212, 18, 186, 204, 204, 72, 46, 126, 126, 56, 230, 240, 240, 100, 66, 138, 138, 60,
        88, 222, 222, 206, 40, 236, 236, 26,
      ],
    ],
    ['bilinear', 3, 2, [117, 94, 171, 78, 170, 116]],
    [
      'bilinear',
      4,
      8,
      [
        47, 120, 151, 116, 27, 124, 129, 28, 147, 190, 187, 126, 65, 71, 73, 62, 172, 213, 206, 142, 78, 80, 79, 64,
        124, 188, 209, 163, 63, 150, 145, 35,
      ],
    ],
    ['bicubic', 3, 2, [115, 89, 175, 72, 173, 110]],
    [
      'bicubic',
      4,
      8,
      [
        40, 117, 162, 114, 8, 142, 148, 15, 144, 197, 198, 126, 61, 65, 71, 63, 172, 222, 219, 143, 75, 74, 77, 65, 116,
        190, 224, 165, 47, 170, 164, 22,
      ],
    ],
  ])('as Pillow: %s to %d × %d', (interpolation, height, width, expected) => {
    const grey = Array.from({ length: 30 }, (_, i) => (i * i * 53 + 97 * i) % 256);
    const photo = { pixels: Uint8Array.from(grey.flatMap((v) => [v, v, v])), height: 5, width: 6 };
    const off = greys(resizePhoto(photo, height, width, interpolation)).map((v, i) =>
      Math.abs(v - (expected[i] as number)),
    );
    // Pillow's fixed-point weights round some halves of 'bilinear' the other way.
    expect(Math.max(...off)).toBeLessThanOrEqual(interpolation === 'bilinear' ? 1 : 0);
  });

  test('one color stays what it is, in any size', () => {
    const sizes = fc.integer({ min: 1, max: 20 });
    const kinds = fc.constantFrom<Interpolation>('nearest', 'bilinear', 'bicubic');
    fc.assert(
      fc.property(sizes, sizes, sizes, sizes, kinds, fc.boolean(), (h, w, height, width, kind, antialias) => {
        const pixels = new Uint8Array(h * w * 3).map((_, i) => [10, 200, 77][i % 3] as number);
        const result = resizePhoto({ pixels, height: h, width: w }, height, width, kind, antialias);
        expect(result.pixels).toEqual(new Uint8Array(height * width * 3).map((_, i) => pixels[i % 3] as number));
      }),
    );
  });

  test('turning the photo by a quarter and resizing can be swapped', () => {
    const photo: Photo = { pixels: new Uint8Array(7 * 5 * 3).map((_, i) => (i * 53) % 256), height: 7, width: 5 };
    for (const kind of ['nearest', 'bilinear'] as const) {
      const turned = transpose(resizePhoto(photo, 4, 9, kind));
      const other = resizePhoto(transpose(photo), 9, 4, kind);
      const off = turned.pixels.map((value, i) => Math.abs(value - (other.pixels[i] as number)));
      expect(Math.max(...off)).toBeLessThanOrEqual(1);
    }
  });
});

function transpose({ pixels, height, width }: Photo): Photo {
  const turned = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      turned.set(pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), (x * height + y) * 3);
    }
  }
  return { pixels: turned, height: width, width: height };
}

test('framePhoto crops and pads at once', () => {
  const frame = { resize: { mode: 'shortSide', to: 2, interpolation: 'nearest' }, crop: [4, 2] } as const;
  const wide: Photo = { pixels: Uint8Array.from([1, 2, 3, 4].flatMap((v) => [v, v, v])), height: 1, width: 4 };
  const { pixels, height, width } = framePhoto(wide, frame, [9, 9, 9]);
  expect([height, width]).toEqual([4, 2]);
  expect([...pixels].filter((_, i) => i % 3 === 0)).toEqual([9, 9, 2, 3, 2, 3, 9, 9]);
});

const start = (text: string): Uint8Array =>
  Uint8Array.from(text.padEnd(64, '\0'), (character) => character.charCodeAt(0));

test.each<[string, string, ReturnType<typeof photoFormat>]>([
  ['JPEG', '\u00ff\u00d8\u00ff\u00e0', 'jpeg'],
  ['PNG', '\u0089PNG\r\n\u001a\n', 'png'],
  ['WebP', 'RIFF....WEBPVP8 ', 'webp'],
  ['GIF', 'GIF89a', 'gif'],
  ['TIFF', 'II*\0', 'tiff'],
  ['TIFF, big-endian', 'MM\0*', 'tiff'],
  ['AVIF', '\0\0\0\u001cftypavif\0\0\0\0mif1miaf', 'avif'],
  ['AVIF among others', '\0\0\0\u001cftypmif1\0\0\0\0avifmiaf', 'avif'],
  ['HEIC', '\0\0\0\u0018ftypheic\0\0\0\0mif1heic', { unsupported: 'HEIC' }],
  ['a film', '\0\0\0\u0018ftypisom\0\0\0\0isommp42', { unsupported: 'video' }],
  ['BMP', 'BM', { unsupported: 'BMP' }],
  ['SVG', '<svg xmlns=', { unsupported: 'SVG' }],
  ['another RIFF file', 'RIFF....WAVE', undefined],
  ['text', 'hello', undefined],
])('photoFormat: %s', (_, text, format) => expect(photoFormat(start(text))).toEqual(format));

test.each([
  ['Train', 'train'],
  ['VALIDATION', 'valid'],
  ['val', 'valid'],
  ['test', 'test'],
  ['constructor', undefined],
])('photoPart: %s', (name, part) => expect(photoPart(name)).toBe(part));

/** Photos of one pixel whose red is their index; loading waits until `release`. */
function slowSource(size: number, broken: readonly number[] = []) {
  const asked: number[] = [];
  const waiting: (() => void)[] = [];
  const source = {
    ...{ height: 1, width: 1, classNames: ['a', 'b'] },
    names: Array.from({ length: size }, (_, i) => `${i}.png`),
    labels: Int32Array.from({ length: size }, (_, i) => i % 2),
    async load(index: number): Promise<Photo> {
      asked.push(index);
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (broken.includes(index)) throw new FoveaError('format', { where: 'x', rule: 'y', data: { kind: 'broken' } });
      return { pixels: Uint8Array.of(index, 0, 0), height: 1, width: 1 };
    },
  };
  const release = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) {
      for (const resolve of waiting.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { source, asked, waiting, release };
}

describe('PhotoLoader', () => {
  test('decodes no more at once than allowed, what is waited for first', async () => {
    const { source, asked, waiting, release } = slowSource(10);
    const loader = new PhotoLoader(source, { concurrency: 2 });
    loader.expect([0, 1, 2, 3]);
    const wanted = Promise.all([loader.load(3), loader.load(9)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect([asked, waiting.length]).toEqual([[0, 1], 2]);
    await release();
    expect((await wanted).map((pixels) => pixels?.[0])).toEqual([3, 9]);
    expect(asked).toEqual([0, 1, 3, 9, 2]);
    expect(loader.aheadCount).toBe(3);
    expect((await loader.load(2))?.[0]).toBe(2);
    expect(asked).toHaveLength(5);
  });

  test('keeps no more ahead than there is room for, and forgets what nobody wants any more', async () => {
    const { source, asked, release } = slowSource(200);
    const loader = new PhotoLoader(source, { aheadBytes: 3 * 4 });
    loader.expect(source.labels.keys());
    expect(loader.aheadCount).toBe(4);
    loader.expect([100, 101]);
    expect(loader.aheadCount).toBe(2);
    await release();
    expect(asked.sort((a, b) => a - b)).toEqual([0, 1, 100, 101]);
  });

  test('a cache is asked first and filled up to its size', async () => {
    const { source, asked, release } = slowSource(4);
    const loader = new PhotoLoader(source, { cache: memoryPhotoCache(2 * 3) });
    for (let pass = 0; pass < 2; pass++) {
      const all = Promise.all([0, 1, 2].map((i) => loader.load(i)));
      await release();
      expect((await all).map((pixels) => pixels?.[0])).toEqual([0, 1, 2]);
    }
    expect(asked).toEqual([0, 1, 2, 2]);
  });

  test('broken photos are told of once', async () => {
    const { source, asked, release } = slowSource(6, [2, 3]);
    const told: string[] = [];
    const loader = new PhotoLoader(source, { onProblem: ({ path }) => told.push(path) });
    const numbers = { channelOrder: 'rgb', range: [0, 255], mean: [0, 0, 0], standardDeviation: [1, 1, 1] } as const;
    const dataset = photoDataset(loader, numbers, Uint32Array.of(2, 4, 3, 5));
    const two = Promise.all([dataset.batch(Uint32Array.of(0, 1, 2, 3)), dataset.batch(Uint32Array.of(0))]);
    await release();
    const [batch, single] = await two;
    expect([batch?.x.data[0], batch?.x.data[3], batch?.x.data[6], batch?.x.data[9]]).toEqual([4, 4, 5, 5]);
    expect([...(batch?.sampleWeights ?? [])]).toEqual([0, 1, 0, 1]);
    expect([...(single?.sampleWeights ?? [])]).toEqual([0]);
    expect(told.sort()).toEqual(['2.png', '3.png']);
    expect(asked.filter((index) => index === 3)).toHaveLength(1);
    await expect(dataset.photo(2)).rejects.toThrow(/3\.png/);
  });

  test.each([{ concurrency: 0 }, { concurrency: 1.5 }, { aheadBytes: -1 }])('refuses %j', (options) => {
    expect(() => new PhotoLoader(slowSource(1).source, options)).toThrow(FoveaError);
  });
});
