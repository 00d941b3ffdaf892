import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capture, events } from '../testing/captured.js';

let folder: string;
let photo: string;
/** 16 × 12, dark with a bright red square from (4, 3) to (11, 8). */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-filters-'));
  photo = join(folder, 'square.png');
  const pixels = Buffer.alloc(16 * 12 * 3);
  for (let y = 3; y <= 8; y++) for (let x = 4; x <= 11; x++) pixels[(y * 16 + x) * 3] = 255;
  await sharp(pixels, { raw: { width: 16, height: 12, channels: 3 } })
    .png()
    .toFile(photo);
});
afterAll(async () => void (await rm(folder, { recursive: true })));

describe('fovea filters', () => {
  test('pictures, numbers, sentences and a page that agree', async () => {
    const out = join(folder, 'all');
    const { code, out: text } = await capture(['filters', photo, '--out', out]);
    expect(code).toBe(0);
    // The mean of the channels: a red of 1 is a third.
    expect(text).toContain('top-edge: Values from −1 to 1, black being 0 and white 1.');
    expect((await readdir(out)).filter((name) => name.endsWith('.png'))).toHaveLength(1 + 17 * 2);
    const numbers = JSON.parse(await readFile(join(out, 'filters.json'), 'utf8'));
    expect(numbers).toMatchObject({ border: 'reflect', stride: 1, photo: { width: 16, height: 12, channels: 3 } });
    const found = numbers.filters.find(({ name }: { name: string }) => name === 'top-edge');
    expect(found.strongest).toMatchObject({ y: 3 });
    const { data, info } = await sharp(join(out, 'top-edge.png')).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => Array.from(data.subarray((y * info.width + x) * info.channels).subarray(0, 3));
    const [bright, dark, flat] = [at(7, 3), at(7, 9), at(7, 5)] as number[][];
    expect(bright?.[2]).toBeGreaterThan((bright?.[0] as number) + 60);
    expect(dark?.[0]).toBeGreaterThan((dark?.[2] as number) + 60);
    expect(Math.max(...(flat as number[])) - Math.min(...(flat as number[]))).toBeLessThanOrEqual(1);
    const page = await readFile(join(out, 'index.html'), 'utf8');
    expect(page).toContain(found.sentence);
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/);
    const comments = (await sharp(join(out, 'top-edge.png')).metadata()).comments;
    expect(comments?.find(({ keyword }) => keyword === 'Description')?.text).toContain(found.sentence);
  });

  test('a kernel of numbers, borders and strides, as JSON', async () => {
    const own = ['--kernel', '1 0 -1; 2 0 -2; 1 0 -1', '--border', 'valid', '--stride', '2', '--gray', '--json'];
    const result = await capture(['filters', photo, ...own, '--out', join(folder, 'own')]);
    const [filter, done] = events(result);
    expect(filter).toMatchObject({
      name: 'own',
      kernel: [
        [1, 0, -1],
        [2, 0, -2],
        [1, 0, -1],
      ],
      kind: 'signed',
    });
    expect(done).toMatchObject({ event: 'done' });
    const { width, height } = await sharp(join(folder, 'own', 'own.png')).metadata();
    expect([width, height]).toEqual([7, 5]);
  });

  test('the list', async () => {
    const { out } = await capture(['filters', '--list']);
    expect(out.trim().split('\n')).toHaveLength(17);
    expect(events(await capture(['filters', '--list', '--json']))).toHaveLength(17);
  });

  test.each([
    [['--filters', 'outlin'], 'Did you mean "outline"?'],
    [['--filters', 'none'], 'no filter is left'],
    [['--kernel', '1 2; 3'], 'all with as many numbers'],
    [['--kernel', 'x'], 'made of numbers'],
    [['--border', 'mirror'], 'reflect'],
    [['--stride', '0'], 'whole number'],
  ])('%j', async (options, message) => {
    const { code, err } = await capture(['filters', photo, ...options, '--out', join(folder, 'never')]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    await expect(access(join(folder, 'never'))).rejects.toThrow();
  });

  test('files that are there stay, unless asked otherwise', async () => {
    const out = join(folder, 'kept');
    const command = ['filters', photo, '--filters', 'identity', '--quiet', '--out', out];
    expect(await capture(command)).toEqual({ code: 0, out: '', err: '' });
    expect(await capture(command)).toMatchObject({ code: 2, err: expect.stringContaining('holds files already') });
    expect((await capture([...command, '--force'])).code).toBe(0);
  });

  test('what is no photo', async () => {
    const text = join(folder, 'text.jpg');
    await writeFile(text, 'no photo');
    expect(await capture(['filters', text])).toMatchObject({ code: 2, err: expect.stringContaining('are read') });
    expect(await capture(['filters', join(folder, 'gone.jpg')])).toMatchObject({ code: 2 });
    expect(await capture(['filters'])).toMatchObject({ code: 2, err: expect.stringContaining("'photo'") });
  });
});
