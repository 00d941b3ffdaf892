import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ZarrStore } from '../zarr/zarrStore.js';
import { fileError } from './fileError.js';
import { readFileChecked, writeFileAtomic } from './files.js';
import { makeFolder } from './makeFolder.js';

/** An array in a folder; each part is a file that is there as a whole or not at all. */
export function zarrFolder(path: string): ZarrStore {
  return {
    name: `array "${path}"`,
    async get(key, maxBytes) {
      const file = join(path, key);
      return (await isThere(file)) ? readFileChecked(file, { maxBytes }) : undefined;
    },
    has: (key) => isThere(join(path, key)),
    async set(key, bytes) {
      const file = join(path, key);
      try {
        await makeFolder(dirname(file));
      } catch (error) {
        throw fileError(dirname(file), 'cannot be made', error);
      }
      await writeFileAtomic(file, bytes);
    },
  };
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw fileError(file, 'cannot be read', error);
  }
}
