import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { inTurn } from '../../data/changedPicture.js';
import type { Dataset } from '../../data/dataset.js';
import { createPhotoDecoder } from '../../data/node/photoDecoder.js';
import { isPhotoName } from '../../data/photos/photoFormat.js';
import { parsePhotoList } from '../../data/photos/photoList.js';
import { normalizePixels, type Preprocessing } from '../../data/photos/preprocessing.js';
import type { PictureChange } from '../../data/picture.js';
import { readFileChecked } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import type { ExampleSource } from '../measure/predictionWriter.js';

/** No photo has more bytes. */
const MAX_PHOTO_BYTES = 2 ** 28;
/** No list has more. */
const MAX_LIST_BYTES = 2 ** 27;

/** What lists of photos are called. */
const LIST = /\.(csv|tsv|jsonl?|ndjson)$/i;

/** The files that are meant: a folder stands for all photos in it and below, by name; a list for those that it names. */
export async function listPhotos(paths: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) {
      all.push(...(LIST.test(path) ? await photosOfList(path) : [path]));
      continue;
    }
    const names = await readdir(path, { recursive: true });
    const photos = names.filter((name) => isPhotoName(name) && !/(^|[\\/])\./.test(name)).sort();
    if (photos.length === 0)
      throw new FoveaError('data', { where: `folder "${path}"`, rule: 'there is no photo in it' });
    all.push(...photos.map((name) => join(path, name)));
  }
  return all;
}

/** The photos of a list in CSV or JSON. Throws `data` for a row that cannot be used: no photo is silently left out. */
async function photosOfList(path: string): Promise<string[]> {
  const text = new TextDecoder().decode(await readFileChecked(path, { maxBytes: MAX_LIST_BYTES }));
  const { photos, problems } = parsePhotoList(text, basename(path));
  const [first] = problems;
  if (first !== undefined) throw new FoveaError('data', { where: first.path, rule: first.message });
  return photos.map((photo) => resolve(dirname(path), photo.path));
}

/** Photos as examples for a model, decoded when they are asked for; those that cannot be decoded are among its `broken`. */
export async function photoExamples(paths: readonly string[], preprocessing: Preprocessing): Promise<ExampleSource> {
  const decoder = await createPhotoDecoder();
  const [height, width] = preprocessing.crop;
  const shape = [height, width, 3];
  const size = height * width * 3;
  const broken = new Map<number, FoveaError>();
  const withChange = (change: PictureChange | undefined): Dataset => ({
    size: paths.length,
    inputShape: shape,
    withPictures: (next) => withChange(inTurn(change, next)),
    batch: async (indices, epoch) => {
      const pixels = new Uint8Array(indices.length * size);
      /** What a change has already made into what the network sees. */
      const floats = new Map<number, Float32Array>();
      await Promise.all(
        Array.from(indices, async (index, at) => {
          const path = paths[index] as string;
          try {
            const bytes = await readFileChecked(path, { maxBytes: MAX_PHOTO_BYTES });
            const { pixels: data } = await decoder.decode(bytes, `photo "${path}"`, preprocessing);
            const changed = change?.({ data, height, width, channels: 3 }, index, epoch).data ?? data;
            if (changed instanceof Float32Array) floats.set(at, changed);
            else pixels.set(changed, at * size);
          } catch (error) {
            if (!(error instanceof FoveaError)) throw error;
            broken.set(index, error);
          }
        }),
      );
      const x = normalizePixels(pixels, [indices.length, ...shape], preprocessing);
      for (const [at, one] of floats) x.data.set(one, at * size);
      return {
        x,
        y: new Tensor<'int32'>(new Int32Array(indices.length), [indices.length]),
      };
    },
  });
  return { name: 'photos', examples: withChange(undefined), names: paths, broken };
}
