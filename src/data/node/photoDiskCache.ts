import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { makeFolder } from '../../formats/node/makeFolder.js';
import type { PhotoCache } from '../photos/photoCache.js';

/**
 * Keeps decoded photos in one file: a checksum for each of `count` photos, 0 for one that is not there, then their pixels,
 * `photoBytes` each. The checksum is written after the pixels, so a killed run leaves whole photos only. A full disk ends
 * the keeping, not the run. At most `maxBytes` are written.
 *
 * @throws FoveaError `file` where the file cannot be made.
 */
export async function diskPhotoCache(
  path: string,
  count: number,
  photoBytes: number,
  maxBytes: number,
): Promise<PhotoCache> {
  const checksums = new Uint32Array(count);
  const tableBytes = new Uint8Array(checksums.buffer);
  try {
    await makeFolder(dirname(path));
    const handle = await open(path, 'a+');
    try {
      await handle.read(tableBytes, 0, tableBytes.length, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(path, 'cannot be used as a cache', error);
  }
  let left = Math.floor(maxBytes / photoBytes) - checksums.reduce((sum, one) => sum + (one === 0 ? 0 : 1), 0);
  const placeOf = (index: number): number => tableBytes.length + index * photoBytes;

  return {
    async get(index) {
      if (checksums[index] === 0) return undefined;
      try {
        const handle = await open(path, 'r');
        try {
          const pixels = new Uint8Array(photoBytes);
          const { bytesRead } = await handle.read(pixels, 0, photoBytes, placeOf(index));
          return bytesRead === photoBytes && checksum(pixels) === checksums[index] ? pixels : undefined;
        } finally {
          await handle.close();
        }
      } catch {
        return undefined;
      }
    },
    async put(index, pixels) {
      if (left <= 0) return;
      left--;
      try {
        const handle = await open(path, 'r+');
        try {
          await handle.write(pixels, 0, photoBytes, placeOf(index));
          const sum = Uint32Array.of(checksum(pixels));
          await handle.write(new Uint8Array(sum.buffer), 0, 4, index * 4);
          checksums[index] = sum[0] as number;
        } finally {
          await handle.close();
        }
      } catch {
        left = 0;
      }
    },
  };
}

/** FNV-1a, never 0. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0 || 1;
}
