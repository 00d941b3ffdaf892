import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readFileChecked } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';
import { memoryPhotoCache, type PhotoCache } from '../photos/photoCache.js';
import { type PhotoDataset, photoDataset } from '../photos/photoDataset.js';
import { PhotoLoader, photoProblem } from '../photos/photoLoader.js';
import { byName } from '../photos/photoParts.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { checkFrame } from '../photos/placePhoto.js';
import type { Interpolation, Preprocessing } from '../photos/preprocessing.js';
import { splitIndices } from '../split.js';
import { cacheFolder } from './cacheFolder.js';
import { eachOf } from './eachOf.js';
import { createPhotoDecoder, type PhotoDecoder, type PhotoDecoderOptions } from './photoDecoder.js';
import { diskPhotoCache } from './photoDiskCache.js';
import { listPhotoFiles, type PhotoFile } from './photoFiles.js';

export interface PhotoFolderOptions extends PhotoDecoderOptions {
  /** What the network wants: an entry of the zoo knows. @default RGB 0..1 of `size`, else of 224 × 224 pixels */
  readonly preprocessing?: Preprocessing;
  /** Height and width in pixels, in place of those of `preprocessing`. */
  readonly size?: number;
  /**
   * How a photo gets its size, in place of the rule of `preprocessing`: 'squash' to it, 'crop' the middle after the short
   * side was fitted, or 'pad' what is missing after the long side was fitted.
   */
  readonly resize?: 'squash' | 'crop' | 'pad';
  readonly interpolation?: Interpolation;
  /** Share of the training photos to set aside where there is no folder `valid`; 0 for none. @default 0.2 */
  readonly validation?: number;
  /** Keys what is set aside. @default 0 */
  readonly seed?: number;
  /** How each photo is checked beforehand; 'decode' finds every broken one and takes longer. @default 'header' */
  readonly check?: 'header' | 'decode';
  /** Where decoded photos are kept, so that each is decoded once. @default none */
  readonly cache?: 'memory' | 'disk' | { readonly folder: string };
  /** @default 1 GiB in memory, 16 GiB on disk */
  readonly cacheBytes?: number;
  /** Photos that are decoded at the same time. @default 2 */
  readonly concurrency?: number;
  /** Bytes for photos that were decoded ahead of training. @default 64 MiB */
  readonly aheadBytes?: number;
  /** Told of each photo that is found to be broken after the folder was opened. */
  readonly onProblem?: (problem: PhotoProblem) => void;
  /** Called while photos are checked. */
  readonly onProgress?: (checked: number, total: number) => void;
}

/** Data sets of a folder of photos. */
export interface PhotoFolder {
  readonly train: PhotoDataset;
  /** The folder `valid`, else what was set aside. */
  readonly valid?: PhotoDataset;
  /** The folder `test`, where its photos lie in folders of the same classes. */
  readonly test?: PhotoDataset;
  readonly classNames: readonly string[];
  readonly preprocessing: Preprocessing;
  /** What was left out so far, and why; grows when a photo turns out to be broken during a run. */
  readonly problems: readonly PhotoProblem[];
}

/** No photo has more bytes. */
const MAX_PHOTO_BYTES = 2 ** 28;

/**
 * Opens a folder of photos: one sub-folder per class, or folders train, valid and test of those. Classes are numbered by
 * name. Photos are decoded when they are needed, ahead of training, in memory that does not depend on their number.
 *
 * @throws FoveaError `file` where the folder cannot be read, `data` where it has no classes or no photos that can be used.
 */
export async function photoFolder(path: string, options: PhotoFolderOptions = {}): Promise<PhotoFolder> {
  const where = `photos in "${path}"`;
  const preprocessing = preprocessingFrom(options);
  checkFrame(where, preprocessing);
  const { validation = 0.2, seed = 0 } = options;
  if (!(validation >= 0 && validation < 1)) {
    const rule = 'validation must be at least 0 and less than 1';
    throw new FoveaError('option', { where, rule, received: `${validation}` });
  }
  const decoder = await createPhotoDecoder(options);
  const listed = await listPhotoFiles(path);
  const { good, bad } = await checkPhotos(path, listed.files, decoder, options);
  const found = [...listed.problems, ...bad];

  const classNames = [...new Set(good.flatMap((file) => (file.part === 'train' ? [file.className] : [])))].sort(byName);
  const classOf = new Map(classNames.map((name, i) => [name, i]));
  const strangers = new Set(good.filter(({ className }) => !classOf.has(className)).map(folderOf));
  for (const folder of strangers) {
    const message = 'the training photos have no such class';
    found.push({ path: folder, kind: 'unlabeled', message });
  }
  const files = good.filter(({ className }) => classOf.has(className));
  if (files.length === 0) {
    throw new FoveaError('data', { where, rule: 'no photo can be decoded', received: found[0]?.message ?? 'none' });
  }
  const [height, width] = preprocessing.crop;
  const source = {
    ...{ height, width, classNames },
    names: files.map((file) => file.path),
    labels: Int32Array.from(files, ({ className }) => classOf.get(className) as number),
    load: async (index: number) => {
      const name = files[index]?.path as string;
      return decoder.decode(await readPhoto(path, name), `photo "${name}"`, preprocessing);
    },
  };
  const cache = await openCache(path, files, preprocessing, options);
  const { concurrency, aheadBytes, onProblem } = options;
  const loader = new PhotoLoader(source, {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(aheadBytes === undefined ? {} : { aheadBytes }),
    ...(onProblem === undefined ? {} : { onProblem }),
    ...(cache === undefined ? {} : { cache }),
  });

  const indicesOf = (part: PhotoFile['part']) =>
    Uint32Array.from(files.flatMap((file, i) => (file.part === part ? [i] : [])));
  const dataset = (indices: Uint32Array) => photoDataset(loader, preprocessing, indices);
  let [train, valid]: [Uint32Array, Uint32Array] = [indicesOf('train'), indicesOf('valid')];
  if (valid.length === 0 && !files.some(({ part }) => part === 'valid') && validation > 0) {
    [train, valid] = setAside(train, source.labels, validation, seed);
  }
  const test = indicesOf('test');
  return {
    train: dataset(train),
    ...(valid.length === 0 ? {} : { valid: dataset(valid) }),
    ...(test.length === 0 ? {} : { test: dataset(test) }),
    ...{ classNames, preprocessing },
    get problems() {
      return [...found, ...loader.problems];
    },
  };
}

