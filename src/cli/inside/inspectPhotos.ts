import { createPhotoDecoder } from '../../data/node/photoDecoder.js';
import { photoFolder } from '../../data/node/photoFolder.js';
import { type PhotoDataset, photoDataset } from '../../data/photos/photoDataset.js';
import { PhotoLoader } from '../../data/photos/photoLoader.js';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { readFileChecked } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';
import { listPhotos } from '../data/photoExamples.js';
import { photoRemarks } from '../data/photoOptions.js';

/** No photo has more bytes. */
const MAX_PHOTO_BYTES = 2 ** 28;

/** Photos to look at, and what a person should know of them. */
interface PhotosToShow {
  readonly dataset: PhotoDataset;
  readonly remarks: readonly string[];
}

/**
 * Photos of a folder: by class, of `valid` where there is one, without copies; or just photos, which are then of one class.
 *
 * @param limit so many of them, taken evenly.
 */
export async function openPhotosToShow(
  path: string,
  preprocessing: Preprocessing,
  limit: number | undefined,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<PhotosToShow> {
  try {
    const folder = await photoFolder(path, {
      ...{ preprocessing, validation: 0, duplicates: 'drop', signal, onProgress, fingerprints: 'disk' },
    });
    const all = folder.valid ?? folder.train;
    return { dataset: evenly(all, limit), remarks: photoRemarks(folder) };
  } catch (error) {
    if (!(error instanceof FoveaError) || error.code !== 'data') throw error;
    const names = await listPhotos([path]).catch(() => []);
    if (names.length === 0) throw error;
    return { dataset: evenly(await withoutClasses(names, preprocessing), limit), remarks: [] };
  }
}

async function withoutClasses(names: readonly string[], preprocessing: Preprocessing): Promise<PhotoDataset> {
  const decoder = await createPhotoDecoder();
  const [height, width] = preprocessing.crop;
  const loader = new PhotoLoader({
    ...{ height, width, names, labels: new Int32Array(names.length), classNames: ['photos'] },
    load: async (index) => {
      const name = names[index] as string;
      const bytes = await readFileChecked(name, { maxBytes: MAX_PHOTO_BYTES });
      return decoder.decode(bytes, `photo "${name}"`, preprocessing);
    },
  });
  return photoDataset(loader, preprocessing);
}

/** So many examples of a data set, from the first to the last. */
function evenly(data: PhotoDataset, limit: number | undefined): PhotoDataset {
  if (limit === undefined || limit >= data.size) return data;
  const chosen = Uint32Array.from({ length: limit }, (_, i) => Math.floor((i * data.size) / limit));
  const of = (indices: Uint32Array): Uint32Array => indices.map((i) => chosen[i] as number);
  return {
    ...{ size: limit, inputShape: data.inputShape, classNames: data.classNames },
    labels: Int32Array.from(chosen, (i) => data.labels[i] as number),
    names: Array.from(chosen, (i) => data.names[i] as string),
    batch: (indices) => data.batch(of(indices)),
    expect: (indices) => data.expect?.(of(indices)),
    photo: (index) => data.photo(chosen[index] as number),
  };
}
