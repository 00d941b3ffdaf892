import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { sharedData } from '../../testing/sharedData.js';
import { findDuplicates } from '../photos/duplicates.js';
import { examinePhotos } from './examinePhotos.js';
import { createPhotoDecoder } from './photoDecoder.js';
import { photoFolder } from './photoFolder.js';
import { scanPhotos } from './photoScan.js';
import { photoStamps } from './photoStamps.js';

/** Lists of photos, groups and copies, in files. */

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-lists-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
  return join(folder, path);
}

/** A photo that no other number gives: soft blobs, 96 × 96. */
function scene(seed: number) {
  const random = new RandomStream(seed, 'scene');
  const pixels = Uint8Array.from({ length: 300 }, () => random.below(256));
  const small = sharp(pixels, { raw: { width: 10, height: 10, channels: 3 } });
  return small.resize(96, 96, { kernel: 'cubic' }).png().toBuffer();
}

describe('a list in place of a folder', () => {
  test('photos, parts, groups and weights; what cannot be used is named', async () => {
    for (let i = 0; i < 6; i++) await put(`pictures/${i}.png`, await scene(i));
    await put('pictures/b/7.png', await scene(7));
    await put('note.txt', 'x');
    const rows = ['file,label,split,group,weight', 'pictures/0.png,a,train,x,1', 'pictures/1.png,b,train,y,3'];
    rows.push('pictures/2.png,a,valid,x,1', 'pictures/3.png,b,test,,0', `${folder}/pictures/4.png,a,,z,`);
    rows.push('pictures/nowhere.png,a,train,,', 'note.txt,a,train,,', 'pictures/5.png,c,test,,', 'pictures/6.png,,,,');
    const list = await put('photos.csv', rows.join('\n'));
    const { train, valid, test: held, root, problems, straddling } = await photoFolder(list, { size: 4 });
    expect(root).toBe(folder);
    expect([train.names, [...train.labels], train.groups]).toEqual([
      [`${folder}/pictures/4.png`, 'pictures/0.png', 'pictures/1.png'],
      [0, 0, 1],
      ['z', 'x', 'y'],
    ]);
    expect([valid?.names, held?.names]).toEqual([['pictures/2.png'], ['pictures/3.png']]);
    expect((await train.batch(Uint32Array.of(0, 1, 2))).sampleWeights).toEqual(Float32Array.of(1, 1, 3));
    expect((await held?.batch(Uint32Array.of(0)))?.sampleWeights).toEqual(Float32Array.of(0));
    expect(straddling).toEqual(['x']);
    expect(problems.map(({ path, kind, message }) => [path, kind, message.slice(0, 40)])).toEqual([
      ['photos.csv, line 10', 'row', 'there is no label'],
      ['pictures/nowhere.png', 'unreadable', expect.stringContaining('photos.csv, line 7: ')],
      ['note.txt', 'notPhoto', 'photos.csv, line 8: it is no photo'],
      ['class c', 'unlabeled', 'the training photos have no such class'],
    ]);
    expect(await photoStamps(root, train.names)).toMatch(/^[0-9a-f]{64}$/);
  });

  test('JSON, and names within the folders of classes', async () => {
    for (const [i, name] of ['c0', 'c1', 'c0', 'c1'].entries()) await put(`${name}/img_${i}.png`, await scene(i));
    const rows = [0, 1, 2, 3].map((i) => ({ subject: `p${i % 3}`, classname: `c${i % 2}`, img: `img_${i}.png` }));
    const list = await put('drivers.json', JSON.stringify(rows));
    const { train, valid } = await photoFolder(list, { group: 'subject', validation: 0.25 });
    expect([...(train.groups ?? []), ...(valid?.groups ?? [])].sort()).toEqual(['p0', 'p0', 'p1', 'p2']);
    expect(valid?.names.every((name) => /^c[01]\/img_/.test(name))).toBe(true);
    await expect(photoFolder(join(folder, 'c0'), { columns: { path: 'x' } })).rejects.toThrow(/columns are those of/);
    expect((await scanPhotos(list, { group: 'subject' })).groups).toEqual({
      ...{ number: 3, largest: 2, ungrouped: 0, straddling: [] },
    });
  });

  test('what is no list, or names nothing that is there', async () => {
    const photo = await put('a.png', await scene(1));
    await expect(photoFolder(photo)).rejects.toThrow(/a folder, or in a list.*one photo/);
    await expect(photoFolder(await put('x.bin', Uint8Array.of(1, 0, 2)))).rejects.toThrow(/a file that is no text/);
    const list = await put('list.csv', 'path,label\nb.png,x\n../../../etc/passwd,x\n');
    await expect(photoFolder(list)).rejects.toThrow(/list must name photos to train on.*b\.png.*line 2/s);
  });
});

