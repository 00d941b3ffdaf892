import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '../formats/node/fileError.js';
import { makeFolder } from '../formats/node/makeFolder.js';
import { FoveaError } from '../tensor/errors.js';

/** Refuses a folder that holds files already, unless `force`; one that is not there is fine, and is not made. */
export async function checkFolder(path: string, force = false): Promise<void> {
  const there = await readdir(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(path, 'cannot be used as a folder', error);
  });
  if (there.length > 0 && !force) {
    throw new FoveaError('file', {
      where: `folder "${path}"`,
      rule: 'it holds files already, and none is replaced unasked',
      remedy: 'Name another with --out, or add --force',
    });
  }
}

/** Makes a folder for files to come; one that holds some already is refused unless `force`. */
export async function prepareFolder(path: string, force = false): Promise<void> {
  await checkFolder(path, force);
  await makeFolder(path).catch((error: unknown) => {
    throw fileError(path, 'cannot be made', error);
  });
}

/** Throws `file` where a file could not be written after long work: its folder is missing or may not be written to, or it is a folder. */
export async function checkFilePlace(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  const fail = (error: unknown): never => {
    throw fileError(path, 'cannot be written', error);
  };
  if (there?.isDirectory()) fail(Object.assign(new Error('is a directory'), { code: 'EISDIR' }));
  await stat(dirname(path)).catch(fail);
  await access(dirname(path), constants.W_OK).catch(fail);
}