/** Parts the training photos, each class in its share where every class has two photos and there is room for each. */
function setAside(train: Uint32Array, allLabels: Int32Array, share: number, seed: number): [Uint32Array, Uint32Array] {
  const size = train.length;
  const held = Math.min(size - 1, Math.max(1, Math.round(size * share)));
  if (held < 1) return [train, new Uint32Array(0)];
  const labels = Int32Array.from(train, (i) => allLabels[i] as number);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const stratified = Math.min(...counts.values()) >= 2 && counts.size <= Math.min(held, size - held);
  const parts = splitIndices({ size, labels }, { sizes: [size - held, held], seed, stratified });
  return parts.map((part) => part.map((i) => train[i] as number)) as [Uint32Array, Uint32Array];
}

function folderOf({ path, className }: PhotoFile): string {
  const [first, second] = path.split('/');
  return first === className ? first : `${first}/${second}`;
}

/** The photos that pass the check, and what is wrong with the others. */
async function checkPhotos(
  folder: string,
  files: readonly PhotoFile[],
  decoder: PhotoDecoder,
  { check = 'header', concurrency = 2, onProgress }: PhotoFolderOptions,
): Promise<{ good: PhotoFile[]; bad: PhotoProblem[] }> {
  const problems: (PhotoProblem | undefined)[] = new Array(files.length);
  let checked = 0;
  await eachOf(files.length, concurrency, async (i) => {
    const { path } = files[i] as PhotoFile;
    try {
      const bytes = await readPhoto(folder, path);
      if (check === 'decode') await decoder.decode(bytes, `photo "${path}"`, thumbnail);
      else await decoder.header(bytes, `photo "${path}"`);
    } catch (error) {
      problems[i] = photoProblem(path, error);
    }
    onProgress?.(++checked, files.length);
  });
  return {
    good: files.filter((_, i) => problems[i] === undefined),
    bad: problems.filter((problem) => problem !== undefined),
  };
}

/** The whole photo must be decoded for it, at the least cost. */
export const thumbnail = {
  resize: { mode: 'squash', to: 32, interpolation: 'bilinear' },
  crop: [32, 32],
} as const;

/** The bytes of one photo of a folder. */
export function readPhoto(folder: string, path: string): Promise<Uint8Array> {
  return readFileChecked(join(folder, path), { maxBytes: MAX_PHOTO_BYTES });
}

const plain: Preprocessing = {
  resize: { mode: 'squash', to: 224, interpolation: 'bilinear' },
  crop: [224, 224],
  channelOrder: 'rgb',
  range: [0, 1],
  mean: [0, 0, 0],
  standardDeviation: [1, 1, 1],
};

function preprocessingFrom({ preprocessing = plain, size, resize, interpolation }: PhotoFolderOptions): Preprocessing {
  const { crop, resize: rule } = preprocessing;
  const mode =
    resize === undefined ? rule.mode : ({ squash: 'squash', crop: 'shortSide', pad: 'pad' } as const)[resize];
  const side = size ?? Math.min(...crop);
  // The margin that is cropped keeps its share of the photo.
  const margin = mode === rule.mode ? rule.to / Math.min(...crop) : 1;
  return {
    ...preprocessing,
    resize: { ...rule, mode, to: Math.round(side * margin), ...(interpolation === undefined ? {} : { interpolation }) },
    crop: size === undefined ? crop : [size, size],
  };
}

async function openCache(
  path: string,
  files: readonly PhotoFile[],
  { resize, crop }: Preprocessing,
  { cache, cacheBytes, background, maxPixels }: PhotoFolderOptions,
): Promise<PhotoCache | undefined> {
  if (cache === undefined) return undefined;
  if (cache === 'memory') return memoryPhotoCache(cacheBytes ?? 2 ** 30);
  const folder = cache === 'disk' ? join(cacheFolder(), 'photos') : cache.folder;
  const stamps = files.map((file) => [file.path, file.bytes, file.modified]);
  const key = JSON.stringify([1, path, resize, crop, background ?? null, maxPixels ?? null, stamps]);
  const name = `photos-${createHash('sha256').update(key).digest('hex').slice(0, 32)}.cache`;
  return diskPhotoCache(join(folder, name), files.length, crop[0] * crop[1] * 3, cacheBytes ?? 2 ** 34);
}
