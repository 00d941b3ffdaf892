import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { augmentation } from '../augment/augmentation.js';
import type { PhotoDataset } from '../photos/photoDataset.js';
import type { Preprocessing } from '../photos/preprocessing.js';
import { createPhotoDecoder } from './photoDecoder.js';
import { photoFolder } from './photoFolder.js';
import { scanPhotos } from './photoScan.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-photos-'));
});
afterEach(() => rm(folder, { recursive: true }));

type Color = { r: number; g: number; b: number };
const red: Color = { r: 255, g: 0, b: 0 };
const blue: Color = { r: 0, g: 0, b: 255 };

const plainPng = (background: Color, width = 8, height = 8) =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
}

/** `count` photos of a class; each has a red that tells its number. */
async function putClass(path: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await put(`${path}/${i}.png`, await plainPng({ r: 10 * i, g: 0, b: 0 }));
}

async function refusal(action: Promise<unknown>): Promise<FoveaError> {
  const error = await action.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FoveaError);
  return error as FoveaError;
}

/** The first red value of each photo of a batch, 0 to 255. */
async function reds(dataset: PhotoDataset, indices: number[]): Promise<number[]> {
  const { x } = await dataset.batch(Uint32Array.from(indices));
  const size = x.size / indices.length;
  return indices.map((_, i) => Math.round((x.data[i * size] as number) * 255));
}

describe('layouts', () => {
  test('one folder per class: a fifth is set aside, each class in its share, by the seed', async () => {
    await putClass('dog', 10);
    await putClass('cat/inner', 5);
    const { train, valid, test: held, classNames, problems } = await photoFolder(folder, { size: 8, seed: 3 });
    expect([classNames, problems, held]).toEqual([['cat', 'dog'], [], undefined]);
    expect([train.size, valid?.size, train.inputShape]).toEqual([12, 3, [8, 8, 3]]);
    expect([...(valid?.labels ?? [])]).toEqual([0, 1, 1]);
    expect(new Set([...train.names, ...(valid?.names ?? [])]).size).toBe(15);
    expect(train.names[0]).toMatch(/^cat\/inner\/\d\.png$/);
    const again = await photoFolder(folder, { size: 8, seed: 3 });
    expect(again.valid?.names).toEqual(valid?.names);
    const seeds = await Promise.all([4, 5, 6].map((seed) => photoFolder(folder, { size: 8, seed })));
    expect(seeds.some((one) => String(one.valid?.names) !== String(valid?.names))).toBe(true);
    expect((await photoFolder(folder, { validation: 0 })).valid).toBeUndefined();
  });

  test('train, validation and test', async () => {
    await putClass('Train/b', 2);
    await putClass('Train/a', 2);
    await putClass('val/b', 1);
    await putClass('test/a', 1);
    await putClass('test/unknown', 1);
    await putClass('sample/a', 1);
    const { train, valid, test: held, classNames, problems } = await photoFolder(folder);
    expect(classNames).toEqual(['a', 'b']);
    expect([train.names, valid?.names, held?.names]).toEqual([
      ['Train/a/0.png', 'Train/a/1.png', 'Train/b/0.png', 'Train/b/1.png'],
      ['val/b/0.png'],
      ['test/a/0.png'],
    ]);
    expect([...(valid?.labels ?? [])]).toEqual([1]);
    expect(problems.map(({ path, kind }) => [path, kind])).toEqual([['test/unknown', 'unlabeled']]);
  });

  test('a class may be called train', async () => {
    await putClass('train', 2);
    await putClass('bus', 2);
    expect((await photoFolder(folder)).classNames).toEqual(['bus', 'train']);
  });

  test('other files, links in a circle, clutter', async () => {
    await putClass('a', 2);
    await put('a/notes.txt', 'hello');
    await put('a/.hidden', 'x');
    await put('a/Thumbs.db', 'x');
    await put('beside.png', await plainPng(red));
    await mkdir(join(folder, 'none'));
    await symlink(folder, join(folder, 'a', 'round'));
    await copyFile(join(folder, 'a/0.png'), join(folder, 'a/really-a-png'));
    const { classNames, problems, train } = await photoFolder(folder, { validation: 0 });
    expect(classNames).toEqual(['a']);
    expect(train.names).toContain('a/really-a-png');
    expect(train.size).toBe(3);
    expect(problems.map(({ path, kind }) => `${path} ${kind}`).sort()).toEqual([
      '. unlabeled',
      'a/notes.txt notPhoto',
      'none empty',
    ]);
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    ['nothing', async () => undefined, /one sub-folder per class.*no folder/],
    ['no classes', async () => put('a.png', await plainPng(red)), /no folder and 1 photos beside/],
    ['no photos', async () => put('a/b.txt', 'x'), /folders without photos \(a\)/],
    [
      'two validation folders',
      async () => {
        for (const part of ['train', 'val', 'valid']) await putClass(`${part}/a`, 1);
      },
      /two folders for valid/,
    ],
  ])('%s', async (_, make, message) => {
    await make();
    const error = await refusal(photoFolder(folder));
    expect(error.code).toBe('data');
    expect(error.message).toMatch(message);
  });

  test('no folder', async () => {
    expect((await refusal(photoFolder(join(folder, 'nowhere')))).code).toBe('file');
    expect((await refusal(photoFolder(folder, { validation: 1 }))).code).toBe('option');
  });
});

