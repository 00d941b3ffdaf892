import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { sharedData } from '../../testing/sharedData.js';
import { framePhoto } from '../photos/framePhoto.js';
import type { Photo } from '../photos/photo.js';
import { createPhotoDecoder, type PhotoDecoder } from './photoDecoder.js';
import { photoFolder } from './photoFolder.js';
import { scanPhotos } from './photoScan.js';

/** Public suites of pictures, and real photos: the data of ../shared, which FOVEA_SHARED can place elsewhere. */
const data = sharedData();
const suite = (name: string): string => join(data, 'conformance', name);
const filesOf = (folder: string, ending: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];

let decoder: PhotoDecoder;
beforeAll(async () => {
  decoder = await createPhotoDecoder();
});
const decode = (path: string): Promise<Photo> => decoder.decode(readFileSync(path), path);

function difference(a: Photo, b: Photo): { most: number; mean: number } {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  let [most, sum] = [0, 0];
  for (let i = 0; i < a.pixels.length; i++) {
    const off = Math.abs((a.pixels[i] as number) - (b.pixels[i] as number));
    most = Math.max(most, off);
    sum += off;
  }
  return { most, mean: sum / a.pixels.length };
}

const pngs = filesOf(suite('pngsuite'), '.png');
describe.skipIf(pngs.length === 0)('PngSuite (skipped where absent)', () => {
  test('every valid file is decoded, to its size', async () => {
    const valid = pngs.filter((name) => !name.startsWith('x'));
    expect(valid.length).toBeGreaterThan(150);
    for (const name of valid) {
      const bytes = readFileSync(join(suite('pngsuite'), name));
      const { width, height, pixels } = await decoder.decode(bytes, name);
      expect([width, height, pixels.length], name).toEqual([
        bytes.readUInt32BE(16),
        bytes.readUInt32BE(20),
        width * height * 3,
      ]);
    }
  });

  test('the same picture interlaced and not, in any compression and with any filter', async () => {
    const at = (name: string) => decode(join(suite('pngsuite'), `${name}.png`));
    for (const kind of ['0g01', '0g02', '0g04', '0g08', '0g16', '2c08', '2c16', '3p08', '4a08', '6a08', '6a16']) {
      expect(difference(await at(`basi${kind}`), await at(`basn${kind}`)).most, kind).toBe(0);
    }
    for (const level of ['03', '06', '09']) {
      expect(difference(await at(`z${level}n2c08`), await at('z00n2c08')).most, level).toBe(0);
    }
  });

  test('grey ramps become equal red, green and blue', async () => {
    for (const [kind, white] of [
      ['0g02', 255],
      ['0g04', 238],
      ['0g08', 255],
    ] as const) {
      const { pixels } = await decode(join(suite('pngsuite'), `basn${kind}.png`));
      expect(pixels.every((value, i) => value === pixels[i - (i % 3)])).toBe(true);
      expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([0, white]);
    }
  });

  const corrupt = pngs.filter((name) => name.startsWith('x'));
  test.each(corrupt)('%s is refused', async (name) => {
    const error = await decode(join(suite('pngsuite'), name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FoveaError);
    expect((error as FoveaError).data.kind).toBe('broken');
  });
});

const jpegs = ['.', 'mozilla'].flatMap((folder) =>
  filesOf(join(suite('jpeg-reftest'), folder), '.jpg').map((name) => join(folder, name)),
);
describe.skipIf(jpegs.length === 0)('JPEG with reference pictures (skipped where absent)', () => {
  // The references of the CMYK files ignore that inks are no light; ours goes through a color profile.
  const inks = /cmyk|ycck/;
  test.each(jpegs)('%s', async (name) => {
    const path = join(suite('jpeg-reftest'), name);
    const { most, mean } = difference(await decode(path), await decode(path.replace(/jpg$/, 'png')));
    if (inks.test(name)) expect(mean).toBeLessThan(20);
    else expect(most).toBeLessThanOrEqual(2);
  });
});

const oriented = filesOf(suite('exif-orientation'), '.jpg');
test.skipIf(oriented.length === 0)('the eight EXIF orientations give one picture (skipped where absent)', async () => {
  expect(oriented).toHaveLength(8);
  const frame = { resize: { mode: 'squash', to: 64, interpolation: 'bilinear' }, crop: [64, 64] } as const;
  const all = await Promise.all(
    oriented.map((name) => decoder.decode(readFileSync(join(suite('exif-orientation'), name)), name, frame)),
  );
  const [first] = all as [Photo];
  // Each says its number in a corner and was compressed anew.
  for (const one of all) expect(difference(one, first).mean).toBeLessThan(5);
  const { pixels } = first;
  const mirrored = pixels.map(
    (_, i) => pixels[(Math.floor(i / 192) * 64 + 63 - (Math.floor(i / 3) % 64)) * 3 + (i % 3)] as number,
  );
  expect(difference({ ...first, pixels: mirrored }, first).mean).toBeGreaterThan(15);
  const full = await decode(join(suite('exif-orientation'), oriented[5] as string));
  expect(full.width).toBeGreaterThan(full.height);
});

describe('formats and kinds of numbers', () => {
  const flat = (channels: 3 | 4, background: object) =>
    sharp({ create: { width: 16, height: 12, channels, background: background as never } });
  const orange = { r: 250, g: 120, b: 10 };

  test.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('%s', async (format) => {
    const bytes = await flat(3, orange).toFormat(format, { quality: 90 }).toBuffer();
    expect(await decoder.header(bytes, format)).toEqual({ format, width: 16, height: 12 });
    const { pixels, width, height } = await decoder.decode(bytes, format);
    expect([width, height, pixels.length]).toEqual([16, 12, 576]);
    for (const [c, value] of [250, 120, 10].entries()) {
      expect(Math.abs((pixels[300 + c] as number) - value)).toBeLessThan(12);
    }
  });

  test('transparent parts lie on the background', async () => {
    const bytes = await flat(4, { ...orange, alpha: 0 })
      .png()
      .toBuffer();
    expect((await decoder.decode(bytes, 'x')).pixels[0]).toBe(255);
    const dark = await createPhotoDecoder({ background: [1, 2, 3] });
    expect([...(await dark.decode(bytes, 'x')).pixels.subarray(0, 3)]).toEqual([1, 2, 3]);
  });

  test('16 bits become 8', async () => {
    const bytes = await flat(3, orange).toColourspace('rgb16').png().toBuffer();
    expect([...(await decoder.decode(bytes, 'x')).pixels.subarray(0, 3)]).toEqual([250, 120, 10]);
  });

  test('an embedded color profile is applied', async () => {
    const bytes = await flat(3, orange).withIccProfile('p3').png().toBuffer();
    const { pixels } = await decoder.decode(bytes, 'x');
    for (const [c, value] of [250, 120, 10].entries()) {
      expect(Math.abs((pixels[c] as number) - value)).toBeLessThan(6);
    }
    const raw = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs((raw[0] as number) - 250)).toBeGreaterThan(6);
  });
});

