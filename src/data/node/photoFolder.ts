import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { FoveaError } from '../../tensor/errors.js';
import { type DuplicateReport, droppedCopies, reportDuplicates } from '../photos/duplicateReport.js';
import { type Duplicates, findDuplicates } from '../photos/duplicates.js';
import { memoryPhotoCache, type PhotoCache } from '../photos/photoCache.js';
import { type PhotoDataset, photoDataset } from '../photos/photoDataset.js';
import { PhotoLoader } from '../photos/photoLoader.js';
import { byName, type PhotoPart } from '../photos/photoParts.js';
import { type PreprocessingOptions, preprocessingFrom } from '../photos/photoPreprocessing.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { straddlingGroups } from '../photos/photoReport.js';
import type { PhotoSource } from '../photos/photoSource.js';
import { checkFrame } from '../photos/placePhoto.js';
import type { Preprocessing } from '../photos/preprocessing.js';
import { setAside } from '../photos/setAside.js';
import { cacheFolder } from './cacheFolder.js';
import { type Examined, examinePhotos, readPhoto } from './examinePhotos.js';
import { type FindPhotosOptions, findPhotos } from './findPhotos.js';
import { type FingerprintPlace, openFingerprints } from './fingerprintFile.js';
import { createPhotoDecoder, type PhotoDecoder, type PhotoDecoderOptions } from './photoDecoder.js';
import { diskPhotoCache } from './photoDiskCache.js';
import type { PhotoFile } from './photoFiles.js';

export interface PhotoFolderOptions extends PhotoDecoderOptions, PreprocessingOptions, FindPhotosOptions {
  /** Share of the training photos to set aside where nothing is given for validation; 0 for none. @default 0.2 */
  readonly validation?: number;
  /** Keys what is set aside. @default 0 */
  readonly seed?: number;
  /**
   * What becomes of copies, exact or nearly so: 'keep' does not look for them; 'together' keeps them on one side of what is
   * set aside, and names those that lie in two given parts; 'drop' leaves one of each, to measure on rather than to train on.
   * @default 'together'
   */
  readonly duplicates?: 'keep' | 'together' | 'drop';
  /**
   * How each photo is checked beforehand; 'decode' finds every broken one and takes longer. To look for copies is to decode.
   * @default 'header'
   */
  readonly check?: 'header' | 'decode';
  /**
   * Where what is found out of a photo to find copies is kept, so that each is looked at once; a photo whose size or times change is
   * looked at anew. @default none
   */
  readonly fingerprints?: FingerprintPlace;
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
  /** Ends the check: `photoFolder` then throws `aborted`. */
  readonly signal?: AbortSignal;
}

/** Data sets of a folder or list of photos. */
export interface PhotoFolder {
  readonly train: PhotoDataset;
  /** What is given for validation, else what was set aside. */
  readonly valid?: PhotoDataset;
  /** What is given for test, of the same classes. */
  readonly test?: PhotoDataset;
  readonly classNames: readonly string[];
  readonly preprocessing: Preprocessing;
  /** The folder that the names of photos are relative to. */
  readonly root: string;
  /** Copies among the photos, with the parts that they lie in now; none where nobody looked. */
  readonly duplicates: DuplicateReport;
  /** Photos that were left out because they are copies of others. */
  readonly dropped: readonly string[];
  /** Groups that have photos in two given parts. */
  readonly straddling: readonly string[];
  /** What was left out so far, and why; grows when a photo turns out to be broken during a run. */
  readonly problems: readonly PhotoProblem[];
  /** How long training and measuring stood still so far for photos that were not yet decoded. */
  readonly waitedSeconds: number;
}

/**
 * Opens photos: a folder with one sub-folder per class, or with folders train, valid and test of those; or a list in CSV or
 * JSON, with a path and a label for each photo. Classes are numbered by name. Photos are decoded when they are needed, ahead
 * of training, in memory that does not depend on their number.
 *
 * @throws FoveaError `file` where it cannot be read, `data` where it has no classes or no photos that can be used, `format`
 * and `option` where a list is none or lacks a column.
 */
