import { execFileSync } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FoveaError } from '../../tensor/errors.js';
import { fileError } from './fileError.js';
import { readFileChecked, writeFileAtomic } from './files.js';

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  return { ...real, open: vi.fn(real.open), rename: vi.fn(real.rename) };
});

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'fovea-files-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fs.rm(folder, { recursive: true });
});

async function refusal(action: Promise<unknown>): Promise<FoveaError> {
  const error = await action.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FoveaError);
  expect((error as FoveaError).code).toBe('file');
  return error as FoveaError;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code });
}

/** The next file that is opened fails in this method. */
function failNext(method: 'write' | 'sync' | 'close', code: string): void {
  const open = vi.mocked(fs.open);
  const real = open.getMockImplementation() as typeof fs.open;
  open.mockImplementationOnce(async (...args) => {
    const handle: FileHandle = await real(...args);
    const original = handle[method].bind(handle) as () => Promise<void>;
    vi.spyOn(handle, method).mockImplementation(async () => {
      if (method === 'close') await original();
      throw systemError(code);
    });
    return handle;
  });
}

describe('writeFileAtomic', () => {
  test.each<[string, Uint8Array | string | Iterable<Uint8Array>]>([
    ['bytes', Uint8Array.of(104, 195, 164)],
    ['text', 'hä'],
    ['pieces', [Uint8Array.of(104), new Uint8Array(0), Uint8Array.of(195, 164)]],
  ])('%s', async (_, data) => {
    const path = join(folder, 'a.txt');
    await fs.writeFile(path, 'an older and longer text');
    await writeFileAtomic(path, data);
    expect(await fs.readFile(path, 'utf8')).toBe('hä');
    expect(await fs.readdir(folder)).toEqual(['a.txt']);
  });

  test.each<['write' | 'sync' | 'close', string, RegExp]>([
    ['write', 'ENOSPC', /cannot be written: the disk is full\. .*ENOSPC\. Free some space/],
    ['write', 'EDQUOT', /the disk quota is used up/],
    ['sync', 'EIO', /the disk reports an error/],
    ['close', 'ENOSPC', /the disk is full/],
  ])('%s fails with %s: the old file stays, nothing else does', async (method, code, message) => {
    const path = join(folder, 'model.safetensors');
    await fs.writeFile(path, 'old');
    failNext(method, code);
    expect((await refusal(writeFileAtomic(path, 'new'))).message).toMatch(message);
    expect(await fs.readFile(path, 'utf8')).toBe('old');
    expect(await fs.readdir(folder)).toEqual(['model.safetensors']);
  });

  test('renaming fails: nothing stays', async () => {
    vi.mocked(fs.rename).mockRejectedValueOnce(systemError('EPERM'));
    expect((await refusal(writeFileAtomic(join(folder, 'a'), 'x'))).message).toMatch(/does not permit it/);
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('an error of whoever makes the pieces is passed on, and nothing stays', async () => {
    const pieces = (function* () {
      yield Uint8Array.of(1);
      throw new FoveaError('shape', { where: 'w', rule: 'r' });
    })();
    await expect(writeFileAtomic(join(folder, 'a'), pieces)).rejects.toMatchObject({ code: 'shape' });
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('the file that a link points to is replaced, not the link', async () => {
    await fs.writeFile(join(folder, 'real'), 'old');
    await fs.symlink('real', join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(await fs.readFile(join(folder, 'real'), 'utf8')).toBe('new');
    expect(await fs.readlink(join(folder, 'link'))).toBe('real');
  });

  test.each<[string, string, RegExp]>([
    ['a folder that is not there', 'no/where', /no such file or folder\. .*ENOENT\. .*create the folder/],
    ['a folder', '.', /it is a folder|does not permit|in use/],
    ['a file as folder', 'file/below', /a part of the path is no folder/],
    ['a name that is too long', 'x'.repeat(300), /the name is too long/],
  ])('%s', async (_, name, message) => {
    await fs.writeFile(join(folder, 'file'), '');
    expect((await refusal(writeFileAtomic(join(folder, name), 'x'))).message).toMatch(message);
    expect(await fs.readdir(folder)).toEqual(['file']);
  });
});

describe('readFileChecked', () => {
  test('what was written', async () => {
    await writeFileAtomic(join(folder, 'a'), Uint8Array.of(1, 2, 3));
    expect(await readFileChecked(join(folder, 'a'))).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('more than is allowed is refused', async () => {
    await writeFileAtomic(join(folder, 'a'), 'four');
    expect((await refusal(readFileChecked(join(folder, 'a'), { maxBytes: 3 }))).message).toMatch(/at most 3.*4 bytes/);
  });

  test.each<[string, string, RegExp]>([
    ['missing', 'missing', /^file ".*missing": cannot be read: there is no such file .*ENOENT\. Check the path/],
    ['a folder', '.', /it is a folder\. .*Name a file in it\.$/],
  ])('%s', async (_, name, message) => {
    expect((await refusal(readFileChecked(join(folder, name)))).message).toMatch(message);
  });

  test.skipIf(process.platform === 'win32')('a pipe that nobody writes to does not hang', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect((await refusal(readFileChecked(join(folder, 'pipe')))).message).toMatch(/no ordinary file/);
  });
});

test.each([
  ['EACCES', /may not access it\. .*choose another place/],
  ['EROFS', /read-only\. .*a folder that can be written to/],
  ['EFBIG', /larger than the system allows/],
  ['EWHATEVER', /EWHATEVER: refused\. .*Check the path and the disk/],
])('fileError %s', (code, message) => {
  const error = fileError('/x', 'cannot be written', systemError(code));
  expect(error.message).toMatch(message);
  expect(error.data).toEqual({ path: '/x', systemCode: code });
});