const cats = join(data, 'images/cats-vs-dogs');
describe.skipIf(!existsSync(cats))('cats and dogs (skipped where absent)', () => {
  test('sharp and our own interpolation agree', async () => {
    const path = join(cats, 'train/cats', readdirSync(join(cats, 'train/cats'))[0] as string);
    const full = await decode(path);
    for (const interpolation of ['bilinear', 'bicubic'] as const) {
      const frame = { resize: { mode: 'shortSide', to: 160, interpolation }, crop: [128, 128] } as const;
      const [fast, own] = [await decoder.decode(readFileSync(path), path, frame), framePhoto(full, frame, [0, 0, 0])];
      expect(difference(fast, own).mean).toBeLessThan(1.5);
    }
  });

  test('500 and 500 to train, 200 and 200 to validate', async () => {
    const { train, valid, classNames, problems } = await photoFolder(cats, { size: 64 });
    expect([train.size, valid?.size, classNames, problems]).toEqual([1000, 400, ['cats', 'dogs'], []]);
    const { x, y } = await train.batch(Uint32Array.of(0, 999));
    expect([x.shape, [...y.data]]).toEqual([
      [2, 64, 64, 3],
      [0, 1],
    ]);
  });

  /** `count` small photos of all kinds with a few bytes changed, a quarter of them cut off. */
  async function* damagedPhotos(count: number): AsyncGenerator<Uint8Array> {
    const names = readdirSync(join(cats, 'train/dogs')).slice(0, 5);
    const photos = names.map((name) => readFileSync(join(cats, 'train/dogs', name)));
    const small = (i: number) => sharp(photos[i] as Buffer).resize(40, 40);
    const files = await Promise.all([
      small(0).jpeg().toBuffer(),
      small(1).png().toBuffer(),
      small(2).webp().toBuffer(),
      small(3).gif().toBuffer(),
      small(4).tiff({ compression: 'lzw' }).toBuffer(),
      small(0).jpeg({ progressive: true }).toBuffer(),
      small(1).avif().toBuffer(),
    ]);
    const random = new RandomStream(7, 'damage');
    for (let i = 0; i < count; i++) {
      const bytes = Uint8Array.from(files[i % files.length] as Buffer);
      for (let k = random.below(6); k >= 0; k--) bytes[random.below(bytes.length)] = random.below(256);
      yield random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    }
  }
  const fuzz = process.env.FOVEA_FUZZ;

  test('damaged photos are decoded or refused, nothing else', async () => {
    const count = Number(fuzz ?? 600);
    let refused = 0;
    for await (const bytes of damagedPhotos(count)) {
      const result = await decoder.decode(bytes, 'x', frame32).catch((error: unknown) => error);
      if (!(result instanceof Error)) continue;
      expect(result).toBeInstanceOf(FoveaError);
      refused++;
    }
    expect(refused).toBeGreaterThan(count / 10);
    expect(refused).toBeLessThan(count);
  }, 600_000);

  test('every damaged file is counted, as a photo or as what is left out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fovea-damaged-'));
    try {
      const count = Number(fuzz ?? 150);
      await mkdir(join(folder, 'a'));
      let made = 0;
      for await (const bytes of damagedPhotos(count)) await writeFile(join(folder, 'a', `${made++}.jpg`), bytes);
      await writeFile(
        join(folder, 'a', 'whole.png'),
        await sharp(join(cats, 'valid/cats', 'cat.4001.jpg'))
          .png()
          .toBuffer(),
      );
      const { photos, problems } = await scanPhotos(folder);
      expect(photos + problems.length).toBe(count + 1);
      expect(problems.length).toBeGreaterThan(count / 10);
      const opened = await photoFolder(folder, { size: 16, validation: 0 });
      const before = opened.problems.length;
      expect(opened.train.size + before).toBe(count + 1);
      let left = 0;
      for (let start = 0; start < opened.train.size; start += 50) {
        const n = Math.min(50, opened.train.size - start);
        const { sampleWeights } = await opened.train.batch(Uint32Array.from({ length: n }, (_, i) => start + i));
        left += sampleWeights?.filter((weight) => weight === 0).length ?? 0;
      }
      // Those that only decoding finds have a weight of 0 and a problem each.
      expect(opened.problems.length - before).toBe(left);
      expect(opened.train.size - left).toBe(photos);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 600_000);
});

const frame32 = { resize: { mode: 'squash', to: 32, interpolation: 'bilinear' }, crop: [32, 32] } as const;

const pets = join(data, 'images/oxford-pets-370');
test.skipIf(!existsSync(pets))('scanPhotos of 370 pets (skipped where absent)', async () => {
  const { photos, parts, imbalance, problems, odd, formats } = await scanPhotos(pets, { decode: false });
  expect([photos, imbalance.toFixed(2), formats]).toEqual([370, '2.08', { jpeg: 370 }]);
  expect(parts).toEqual([
    {
      part: 'train',
      photos: 370,
      classes: [
        { name: 'cats', photos: 120 },
        { name: 'dogs', photos: 250 },
      ],
    },
  ]);
  expect([problems, odd]).toEqual([[], []]);
});