describe('groups and copies', () => {
  test('a pattern keeps what belongs together on one side', async () => {
    for (let i = 0; i < 24; i++) await put(`${i % 2 ? 'a' : 'b'}/p${i % 6}_${i}.png`, await scene(i));
    const { train, valid } = await photoFolder(folder, { group: '(p[0-9])_', duplicates: 'keep' });
    const sides = [train, valid].map((part) => new Set(part?.groups));
    expect([...(sides[0] ?? [])].some((group) => sides[1]?.has(group))).toBe(false);
    expect([train.size, valid?.size, new Set(valid?.labels).size]).toEqual([16, 8, 2]);
    await expect(photoFolder(folder, { group: 'nothing' })).rejects.toThrow(/no match in 24 paths/);
    await put('a/odd.png', await scene(99));
    expect((await scanPhotos(folder, { group: 'p[0-9]', decode: false })).groups?.ungrouped).toBe(1);
  });

  test('copies are kept together, dropped, or left where they are', async () => {
    for (let i = 0; i < 20; i++) {
      const name = i % 2 ? 'a' : 'b';
      const photo = await scene(i);
      await put(`${name}/${i}.png`, photo);
      if (i >= 8) continue;
      const copy = sharp(photo);
      if (i % 4 === 0) await put(`${name}/${i}-copy.jpg`, await copy.jpeg({ quality: 60 }).toBuffer());
      else if (i % 4 === 1)
        await put(`${name}/${i}-small.png`, await copy.resize(60, 48, { fit: 'fill' }).png().toBuffer());
      else if (i % 4 === 2) await put(`${name}/${i}-flop.png`, await copy.flop().png().toBuffer());
      else await put(`${name}/${i}-same.png`, photo);
    }
    const stem = (name: string) => name.replace(/-.*|\.png/, '');
    const across = async (duplicates: 'keep' | 'together' | 'drop', seed: number) => {
      const opened = await photoFolder(folder, { duplicates, seed, validation: 0.3 });
      const held = new Set(opened.valid?.names.map(stem));
      return { ...opened, shared: opened.train.names.filter((name) => held.has(stem(name))).length };
    };
    const kept = await Promise.all([0, 1, 2].map((seed) => across('keep', seed)));
    expect(kept.reduce((sum, { shared }) => sum + shared, 0)).toBeGreaterThan(0);
    for (const seed of [0, 1, 2]) {
      const { shared, train, valid, duplicates, dropped } = await across('together', seed);
      expect([shared, train.size + (valid?.size ?? 0), valid?.size, dropped]).toEqual([0, 28, 8, []]);
      expect(duplicates.sets.map(({ kind }) => kind).sort()).toEqual([
        ...['exact', 'exact', 'mirrored', 'mirrored', 'near', 'near', 'near', 'near'],
      ]);
      expect(duplicates.sets.every(({ parts, classes }) => parts.length === 1 && classes.length === 1)).toBe(true);
    }
    const { shared, train, valid, dropped } = await across('drop', 0);
    expect([shared, train.size + (valid?.size ?? 0), dropped.length]).toEqual([0, 20, 8]);
  });

  test('a copy in validation is named; dropping leaves it there', async () => {
    for (let i = 0; i < 4; i++) await put(`train/${i % 2 ? 'a' : 'b'}/${i}.png`, await scene(i));
    await put('valid/b/x.png', await scene(0));
    await put('valid/b/y.png', await scene(1));
    await put('valid/a/z.png', await scene(9));
    const { duplicates } = await photoFolder(folder);
    expect(duplicates.sets).toEqual([
      { kind: 'exact', photos: ['train/a/1.png', 'valid/b/y.png'], classes: ['a', 'b'], parts: ['train', 'valid'] },
      { kind: 'exact', photos: ['train/b/0.png', 'valid/b/x.png'], classes: ['b'], parts: ['train', 'valid'] },
    ]);
    const { train, valid, dropped } = await photoFolder(folder, { duplicates: 'drop' });
    expect([train.size, valid?.size, dropped]).toEqual([2, 3, ['train/a/1.png', 'train/b/0.png']]);
    expect((await scanPhotos(folder)).duplicates).toEqual(duplicates);
  });
});

