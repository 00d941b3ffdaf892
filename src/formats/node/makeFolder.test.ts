import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from './makeFolder.js';

test('makes folders in folders, twice is once, at the same time too, and a file in the way is an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-folder-'));
  try {
    const deep = join(folder, 'a', 'b', 'c');
    await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(join(folder, 'a', 'b', 'd'))]);
    await makeFolder(deep);
    expect((await stat(deep)).isDirectory()).toBe(true);
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(folder, 'file', 'in'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.skipIf(!existsSync('/proc/self'))(
  'where a folder can never be made it says so, instead of trying without end',
  async () => {
    await expect(makeFolder('/proc/fovea')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(makeFolder('/proc/fovea/deep/er')).rejects.toMatchObject({ code: 'ENOENT' });
  },
);
