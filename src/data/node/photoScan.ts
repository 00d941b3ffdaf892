import { findDuplicates } from '../photos/duplicates.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { type FoundPhoto, type PhotoReport, reportPhotos } from '../photos/photoReport.js';
import { examinePhotos } from './examinePhotos.js';
import { type FindPhotosOptions, findPhotos } from './findPhotos.js';
import { type FingerprintPlace, openFingerprints } from './fingerprintFile.js';
import { createPhotoDecoder, type PhotoDecoderOptions } from './photoDecoder.js';
import type { PhotoFile } from './photoFiles.js';

export interface ScanPhotosOptions extends PhotoDecoderOptions, FindPhotosOptions {
  /**
   * Decodes every photo to its end, and compares it with all others; without it only headers are read: photos that are cut
   * off pass, and no copy is found. @default true
   */
  readonly decode?: boolean;
  /**
   * Where what is found out of a photo to find copies is kept, so that each is looked at once; a photo whose size or times change is
   * looked at anew. @default none
   */
  readonly fingerprints?: FingerprintPlace;
  /** Photos that are read at the same time. @default 2 */
  readonly concurrency?: number;
  readonly onProgress?: (checked: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Says what a folder or list of photos holds: classes, numbers, sizes, formats, groups, copies, broken and odd files.
 *
 * @throws FoveaError `file` where it cannot be read, `data` where it has no classes, `format` and `option` where a list is
 * none or lacks a column, `aborted` where the signal is given.
 */
export async function scanPhotos(path: string, options: ScanPhotosOptions = {}): Promise<PhotoReport> {
  const { decode = true, concurrency, onProgress, signal } = options;
  const decoder = await createPhotoDecoder(options);
  const { root, files, problems, ungrouped } = await findPhotos(path, options);
  const check = decode ? 'compare' : 'header';
  const examined = await examinePhotos(root, files, decoder, {
    ...{ check, concurrency, onProgress, signal },
    fingerprints: openFingerprints(options.fingerprints, root, options),
  });
  const found: FoundPhoto[] = [];
  const comparables: Parameters<typeof findDuplicates>[0][number][] = [];
  const bad: PhotoProblem[] = [];
  for (const [i, one] of examined.entries()) {
    if ('kind' in one) bad.push(one);
    else {
      const { modified: _, changed: _unused, ...file } = files[i] as PhotoFile;
      found.push({ ...file, header: one.header });
      comparables.push(one.comparable);
    }
  }
  const copies = decode ? findDuplicates(comparables) : undefined;
  return reportPhotos(found, [...problems, ...bad], copies, ungrouped);
}
