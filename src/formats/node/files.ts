import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FoveaError } from '../../tensor/errors.js';
import { fileError } from './fileError.js';

export interface ReadOptions {
  /** Bytes above which the file is refused before it is read. @default 4 GiB − 1 */
  readonly maxBytes?: number;
}

/** The largest array that every supported Node version allocates. */
const MAX_BYTES = 2 ** 32 - 1;
/** Linux reads and writes less than 2 GiB at once. */
const PIECE_BYTES = 2 ** 30;

/** A whole file. Throws `file` with a remedy where it cannot be read or is larger than allowed. */
export async function readFileChecked(path: string, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  let handle: FileHandle | undefined;
  try {
    // Without waiting: opening a pipe that nobody writes to would last for ever.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await handle.stat();
    if (stat.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (!stat.isFile()) throw new Error('it is no ordinary file');
    checkSize(path, stat.size, options.maxBytes ?? MAX_BYTES);
    const bytes = new Uint8Array(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const piece = Math.min(PIECE_BYTES, bytes.length - length);
      const { bytesRead } = await handle.read(bytes, length, piece, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return length === bytes.length ? bytes : bytes.slice(0, length);
  } catch (error) {
    throw error instanceof FoveaError ? error : fileError(path, 'cannot be read', error);
  } finally {
    await handle?.close();
  }
}

/**
 * Writes a file so that there is never half of one: beside its place, to the disk, then renamed. The old file stays as it
 * was when anything fails. `data` may be pieces, which are written one after the other. Throws `file` with a remedy.
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string | Iterable<Uint8Array>): Promise<void> {
  // A link keeps pointing where it pointed: the file behind it is the one that is replaced.
  const target = await realpath(path).catch(() => path);
  const beside = join(dirname(target), `.${basename(target).slice(0, 80)}.${randomBytes(6).toString('hex')}.partial`);
  const pieces =
    typeof data === 'string' ? [new TextEncoder().encode(data)] : data instanceof Uint8Array ? [data] : data;
  let created = false;
  try {
    const handle = await open(beside, 'wx');
    created = true;
    try {
      for (const piece of pieces) await writeAll(handle, piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, target);
    created = false;
  } catch (error) {
    if (created) await rm(beside, { force: true }).catch(() => undefined);
    throw error instanceof FoveaError ? error : fileError(path, 'cannot be written', error);
  }
  await syncFolder(dirname(target));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
    at += bytesWritten;
  }
}

/** Makes the new name itself last through a power cut; not every system can, and the file is whole either way. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows cannot open a folder.
  }
}

function checkSize(path: string, size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  throw new FoveaError('file', {
    where: `file "${path}"`,
    rule: `may have at most ${maxBytes} bytes to be read whole`,
    received: `${size} bytes`,
    remedy: 'Check that this is the right file',
    data: { path, size, maxBytes },
  });
}