export async function photoFolder(path: string, options: PhotoFolderOptions = {}): Promise<PhotoFolder> {
  const where = `photos in "${path}"`;
  const preprocessing = preprocessingFrom(options);
  checkFrame(where, preprocessing);
  const { validation = 0.2, seed = 0, duplicates = 'together' } = options;
  if (!(validation >= 0 && validation < 1)) {
    const rule = 'validation must be at least 0 and less than 1';
    throw new FoveaError('option', { where, rule, received: `${validation}` });
  }
  const decoder = await createPhotoDecoder(options);
  const listed = await findPhotos(path, options);
  const { root } = listed;
  const given = new Set(listed.files.map(({ part }) => part));
  const parting = validation > 0 && !given.has('valid');
  // Copies matter where there are two sides for them to lie on.
  const comparing = duplicates === 'drop' || (duplicates === 'together' && (parting || given.size > 1));
  const examined = await examinePhotos(root, listed.files, decoder, {
    check: comparing ? 'compare' : (options.check ?? 'header'),
    ...{ concurrency: options.concurrency, onProgress: options.onProgress, signal: options.signal },
    fingerprints: openFingerprints(options.fingerprints, root, options),
  });
  const usable = usablePhotos(listed.files, examined);
  const found = [...listed.problems, ...usable.problems];
  const { classNames } = usable;
  if (usable.files.length === 0) {
    throw new FoveaError('data', { where, rule: 'no photo can be decoded', received: found[0]?.message ?? 'none' });
  }
  const copies: Duplicates = comparing
    ? findDuplicates(usable.examined.map(({ comparable }) => comparable))
    : { sets: [], alike: 0 };
  const dropped = duplicates === 'drop' ? droppedCopies(usable.files, copies) : new Set<number>();
  const files = usable.files.filter((_, i) => !dropped.has(i));
  const source = sourceOf(root, files, classNames, decoder, preprocessing);
  const cache = await openCache(path, files, preprocessing, options);
  const { concurrency, aheadBytes, onProblem } = options;
  const loader = new PhotoLoader(source, {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(aheadBytes === undefined ? {} : { aheadBytes }),
    ...(onProblem === undefined ? {} : { onProblem }),
    ...(cache === undefined ? {} : { cache }),
  });
  // Where copies were dropped, there is none to keep together.
  const sets = duplicates === 'together' ? copies.sets.map(({ members }) => members) : [];
  const parts = partsOf(files, source, sets, parting ? validation : 0, seed);
  const placed = files.map((file, i) => ({ ...file, part: parts[i] as PhotoPart }));
  const dataset = (part: PhotoPart): PhotoDataset | undefined => {
    const indices = Uint32Array.from(placed.flatMap((file, i) => (file.part === part ? [i] : [])));
    return indices.length === 0 ? undefined : photoDataset(loader, preprocessing, indices);
  };
  const [train, valid, test] = [dataset('train'), dataset('valid'), dataset('test')];
  return {
    train: train ?? photoDataset(loader, preprocessing, new Uint32Array(0)),
    ...(valid === undefined ? {} : { valid }),
    ...(test === undefined ? {} : { test }),
    ...{ classNames, preprocessing, root },
    duplicates: reportDuplicates(duplicates === 'drop' ? usable.files : placed, copies),
    dropped: [...dropped].sort((a, b) => a - b).map((i) => (usable.files[i] as PhotoFile).path),
    straddling: straddlingGroups(placed),
    get problems() {
      return [...found, ...loader.problems];
    },
    get waitedSeconds() {
      return loader.waitedSeconds;
    },
  };
}

interface UsablePhotos {
  readonly files: readonly PhotoFile[];
  readonly examined: readonly Examined[];
  /** Of the training photos. */
  readonly classNames: readonly string[];
  readonly problems: readonly PhotoProblem[];
}

/** The photos that pass the check and are of a class of the training photos. */
function usablePhotos(files: readonly PhotoFile[], examined: readonly (Examined | PhotoProblem)[]): UsablePhotos {
  const problems = examined.filter((one): one is PhotoProblem => 'kind' in one);
  const isGood = (i: number): boolean => !('kind' in (examined[i] as Examined | PhotoProblem));
  const classNames = [
    ...new Set(files.flatMap(({ part, className }, i) => (part === 'train' && isGood(i) ? [className] : []))),
  ].sort(byName);
  const known = new Set(classNames);
  const strangers = new Set(files.filter(({ className }, i) => isGood(i) && !known.has(className)).map(folderOf));
  for (const path of strangers) {
    problems.push({ path, kind: 'unlabeled', message: 'the training photos have no such class' });
  }
  const chosen = files.flatMap(({ className }, i) => (isGood(i) && known.has(className) ? [i] : []));
  return {
    files: chosen.map((i) => files[i] as PhotoFile),
    examined: chosen.map((i) => examined[i] as Examined),
    ...{ classNames, problems },
  };
}

/** The folder of the class, or the class itself where a list names it. */
function folderOf({ path, className }: PhotoFile): string {
  const folders = path.split('/').slice(0, -1);
  const at = folders.indexOf(className);
  return at < 0 ? `class ${className}` : folders.slice(0, at + 1).join('/');
}

function sourceOf(
  root: string,
  files: readonly PhotoFile[],
  classNames: readonly string[],
  decoder: PhotoDecoder,
  preprocessing: Preprocessing,
): PhotoSource {
  const [height, width] = preprocessing.crop;
  const classOf = new Map(classNames.map((name, i) => [name, i]));
  return {
    ...{ height, width, classNames },
    names: files.map(({ path }) => path),
    labels: Int32Array.from(files, ({ className }) => classOf.get(className) as number),
    ...(files.some(({ weight }) => weight !== undefined)
      ? { weights: Float32Array.from(files, ({ weight = 1 }) => weight) }
      : {}),
    ...(files.some(({ group }) => group !== undefined)
      ? { groups: files.map(({ group, path }) => group ?? path) }
      : {}),
    load: async (index) => {
      const { path } = files[index] as PhotoFile;
      return decoder.decode(await readPhoto(root, path), `photo "${path}"`, preprocessing);
    },
  };
}

/** The part of each photo: the given one, or for a share of the training photos `valid`. */
function partsOf(
  files: readonly PhotoFile[],
  { labels, groups }: PhotoSource,
  sets: readonly (readonly number[])[],
  share: number,
  seed: number,
): PhotoPart[] {
  const parts = files.map(({ part }) => part);
  if (share === 0) return parts;
  const train = parts.flatMap((part, i) => (part === 'train' ? [i] : []));
  const placeOf = new Map(train.map((i, place) => [i, place]));
  const [, held] = setAside({
    labels: Int32Array.from(train, (i) => labels[i] as number),
    ...(groups === undefined ? {} : { groups: train.map((i) => groups[i] as string) }),
    sets: sets.map((members) => members.flatMap((i) => placeOf.get(i) ?? [])),
    ...{ share, seed },
  });
  for (const place of held) parts[train[place] as number] = 'valid';
  return parts;
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
