import { photoProblem } from '../photos/photoLoader.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { type FoundPhoto, type PhotoReport, reportPhotos } from '../photos/photoReport.js';
import { eachOf } from './eachOf.js';
import { createPhotoDecoder, type PhotoDecoderOptions } from './photoDecoder.js';
import { listPhotoFiles, type PhotoFile } from './photoFiles.js';
import { readPhoto, thumbnail } from './photoFolder.js';

export interface ScanPhotosOptions extends PhotoDecoderOptions {
  /** Decodes every photo to its end; without it only headers are read, and photos that are cut off pass. @default true */
  readonly decode?: boolean;
  /** Photos that are read at the same time. @default 2 */
  readonly concurrency?: number;
  readonly onProgress?: (checked: number, total: number) => void;
}

/**
 * Says what a folder of photos holds: classes, numbers, sizes, formats, broken and odd files.
 *
 * @throws FoveaError `file` where the folder cannot be read, `data` where it has no classes.
 */
export async function scanPhotos(path: string, options: ScanPhotosOptions = {}): Promise<PhotoReport> {
  const { decode = true, concurrency = 2, onProgress } = options;
  const decoder = await createPhotoDecoder(options);
  const { files, problems } = await listPhotoFiles(path);
  const found: (FoundPhoto | undefined)[] = new Array(files.length);
  const bad: (PhotoProblem | undefined)[] = new Array(files.length);
  let checked = 0;
  await eachOf(files.length, concurrency, async (i) => {
    const { modified: _, ...file } = files[i] as PhotoFile;
    try {
      const bytes = await readPhoto(path, file.path);
      const where = `photo "${file.path}"`;
      const header = await decoder.header(bytes, where);
      if (decode) await decoder.decode(bytes, where, thumbnail);
      found[i] = { ...file, header };
    } catch (error) {
      bad[i] = photoProblem(file.path, error);
    }
    onProgress?.(++checked, files.length);
  });
  return reportPhotos(
    found.filter((one) => one !== undefined),
    [...problems, ...bad.filter((one) => one !== undefined)],
  );
}