describe('batches', () => {
  test('photos in the order that was asked for, from any cache', async () => {
    await putClass('a', 5);
    await putClass('b', 3);
    const own = join(folder, '..', `${folder.split('/').at(-1)}-cache`);
    try {
      for (const cache of [undefined, 'memory', { folder: own }, { folder: own }] as const) {
        const { train } = await photoFolder(folder, { size: 4, validation: 0, ...(cache ? { cache } : {}) });
        for (let pass = 0; pass < 2; pass++) expect(await reds(train, [4, 0, 7, 4])).toEqual([40, 0, 20, 40]);
        expect([...(await train.batch(Uint32Array.of(7, 0))).y.data]).toEqual([1, 0]);
        expect((await train.batch(Uint32Array.of(1))).sampleWeights).toBeUndefined();
      }
      const kept = await readdir(own);
      expect(kept).toHaveLength(1);
      // A damaged record is decoded anew.
      const path = join(own, kept[0] as string);
      const bytes = await readFile(path);
      bytes.fill(99, 8 * 4);
      await writeFile(path, bytes);
      const { train } = await photoFolder(folder, { size: 4, validation: 0, cache: { folder: own } });
      expect(await reds(train, [4, 0, 7])).toEqual([40, 0, 20]);
      await put('a/0.png', await plainPng(blue));
      const { train: changed } = await photoFolder(folder, { size: 4, validation: 0, cache: { folder: own } });
      expect(Array.from((await changed.batch(Uint32Array.of(0))).x.data.slice(0, 3))).toEqual([0, 0, 1]);
      expect(await readdir(own)).toHaveLength(2);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  });

  test('photos that are kept stay as they are, whoever changes what they were given', async () => {
    await put('a/0.png', await plainPng(red));
    const own = join(folder, '..', `${folder.split('/').at(-1)}-cache`);
    try {
      for (const cache of ['memory', { folder: own }] as const) {
        const { train } = await photoFolder(folder, { size: 4, validation: 0, cache });
        for (let pass = 0; pass < 2; pass++) {
          (await train.photo(0)).pixels.fill(7);
          (await train.batch(Uint32Array.of(0))).x.data.fill(7);
          const darkened = train.withPictures?.((picture) => {
            picture.data.fill(0);
            return picture;
          });
          expect((await darkened?.batch(Uint32Array.of(0)))?.x.data[0]).toBe(0);
          const identity = augmentation({ transforms: [] });
          const changed = train.withPictures?.((picture, index) => {
            const same = identity.draw(picture, { seed: 0, epoch: 0, index }).apply(picture);
            same.data.fill(0);
            return picture;
          });
          expect((await changed?.batch(Uint32Array.of(0)))?.x.data[0]).toBe(1);
          expect([...(await train.photo(0)).pixels.subarray(0, 3)]).toEqual([255, 0, 0]);
          expect(await reds(train, [0])).toEqual([255]);
        }
      }
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  });

  test('what is expected is decoded before it is asked for', async () => {
    await putClass('a', 6);
    const { train } = await photoFolder(folder, { size: 4, validation: 0 });
    train.expect?.(Uint32Array.of(1, 2));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await rm(join(folder, 'a'), { recursive: true });
    expect(await reds(train, [1, 2])).toEqual([10, 20]);
    // Photos that nobody expected are gone with their folder.
    await expect(train.photo(3)).rejects.toThrow(/a\/3\.png/);
  });

  test("the network's own numbers: order, range and mean", async () => {
    await put('a/0.png', await plainPng(red));
    const preprocessing: Preprocessing = {
      resize: { mode: 'squash', to: 4, interpolation: 'bilinear' },
      ...{ crop: [4, 4], channelOrder: 'bgr', range: [0, 255], mean: [1, 2, 3], standardDeviation: [1, 1, 1] },
    };
    const { train } = await photoFolder(folder, { preprocessing, validation: 0 });
    expect([...(await train.batch(Uint32Array.of(0))).x.data.slice(0, 3)]).toEqual([-1, -2, 252]);
  });

  test.each(['squash', 'crop', 'pad'] as const)('%s', async (resize) => {
    // Left half red, right half blue, 16 × 8.
    const half = await plainPng(red);
    const wide = await sharp({ create: { width: 16, height: 8, channels: 3, background: blue } })
      .composite([{ input: half, left: 0, top: 0 }])
      .png()
      .toBuffer();
    await put('a/0.png', wide);
    const { train } = await photoFolder(folder, { size: 8, resize, validation: 0, interpolation: 'nearest' });
    const { pixels } = await train.photo(0);
    const row = (y: number) =>
      Array.from({ length: 8 }, (_, x) => {
        const [r, , b] = pixels.subarray((y * 8 + x) * 3, (y * 8 + x) * 3 + 3);
        return r === 255 && b === 255 ? '.' : r === 255 ? 'r' : 'b';
      }).join('');
    const picture = resize === 'pad' ? ['........', 'rrrrbbbb', '........'] : Array(3).fill('rrrrbbbb');
    expect([row(0), row(4), row(7)]).toEqual(picture);
  });
});

describe('broken photos', () => {
  const noisy = async (): Promise<Buffer> => {
    const pixels = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 251));
    return sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
  };

  test('are named and skipped when the folder is opened', async () => {
    await putClass('a', 3);
    await putClass('b', 3);
    await put('a/text.jpg', 'no photo');
    await put('a/empty.jpg', '');
    await put('b/header.png', (await plainPng(red)).subarray(0, 20));
    await put('b/old.bmp', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]));
    const { train, valid, problems } = await photoFolder(folder);
    expect(train.size + (valid?.size ?? 0)).toBe(6);
    expect(problems.map(({ path, kind }) => `${path} ${kind}`).sort()).toEqual([
      'a/empty.jpg broken',
      'a/text.jpg broken',
      'b/header.png broken',
      'b/old.bmp unsupported',
    ]);
  });

  test('found during a run: another of the class stands in with a weight of 0', async () => {
    await putClass('a', 2);
    await putClass('b', 1);
    const cut = await noisy();
    await put('a/cut.jpg', cut.subarray(0, Math.floor(cut.length / 2)));
    const told: string[] = [];
    const options = { size: 4, validation: 0, onProblem: ({ path }: { path: string }) => told.push(path) };
    const opened = await photoFolder(folder, options);
    expect([opened.train.size, opened.problems]).toEqual([4, []]);
    for (let pass = 0; pass < 2; pass++) {
      const { x, y, sampleWeights } = await opened.train.batch(Uint32Array.of(1, 2, 3));
      expect([...(sampleWeights ?? [])]).toEqual([1, 0, 1]);
      expect([...y.data]).toEqual([0, 0, 1]);
      expect(x.data.slice(48, 96)).toEqual(new Float32Array(48).map((_, i) => x.data[48 + (i % 3)] as number));
    }
    expect(told).toEqual(['a/cut.jpg']);
    expect(opened.problems.map(({ path, kind }) => [path, kind])).toEqual([['a/cut.jpg', 'broken']]);
    const strict = await photoFolder(folder, { ...options, check: 'decode' });
    expect([strict.train.size, strict.problems.length]).toEqual([3, 1]);
  });

  test('nothing but broken ones', async () => {
    await put('a/0.png', (await plainPng(red)).subarray(0, 20));
    expect((await refusal(photoFolder(folder))).message).toMatch(/no photo can be decoded.*a\/0\.png/);
    const cut = await noisy();
    await put('a/0.png', cut.subarray(0, Math.floor(cut.length / 2)));
    const { train } = await photoFolder(folder, { validation: 0 });
    expect((await refusal(train.batch(Uint32Array.of(0)) as Promise<unknown>)).message).toMatch(/none of the 1 photos/);
  });

  test('a decompression bomb is refused', async () => {
    const bomb = await sharp({ create: { width: 3000, height: 3000, channels: 3, background: red } })
      .png()
      .toBuffer();
    expect(bomb.length).toBeLessThan((3000 * 3000 * 3) / 100);
    await put('a/bomb.png', bomb);
    await put('a/0.png', await plainPng(red));
    const { problems, train } = await photoFolder(folder, { maxPixels: 1_000_000, validation: 0 });
    expect(train.size).toBe(1);
    expect(problems.map(({ path, kind }) => [path, kind])).toEqual([['a/bomb.png', 'tooLarge']]);
  });

  test('a header that lies about its size', async () => {
    const bytes = new Uint8Array(await plainPng(red));
    new DataView(bytes.buffer).setUint32(16, 2 ** 31 - 1);
    const decoder = await createPhotoDecoder();
    expect((await refusal(decoder.decode(bytes, 'x'))).code).toBe('format');
  });
});

