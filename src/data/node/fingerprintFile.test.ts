import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { examinePhotos } from './examinePhotos.js';
import { FingerprintFile, openFingerprints } from './fingerprintFile.js';
import { createPhotoDecoder, type PhotoDecoderOptions } from './photoDecoder.js';
import { listPhotoFiles } from './photoFiles.js';
import { photoFolder } from './photoFolder.js';
import { scanPhotos } from './photoScan.js';

const PHOTOS = 12;
const LONG_AGO = new Date('2020-01-01');
let folder: string;
let photos: string;
let kept: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-fingerprints-'));
  [photos, kept] = [join(folder, 'photos'), join(folder, 'kept')];
  for (const name of ['cat', 'dog']) await mkdir(join(photos, name), { recursive: true });
  for (let i = 0; i < PHOTOS; i++) await putPhoto(i, i);
});
afterEach(() => rm(folder, { recursive: true }));

const pathOf = (i: number): string => join(photos, i % 2 ? 'cat' : 'dog', `${i}.png`);

/** A photo of noise that no other number gives, all of one size in bytes. */
async function putPhoto(i: number, seed: number, time = LONG_AGO): Promise<void> {
  const random = new RandomStream(seed, 'photo');
  const pixels = Uint8Array.from({ length: 40 * 40 * 3 }, () => random.below(256));
  const bytes = await sharp(pixels, { raw: { width: 40, height: 40, channels: 3 } })
    .png({ compressionLevel: 0, adaptiveFiltering: false })
    .toBuffer();
  await writeFile(pathOf(i), bytes);
  await utimes(pathOf(i), time, time);
}

/** What is found out about the photos, and how many had to be decoded for it. */
async function look(options: PhotoDecoderOptions = {}, from = kept, most = Number.POSITIVE_INFINITY) {
  const decoder = await createPhotoDecoder(options);
  let decoded = 0;
  const abort = new AbortController();
  const counting = {
    ...decoder,
    decode: async (...given: Parameters<typeof decoder.decode>) => {
      if (++decoded >= most) abort.abort();
      return decoder.decode(...given);
    },
  };
  const { files } = await listPhotoFiles(photos);
  const found = await examinePhotos(photos, files, counting, {
    ...{ check: 'compare', signal: abort.signal, concurrency: 3 },
    fingerprints: new FingerprintFile(from, photos, options),
  }).catch((error: unknown) => String(error));
  return { found, decoded };
}

/** The one file of fingerprints. */
async function file(): Promise<string> {
  const names = await readdir(kept);
  expect(names).toHaveLength(1);
  return join(kept, names[0] as string);
}

test('each photo is looked at once, and only what was touched again', async () => {
  const first = await look();
  expect(first.decoded).toBe(PHOTOS);
  expect(await look()).toEqual({ found: first.found, decoded: 0 });
  // Another photo of the same size, its time set back: the system's own time tells.
  await putPhoto(3, 100);
  const second = await look();
  expect(second.decoded).toBe(1);
  expect(second.found).not.toEqual(first.found);
  expect(second.found).toEqual((await look({}, join(folder, 'none'))).found);
  expect((await look()).decoded).toBe(0);
  // Transparent parts look otherwise on another background.
  expect((await look({ background: [0, 0, 0] })).decoded).toBe(PHOTOS);
});

test('a photo that was changed just now may change once more unseen, and is looked at again', async () => {
  await putPhoto(5, 5, new Date());
  await look();
  expect((await look()).decoded).toBe(1);
});

test('broken photos are looked at each time', async () => {
  await writeFile(pathOf(4), (await readFile(pathOf(4))).subarray(0, 2000));
  await utimes(pathOf(4), LONG_AGO, LONG_AGO);
  const { found } = await look();
  expect(await look()).toEqual({ found, decoded: 1 });
  expect(found).toContainEqual(expect.objectContaining({ path: 'dog/4.png', kind: 'broken' }));
});

