import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../../formats/node/files.js';
import { makeFolder } from '../../formats/node/makeFolder.js';
import { crc32 } from '../../tensor/crc32.js';
import { BRIGHTNESS_SIDE } from '../photos/photoFingerprint.js';
import { cacheFolder } from './cacheFolder.js';
import type { Examined } from './examinePhotos.js';
import type { PhotoDecoderOptions } from './photoDecoder.js';
import type { PhotoFile } from './photoFiles.js';

/** Changes whenever fingerprints do. */
const VERSION = 1;
/** Bytes that are read at once, and that no line has. */
const PIECE_BYTES = 2 ** 16;
/** Lines that are written together. */
const TOGETHER = 64;
/** A photo that was changed less than so many milliseconds ago may change once more without its time telling. */
const SETTLED = 2000;
/** Lines beyond twice the photos, of photos that are gone or were changed, with which the file is written anew. */
const SPARE = 1000;

type Known = Required<Examined>;

/** Where fingerprints are kept: in the folder for caches, or in one of one's own. */
export type FingerprintPlace = 'disk' | { readonly folder: string };

/** The file for the photos of a folder, or none where none are to be kept. */
export function openFingerprints(
  place: FingerprintPlace | undefined,
  root: string,
  options: PhotoDecoderOptions,
): FingerprintFile | undefined {
  if (place === undefined) return undefined;
  return new FingerprintFile(place === 'disk' ? join(cacheFolder(), 'fingerprints') : place.folder, root, options);
}

/**
 * What was found out about the photos of a folder, kept from run to run in one text file: a line for each photo, with a
 * checksum. Lines are added at the end, so that several runs may use it at the same time and a killed one leaves whole lines;
 * what is no whole line is passed over. It is a help and no more: where it cannot be read or written, photos are looked at anew.
 */
export class FingerprintFile {
  readonly #path: string;
  readonly #root: string;
  #lines = 0;
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #failed = false;

  /** @param root the folder that the photos' paths begin in. */
  constructor(folder: string, root: string, { background, maxPixels }: PhotoDecoderOptions) {
    this.#root = resolve(root);
    const key = JSON.stringify([VERSION, this.#root, background ?? null, maxPixels ?? null]);
    this.#path = join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.txt`);
  }

  /** What is known of each photo; undefined where nothing is, or where the file was touched since. */
  async recall(files: readonly PhotoFile[]): Promise<(Known | undefined)[]> {
    const found: (Known | undefined)[] = new Array(files.length);
    const wanted = new Map(files.map((file, i) => [keyOf(file), i]));
    for await (const line of linesOf(this.#path)) {
      this.#lines++;
      const i = wanted.get(line.slice(9, 9 + KEY_LENGTH));
      if (i !== undefined) found[i] = readLine(line) ?? found[i];
    }
    return found;
  }

  /** Keeps what was found out about a photo. */
  keep(file: PhotoFile, examined: Known): void {
    if (Date.now() - file.modified < SETTLED) return;
    this.#waiting.push(lineOf(file, examined));
    if (this.#waiting.length >= TOGETHER) this.#write();
  }

  /** Writes what is not yet written; `known` is all that is known of the photos now, of which the file is made anew where it has grown old. */
  async close(files: readonly PhotoFile[], known: readonly (Known | undefined)[]): Promise<void> {
    this.#write();
    await this.#writing;
    if (this.#failed || this.#lines <= 2 * files.length + SPARE) return;
    // What another run adds meanwhile is lost: it costs that run's work again, and nothing else.
    await writeFileAtomic(this.#path, wholeFile(files, known)).catch(() => undefined);
  }

  #write(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length === 0 || this.#failed) return;
    this.#lines += lines.length;
    // What a killed run left of a line ends here.
    const bytes = new TextEncoder().encode(`\n${lines.join('')}`);
    this.#writing = this.#writing
      .then(() => this.#append(bytes))
      .catch(() => {
        this.#failed = true;
      });
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await makeFolder(dirname(this.#path));
    const handle = await open(this.#path, 'a');
    try {
      await handle.write(bytes);
    } finally {
      await handle.close();
    }
  }
}

/** Letters of a key. */
const KEY_LENGTH = 24;

/** Says which file it is, as it is now, without reading it. */
function keyOf({ path, bytes, modified, changed }: PhotoFile): string {
  const identity = JSON.stringify([path, bytes, modified, changed]);
  return createHash('sha256').update(identity).digest('base64').slice(0, KEY_LENGTH);
}

const word = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
const side = v.pipe(v.number(), v.integer(), v.minValue(1));
const hash = v.strictTuple([word, word]);
const lineSchema = v.strictTuple([
  v.strictTuple([v.string(), side, side]),
  v.string(),
  v.strictTuple([hash, hash, v.string(), v.boolean(), v.boolean()]),
]);

/** Checksum, key, and what is known as JSON. */
function lineOf(file: PhotoFile, { header, comparable: { digest, fingerprint } }: Known): string {
  const { hash, mirrored, brightness, flat, plain } = fingerprint;
  const light = Buffer.from(brightness).toString('base64');
  const { format, width, height } = header;
  const facts: v.InferInput<typeof lineSchema> = [
    [format, width, height],
    digest,
    [[...hash], [...mirrored], light, flat, plain],
  ];
  const text = `${keyOf(file)} ${JSON.stringify(facts)}`;
  return `${checksum(text)} ${text}\n`;
}

/** What a line says; undefined for one that is not whole. */
function readLine(line: string): Known | undefined {
  const text = line.slice(9);
  if (line.slice(0, 8) !== checksum(text)) return undefined;
  try {
    const [[format, width, height], digest, [hash, mirrored, light, flat, plain]] = v.parse(
      lineSchema,
      JSON.parse(text.slice(KEY_LENGTH + 1)),
    );
    const brightness = Uint8Array.from(Buffer.from(light, 'base64'));
    if (brightness.length !== BRIGHTNESS_SIDE ** 2) return undefined;
    const fingerprint = { hash, mirrored, brightness, flat, plain };
    return { header: { format, width, height }, comparable: { digest, fingerprint } };
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return crc32([new TextEncoder().encode(text)])
    .toString(16)
    .padStart(8, '0');
}

function* wholeFile(files: readonly PhotoFile[], known: readonly (Known | undefined)[]): Iterable<Uint8Array> {
  const encoder = new TextEncoder();
  for (const [i, file] of files.entries()) {
    const one = known[i];
    if (one !== undefined) yield encoder.encode(lineOf(file, one));
  }
}

/** The lines of a file, piece by piece; none where it cannot be read. What is too long to be a line is left out. */
async function* linesOf(path: string): AsyncIterable<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const piece = new Uint8Array(PIECE_BYTES);
    const decoder = new TextDecoder('latin1');
    let rest = '';
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      const lines = (rest + decoder.decode(piece.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > PIECE_BYTES) rest = '';
      for (const line of lines) if (line !== '') yield line;
    }
    if (rest !== '') yield rest;
  } catch {
    // It is not there, or no longer readable: then nothing is known.
  } finally {
    await handle?.close().catch(() => undefined);
  }
}