const images = sharedData('images');

describe.skipIf(!existsSync(join(images, 'cats-vs-dogs')))('real photos (skipped where absent)', () => {
  const look = async (root: string) => {
    const names = readdirSync(root, { recursive: true }).map(String);
    const files = names.filter((name) => /\.jpg$/.test(name)).sort();
    const listed = files.map(
      (path) => ({ path, part: 'train', className: 'x', bytes: 0, modified: 0, changed: 0 }) as const,
    );
    const found = await examinePhotos(root, listed, await createPhotoDecoder(), { check: 'compare' });
    return { files, found: found.map((one) => ('kind' in one ? undefined : one.comparable)) };
  };

  test('among 500 dogs there is one copy, and none among 120 cats', async () => {
    const { files, found } = await look(join(images, 'cats-vs-dogs/train/dogs'));
    const { sets, alike } = findDuplicates(found);
    expect([sets.map(({ members }) => members.map((i) => files[i])), alike]).toEqual([
      [['dog.180.jpg', 'dog.74.jpg']],
      0,
    ]);
    expect(sets[0]?.kind).toBe('near');
    const pets = await look(join(images, 'oxford-pets-370/cats'));
    expect(findDuplicates(pets.found)).toEqual({ sets: [], alike: 0 });
  });

  test('changed copies of pets are found', async () => {
    const root = join(images, 'oxford-pets-370/cats');
    const names = readdirSync(root).sort().slice(0, 12);
    const changes: Record<string, (from: Sharp, width: number, height: number) => Sharp> = {
      same: (from) => from.png(),
      half: (from, width) => from.resize(Math.round(width / 2)),
      quality: (from) => from.jpeg({ quality: 20 }),
      webp: (from) => from.webp({ quality: 40 }),
      brighter: (from) => from.linear(1, 40),
      contrast: (from) => from.linear(1.3, -40),
      grey: (from) => from.grayscale(),
      squashed: (from) => from.resize(224, 224, { fit: 'fill' }),
      mirrored: (from) => from.flop(),
      cropped: (from, width, height) =>
        from.extract({
          ...{ left: Math.round(0.02 * width), top: Math.round(0.02 * height) },
          ...{ width: Math.round(0.96 * width), height: Math.round(0.96 * height) },
        }),
    };
    const listed = [];
    for (const name of names) {
      const bytes = readFileSync(join(root, name));
      const { width, height } = await sharp(bytes).metadata();
      for (const [change, make] of Object.entries(changes)) {
        const path = `${name}.${change}`;
        await put(path, await make(sharp(bytes), width, height).toBuffer());
        listed.push({ path, part: 'train', className: 'x', bytes: 0, modified: 0, changed: 0 } as const);
      }
    }
    const found = await examinePhotos(folder, listed, await createPhotoDecoder(), { check: 'compare' });
    const { sets } = findDuplicates(found.map((one) => ('kind' in one ? undefined : one.comparable)));
    // One set for each photo, with all its copies, and no two photos in one.
    expect(sets.map(({ members }) => [...members])).toEqual(
      names.map((_, k) => Array.from({ length: 10 }, (_, i) => 10 * k + i)),
    );
  });
});