test('a run that is stopped keeps what it found out', async () => {
  const { found, decoded } = await look({}, kept, 5);
  expect(found).toMatch(/asked to stop/);
  const rest = await look();
  expect(rest.decoded).toBe(PHOTOS - decoded);
  expect(rest.found).toEqual((await look({}, join(folder, 'none'))).found);
});

test('several runs at the same time find the same and damage nothing', async () => {
  const runs = await Promise.all(Array.from({ length: 6 }, () => look()));
  for (const { found } of runs) expect(found).toEqual(runs[0]?.found);
  expect(await look()).toEqual({ found: runs[0]?.found, decoded: 0 });
  const lines = (await readFile(await file(), 'utf8')).split('\n').filter((line) => line !== '');
  expect(lines).toHaveLength(runs.reduce((sum, { decoded }) => sum + decoded, 0));
});

test('damaged files: what is whole is used, the rest looked at anew, and it heals', async () => {
  const { found } = await look();
  const path = await file();
  const whole = new Uint8Array(await readFile(path));
  const random = new RandomStream(1, 'damage');
  let lost = 0;
  for (let round = 0; round < 60; round++) {
    let bytes = new Uint8Array(whole);
    const at = random.below(bytes.length);
    const kind = round % 5;
    if (kind === 0) for (let i = 0; i < 20; i++) bytes[random.below(bytes.length)] = random.below(256);
    else if (kind === 1) bytes = bytes.slice(0, at);
    else if (kind === 2) bytes.copyWithin(random.below(bytes.length), at);
    else if (kind === 3) bytes.fill(0, at, at + 500);
    else bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, at), Buffer.alloc(200_000, 65), bytes.subarray(at)]));
    await writeFile(path, bytes);
    const again = await look();
    expect(again.found).toEqual(found);
    lost += again.decoded;
    expect((await look()).decoded).toBe(0);
  }
  // Damage costs the photos that it hit, not all.
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan((60 * PHOTOS) / 2);
});

test('a line that is whole but says nonsense is passed over', async () => {
  const { found } = await look();
  const path = await file();
  const { crc32 } = await import('../../tensor/crc32.js');
  const forged = (await readFile(path, 'utf8')).split('\n').flatMap((line) =>
    ['null', '[1]', '{"a":1}', line.slice(34).replace('40,40', '40,-1'), line.slice(34).slice(0, -1)].map((json) => {
      const text = `${line.slice(9, 33)} ${json}`;
      return `${crc32([new TextEncoder().encode(text)])
        .toString(16)
        .padStart(8, '0')} ${text}\n`;
    }),
  );
  await writeFile(path, forged.join(''));
  expect(await look()).toEqual({ found, decoded: PHOTOS });
});

test('the file is written anew where most of it is of photos that are gone', async () => {
  const { found } = await look();
  const path = await file();
  const before = (await readFile(path)).length;
  await appendFile(path, 'of a photo that is gone\n'.repeat(1200));
  expect(await look()).toEqual({ found, decoded: 0 });
  expect((await readFile(path)).length).toBeLessThanOrEqual(before);
  expect(await look()).toEqual({ found, decoded: 0 });
});

test('where nothing can be kept photos are looked at as ever', async () => {
  await writeFile(join(folder, 'in the way'), '');
  for (let pass = 0; pass < 2; pass++) expect((await look({}, join(folder, 'in the way'))).decoded).toBe(PHOTOS);
  await look();
  const path = await file();
  await rm(path);
  await mkdir(path);
  expect((await look()).decoded).toBe(PHOTOS);
});

test('the report of a scan and what is set aside are the same with fingerprints that were kept', async () => {
  const fingerprints = { folder: kept };
  const options = { size: 8, seed: 3, fingerprints };
  const [report, opened] = [await scanPhotos(photos, { fingerprints }), await photoFolder(photos, options)];
  expect(await scanPhotos(photos, { fingerprints })).toEqual(report);
  expect((await photoFolder(photos, options)).train.names).toEqual(opened.train.names);
  expect(await readdir(kept)).toHaveLength(1);
  expect(await scanPhotos(photos)).toEqual(report);
  expect(openFingerprints(undefined, photos, {})).toBeUndefined();
});
