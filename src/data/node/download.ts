import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';

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
  for (const url of file.urls) {
    let contents: Uint8Array;
    try {
      contents = await fetchBytes(url, file, options);
    } catch (error) {
      if (options.signal?.aborted) {
        throw new FoveaError('aborted', { where: `download of ${url}`, rule: 'it was stopped', cause: error });
      }
      failures.push(`${url}: ${reasonOf(error)}`);
      continue;
    }
    const fault = faultOf(contents, file);
    if (fault !== undefined) {
      failures.push(`${url}: ${fault}`);
      continue;
    }
    await mkdir(dirname(file.path), { recursive: true }).catch((error: unknown) => {
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
    const limit = file.bytes === undefined ? {} : { maxBytes: file.bytes };
    return faultOf(await readFileChecked(file.path, limit), file) === undefined;
  } catch {
    return false;
  }
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

/** The body of a response, at most one byte more than expected. */
async function fetchBytes(url: string, file: PublishedFile, options: DownloadOptions): Promise<Uint8Array> {
  const silence = new AbortController();
  const milliseconds = (options.timeoutSeconds ?? 30) * 1000;
  const giveUp = () => silence.abort(new Error(`nothing arrived for ${milliseconds / 1000} seconds`));
  const timer = setTimeout(giveUp, milliseconds);
  const signal = options.signal === undefined ? silence.signal : AbortSignal.any([options.signal, silence.signal]);
  try {
    const response = await fetch(url, { signal, headers: { 'accept-encoding': 'identity' } });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    const pieces: Uint8Array[] = [];
    let length = 0;
    const stated = Number(response.headers.get('content-length') ?? Number.NaN);
    const totalBytes = file.bytes ?? (stated > 0 ? stated : undefined);
    for await (const piece of response.body ?? []) {
      timer.refresh();
      pieces.push(piece);
      length += piece.length;
      const most = file.bytes ?? MAX_BYTES;
      if (length > most) throw new Error(`more than the expected ${most} bytes`);
      options.onProgress?.({ file: basename(file.path), bytes: length, totalBytes });
    }
    return Buffer.concat(pieces);
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
