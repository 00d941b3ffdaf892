import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { eachOf } from './eachOf.js';

/** Files that are looked at together. */
const TOGETHER = 16;

/**
 * SHA-256 of the names, sizes and times of photos in a folder: says which photos they are, without reading them. A photo that
 * is replaced, changed, added or taken away changes it.
 *
 * @throws FoveaError `file` where one of them is not there.
 */
export async function photoStamps(folder: string, names: readonly string[]): Promise<string> {
  const stamps: string[] = new Array(names.length);
  await eachOf(names.length, TOGETHER, async (i) => {
    const path = resolve(folder, names[i] as string);
    const found = await stat(path).catch((error: unknown) => {
      throw fileError(path, 'cannot be read', error);
    });
    stamps[i] = JSON.stringify([names[i], found.size, found.mtimeMs]);
  });
  return createHash('sha256').update(stamps.join('\n')).digest('hex');
}