test('scanPhotos counts, measures and names', async () => {
  await putClass('train/a', 4);
  await put('train/b/wide.png', await plainPng(red, 200, 40));
  await put('train/b/wrong.jpg', await plainPng(red, 50, 60));
  await put('train/b/note.md', 'x');
  await putClass('valid/a', 1);
  const cut = await sharp(Buffer.alloc(3 * 90 * 90, 7), { raw: { width: 90, height: 90, channels: 3 } })
    .webp()
    .toBuffer();
  await put('train/b/cut.webp', cut);
  await truncate(join(folder, 'train/b/cut.webp'), cut.length - 12);
  const report = await scanPhotos(folder);
  expect(report).toMatchObject({
    photos: 7,
    parts: [
      {
        part: 'train',
        photos: 6,
        classes: [
          { name: 'a', photos: 4 },
          { name: 'b', photos: 2 },
        ],
      },
      { part: 'valid', photos: 1, classes: [{ name: 'a', photos: 1 }] },
    ],
    formats: { png: 7 },
    height: { least: 8, median: 8, most: 60 },
    width: { least: 8, median: 8, most: 200 },
    imbalance: 2,
  });
  expect(report.problems.map(({ path, kind }) => [path, kind])).toEqual([
    ['train/b/note.md', 'notPhoto'],
    ['train/b/cut.webp', 'broken'],
  ]);
  const odd = report.odd.map(({ path, message }) => `${path} ${message}`);
  expect(odd).toContain('train/a/0.png tiny: 8 × 8 pixels');
  expect(odd).toContain('train/b/wide.png one side is 5.0 times the other: 200 × 40');
  expect(odd).toContain('train/b/wrong.jpg named .jpg, but it is PNG');
});
