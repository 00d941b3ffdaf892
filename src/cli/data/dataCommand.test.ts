import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { RandomStream } from '../../tensor/random.js';
import { capture, events } from '../testing/captured.js';

let folder: string;
const at = (name: string): string => join(folder, name);

async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), bytes);
}

/** A photo of soft blobs that no other number gives. */
function scene(seed: number, side = 256): Promise<Buffer> {
  const random = new RandomStream(seed, 'scene');
  const pixels = Uint8Array.from({ length: 300 }, () => random.below(256));
  const small = sharp(pixels, { raw: { width: 10, height: 10, channels: 3 } });
  return small.resize(side, side, { kernel: 'cubic' }).jpeg().toBuffer();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-data-'));
  vi.stubEnv('FOVEA_CACHE', at('cache'));
  for (let i = 0; i < 26; i++) await put(`good/${i < 22 ? 'a' : 'b'}/p${i % 3}_${i}.jpg`, await scene(i));
  for (let i = 0; i < 4; i++) await put(`bad/train/${i % 2 ? 'a' : 'b'}/p${i}_x.jpg`, await scene(i));
  await put(
    'bad/valid/a/p9_x.jpg',
    await sharp(await scene(1))
      .resize(200)
      .jpeg({ quality: 50 })
      .toBuffer(),
  );
  await put('bad/valid/b/p1_y.jpg', await scene(7));
  await put('bad/train/a/same.jpg', await scene(0));
  await put(
    'bad/train/a/flop.jpg',
    await sharp(await scene(3))
      .flop()
      .jpeg()
      .toBuffer(),
  );
  const cut = await scene(9);
  await put('bad/train/b/cut.jpg', cut.subarray(0, Math.floor(cut.length / 2)));
  await put('bad/train/b/notes.txt', 'x');
  await put('bad/valid/c/p5_z.jpg', await scene(10));
  await copyFile(at('bad/train/b/p2_x.jpg'), at('bad/train/b/wrong.png'));
});
afterAll(() => rm(folder, { recursive: true }));

test('photos that are as they should be', async () => {
  const { code, out, err } = await capture(['data', at('good'), '--check', '--group', '(p[0-9])_']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('good: 26 photos of 2 classes');
  expect(out).toMatch(/^ {2}a +22\n {2}b +4\n {2}all +26$/m);
  expect(out).toMatch(/groups +3, the largest of 9 photos/);
  expect(out).toMatch(/copies +none/);
  expect(out).toMatch(/to validate +none are given/);
  expect(out).toMatch(/know {2}1 of 2 classes have fewer than 20 photos to train on\n +b: 4\n/);
  expect(out).toMatch(/know {2}a has 5\.5 times as many photos as b/);
  expect(out).not.toContain('mend');
});

test('what is to be mended comes first, with photos and what to do', async () => {
  const { code, out } = await capture(['data', at('bad'), '--group', 'p[0-9]', '--examples', '1']);
  expect(code).toBe(0);
  const lines = out.split('\n');
  const findings = lines.filter((line) => /^ {2}(mend|know) /.test(line)).map((line) => line.trim());
  expect(findings).toEqual([
    'mend  1 scene lies on both sides of the split',
    'mend  1 scene is in two classes',
    'mend  1 of 9 groups lie on both sides of the split',
    'mend  classes that no training photo is of',
    'know  2 scenes have copies within one class',
    'know  4 of 10 photos have no group',
    'know  2 of 2 classes have fewer than 20 photos to train on',
    'know  photos that cannot be decoded: 1',
    'know  files that are no photos: 1',
    'know  photos that are unlike others: 1',
  ]);
  expect(out).toContain('train/a/p1_x.jpg = valid/a/p9_x.jpg (near)');
  expect(out).toContain('train/a/same.jpg = train/b/p0_x.jpg\n');
  expect(out).toMatch(/train\/a\/flop\.jpg = train\/a\/p3_x\.jpg \(mirrored\)\n +… and 1 more/);
  expect(out).toContain('--duplicates drop');
  expect((await capture(['data', at('bad'), '--check'])).code).toBe(1);
});

test('for programs; headers alone; a list', async () => {
  const [report] = events(await capture(['data', at('bad'), '--json'])).slice(-1);
  expect(report).toMatchObject({ event: 'report', photos: 10, formats: { jpeg: 10 } });
  expect(report?.findings).toHaveLength(8);
  expect(report).toHaveProperty('duplicates.sets.length', 4);
  const quick = await capture(['data', at('bad'), '--quick']);
  expect(quick.out).toContain('11 photos');
  expect(quick.out).not.toContain('copies');
  await put('list.csv', 'image,class\ngood/a/p0_0.jpg,a\ngood/b/p1_22.jpg,b\n,b\n');
  const listed = await capture(['data', at('list.csv')]);
  expect(listed.out).toMatch(/mend {2}rows that cannot be used: 1\n +list\.csv, line 4: there is no path/);
});

test('the second time what was found out before is used, unless all is to be looked at anew', async () => {
  const again = at('again');
  await cp(at('bad'), again, { recursive: true });
  const photos = (await readdir(again, { recursive: true })).filter((name) => name.endsWith('.jpg'));
  for (const name of photos) await utimes(join(again, name), 1e9, 1e9);
  const fingerprints = async (): Promise<number> => {
    const names = await readdir(at('cache/fingerprints')).catch(() => []);
    const texts = await Promise.all(names.map((name) => readFile(at(`cache/fingerprints/${name}`), 'utf8')));
    return texts.join('').split('\n').filter(Boolean).length;
  };
  const before = await fingerprints();
  const anew = await capture(['data', again, '--anew']);
  expect(await fingerprints()).toBe(before);
  const first = await capture(['data', again]);
  // All but the broken one and the one that is no photo by its name, whose time is of now.
  expect(await fingerprints()).toBe(before + photos.length - 1);
  const second = await capture(['data', again]);
  // The reason why a photo cannot be decoded is libvips's, and lost where another photo is done in the same instant.
  const told = ({ out }: { out: string }): string =>
    out.replace(/(cannot be decoded\. Received ).*?(\. Replace)/g, '$1…$2');
  expect(told(anew)).toContain('cannot be decoded. Received …. Replace');
  expect([told(first), told(second)]).toEqual([told(anew), told(anew)]);
  expect(await fingerprints()).toBe(before + photos.length - 1);
});

test('nothing there, a wrong option, Ctrl-C', async () => {
  expect((await capture(['data', at('nowhere')])).code).toBe(2);
  expect((await capture(['data', at('good'), '--columns', 'x'])).err).toMatch(/names of columns/);
  const signal = AbortSignal.abort('SIGINT');
  const stopped = await capture(['data', at('good')], { signal });
  expect([stopped.code, stopped.out]).toEqual([130, '']);
});
