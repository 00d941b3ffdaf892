import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { makeFolder } from '../../formats/node/makeFolder.js';
import { FoveaError } from '../../tensor/errors.js';
import { PartialFile } from './partialFile.js';

/** No file of weights is larger. */
const MAX_BYTES = 2 ** 32 - 1;

/** A file that is published somewhere and whose contents are known. */
export interface PublishedFile {
  /** Addresses to try, one after the other. */
  readonly urls: readonly string[];
  /** Where it is to be kept. */
  readonly path: string;
  /** What is known of it: size and hashes in lower-case hexadecimal, of `sha256Start` the first digits. */
  readonly bytes?: number;
  readonly sha256?: string;
  readonly sha256Start?: string;
  readonly md5?: string;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Called with every piece that arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Seconds without a byte after which a server is given up. @default 30 */
  readonly timeoutSeconds?: number;
  /**
   * Keeps what has arrived of a file when the download fails or is stopped, and goes on from there the next time. Only for
   * files whose hash is known: nothing else shows that the parts belong together. @default false
   */
  readonly resume?: boolean;
  /** What to do where no server can be reached; ends the message of the error. */
  readonly remedy?: string;
}

/** How far a download has come. */
export interface DownloadProgress {
  readonly file: string;
  readonly bytes: number;
  /** Undefined where nobody says. */
  readonly totalBytes: number | undefined;
}

/**
 * Makes sure that a published file lies at its path: does nothing where it is there and whole, else fetches it, checks size
 * and hash, and puts it in place in one step. Throws `network` where no address gives it, `file` where it cannot be
 * written, `aborted` on the signal.
 */
export async function download(file: PublishedFile, options: DownloadOptions = {}): Promise<void> {
  if (await isWhole(file)) return;
  const failures: string[] = [];
  const hasHash = (file.sha256 ?? file.sha256Start ?? file.md5) !== undefined;
  const part = options.resume && hasHash ? new PartialFile(file.path) : undefined;
  for (const url of file.urls) {
    let contents: Uint8Array;
    try {
      contents = part === undefined ? await fetchBytes(url, file, options) : await fetchRest(url, file, options, part);
    } catch (error) {
      if (error instanceof FoveaError) throw error;
      if (options.signal?.aborted) {
        throw new FoveaError('aborted', { where: `download of ${url}`, rule: 'it was stopped', cause: error });
      }
      failures.push(`${url}: ${reasonOf(error)}`);
      continue;
    }
    const fault = faultOf(contents, file);
    if (fault !== undefined) {
      await part?.remove();
      failures.push(`${url}: ${fault}`);
      continue;
    }
    if (part !== undefined) return part.finish();
    await makeFolder(dirname(file.path)).catch((error: unknown) => {
      throw fileError(dirname(file.path), 'cannot be created', error);
    });
    await writeFileAtomic(file.path, contents);
    return;
  }
  throw new FoveaError('network', {
    where: `download of ${basename(file.path)}`,
    rule: file.urls.length === 1 ? 'the address did not give it' : `none of ${file.urls.length} addresses gave it`,
    received: failures.join('; '),
    remedy: options.remedy ?? `Try again later, or put the file at ${file.path} yourself`,
    data: { path: file.path, urls: file.urls },
  });
}

/** True where the file is there with the right size and hash. */
async function isWhole(file: PublishedFile): Promise<boolean> {
  try {
    return (await verifyFile(file)) === undefined;
  } catch {
    return false;
  }
}

/**
 * What is wrong with a file that lies at its path: its size, its hash; undefined where it is as it should be.
 *
 * @throws FoveaError `file` where it cannot be read.
 */
export async function verifyFile(file: PublishedFile): Promise<string | undefined> {
  const size = (await stat(file.path).catch(() => undefined))?.size;
  if (size !== undefined && size !== (file.bytes ?? size)) return `${size} bytes where ${file.bytes} are expected`;
  return faultOf(await readFileChecked(file.path), file);
}

function faultOf(contents: Uint8Array, { bytes, sha256, sha256Start, md5 }: PublishedFile): string | undefined {
  if (bytes !== undefined && contents.length !== bytes) {
    return `${contents.length} bytes where ${bytes} are expected`;
  }
  for (const [name, start] of [
    ['SHA-256', sha256],
    ['SHA-256', sha256Start],
    ['MD5', md5],
  ] as const) {
    if (start === undefined) continue;
    const found = createHash(name.replace('-', '').toLowerCase()).update(contents).digest('hex');
    if (!found.startsWith(start)) return `contents with the ${name} ${found} where ${start} is expected`;
  }
  return undefined;
}

async function fetchBytes(url: string, file: PublishedFile, options: DownloadOptions): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await receive(url, file, options, 0, (piece) => {
    pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

/** The whole file, of which a part may be there already. */
async function fetchRest(
  url: string,
  file: PublishedFile,
  options: DownloadOptions,
  part: PartialFile,
): Promise<Uint8Array> {
  const there = await part.size();
  if (there > (file.bytes ?? MAX_BYTES)) await part.remove();
  const start = await part.size();
  if (start === 0 || start !== file.bytes) {
    await receive(url, file, options, start, async (piece, at) => {
      if (at === 0) await part.remove(); // the server sends everything, whatever it was asked for
      await part.append(piece);
    });
  }
  if ((await part.size()) === 0) throw new Error('nothing arrived');
  const contents = await part.read();
  if (start === 0 || faultOf(contents, file) === undefined) return contents;
  // What was there belonged to something else: once more, from the beginning.
  await part.remove();
  return fetchRest(url, file, options, part);
}

/** Passes on the body of a response, from a byte on, with where each piece begins; at most one piece more than expected. */
async function receive(
  url: string,
  file: PublishedFile,
  options: DownloadOptions,
  start: number,
  take: (piece: Uint8Array, at: number) => Promise<void> | void,
): Promise<void> {
  const silence = new AbortController();
  const milliseconds = (options.timeoutSeconds ?? 30) * 1000;
  const giveUp = () => silence.abort(new Error(`nothing arrived for ${milliseconds / 1000} seconds`));
  const timer = setTimeout(giveUp, milliseconds);
  const signal = options.signal === undefined ? silence.signal : AbortSignal.any([options.signal, silence.signal]);
  try {
    const range = start === 0 ? {} : { range: `bytes=${start}-` };
    const response = await fetch(url, { signal, headers: { 'accept-encoding': 'identity', ...range } });
    if (start > 0 && response.status === 416) {
      // Nothing lies behind what is there: either that is all, which its hash shows, or it belongs to something else.
      await response.body?.cancel();
      return;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    const continues = response.headers.get('content-range')?.startsWith(`bytes ${start}-`) === true;
    if (response.status === 206 && !continues) {
      await response.body?.cancel();
      throw new Error('the server answered with another part of the file');
    }
    let length = response.status === 206 ? start : 0;
    const stated = length + Number(response.headers.get('content-length') ?? Number.NaN);
    const totalBytes = file.bytes ?? (stated > 0 ? stated : undefined);
    for await (const piece of response.body ?? []) {
      timer.refresh();
      const at = length;
      length += piece.length;
      const most = file.bytes ?? MAX_BYTES;
      if (length > most) throw new Error(`more than the expected ${most} bytes`);
      await take(piece, at);
      options.onProgress?.({ file: basename(file.path), bytes: length, totalBytes });
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The innermost reason: `fetch failed` alone helps nobody. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (!(reason instanceof Error)) return String(reason);
  return reason.message || ('code' in reason ? String(reason.code) : reason.name);
}
