import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { readFileChecked } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';
import type { Comparable } from '../photos/duplicates.js';
import type { PhotoHeader } from '../photos/photo.js';
import { FINGERPRINT_SIDE, fingerprintPhoto } from '../photos/photoFingerprint.js';
import { photoProblem } from '../photos/photoLoader.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { eachOf } from './eachOf.js';
import type { FingerprintFile } from './fingerprintFile.js';
import type { PhotoDecoder } from './photoDecoder.js';
import type { PhotoFile } from './photoFiles.js';

/** No photo has more bytes. */
const MAX_PHOTO_BYTES = 2 ** 28;

/** How closely photos are looked at: their headers, to their end, or so that copies can be found. */
export type PhotoCheck = 'header' | 'decode' | 'compare';

export interface ExamineOptions {
  readonly check: PhotoCheck;
  /** Photos that are read at the same time. @default 2 */
  readonly concurrency?: number | undefined;
  readonly onProgress?: ((checked: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where what is found out is kept, with the checks that decode. */
  readonly fingerprints?: FingerprintFile | undefined;
}

/** What was found out about a photo that can be used. */
export interface Examined {
  readonly header: PhotoHeader;
  /** With `check: 'compare'`. */
  readonly comparable?: Comparable;
}

/** Looks at each photo: what it is, or why it cannot be used. What is kept from an earlier look is not looked at again. */
export async function examinePhotos(
  root: string,
  files: readonly PhotoFile[],
  decoder: PhotoDecoder,
  { check, concurrency = 2, onProgress, signal, fingerprints }: ExamineOptions,
): Promise<(Examined | PhotoProblem)[]> {
  const kept = check === 'header' ? undefined : fingerprints;
  const known: (Required<Examined> | undefined)[] = (await kept?.recall(files)) ?? [];
  const found: (Examined | PhotoProblem)[] = new Array(files.length);
  let checked = 0;
  try {
    await eachOf(files.length, concurrency, async (i) => {
      if (signal?.aborted) {
        throw new FoveaError('aborted', { where: 'photos', rule: 'it was asked to stop', cause: signal.reason });
      }
      const file = files[i] as PhotoFile;
      const one = known[i] ?? (await examine(root, file, decoder, check));
      found[i] = one;
      if (known[i] === undefined && !('kind' in one) && one.comparable !== undefined) {
        known[i] = { header: one.header, comparable: one.comparable };
        kept?.keep(file, known[i]);
      }
      onProgress?.(++checked, files.length);
    });
  } finally {
    await kept?.close(files, known);
  }
  return found;
}

async function examine(
  root: string,
  { path }: PhotoFile,
  decoder: PhotoDecoder,
  check: PhotoCheck,
): Promise<Examined | PhotoProblem> {
  const where = `photo "${path}"`;
  try {
    const bytes = await readPhoto(root, path);
    const header = await decoder.header(bytes, where);
    if (check === 'header') return { header };
    const small = await decoder.decode(bytes, where, thumbnail);
    if (check === 'decode') return { header };
    const digest = createHash('sha256').update(bytes).digest('base64');
    return { header, comparable: { digest, fingerprint: fingerprintPhoto(small) } };
  } catch (error) {
    return photoProblem(path, error);
  }
}

/** The whole photo must be decoded for it, at the least cost. */
const thumbnail = {
  resize: { mode: 'squash', to: FINGERPRINT_SIDE, interpolation: 'bilinear' },
  crop: [FINGERPRINT_SIDE, FINGERPRINT_SIDE],
} as const;

/** The bytes of one photo of a folder. */
export function readPhoto(root: string, path: string): Promise<Uint8Array> {
  return readFileChecked(resolve(root, path), { maxBytes: MAX_PHOTO_BYTES });
}
