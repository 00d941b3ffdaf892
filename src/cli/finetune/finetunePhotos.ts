import { resolve } from 'node:path';
import * as v from 'valibot';
import { type PhotoFolder, photoFolder } from '../../data/node/photoFolder.js';
import { photoStamps } from '../../data/node/photoStamps.js';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { whole } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { DUPLICATES, photoSelection } from '../data/photoOptions.js';
import { count } from '../format.js';

/** Which photos, and how they are dealt out, so that the same are found again; plain JSON. */
export const photoChoiceSchema = v.object({
  /** The folder, or the list. */
  folder: v.string(),
  /** The columns of the list, where they were named. */
  columns: v.exactOptional(v.record(v.picklist(['path', 'label', 'split', 'group', 'weight']), v.string())),
  /** What names a photo's group. */
  group: v.exactOptional(v.string()),
  /** What becomes of copies. */
  duplicates: v.picklist(DUPLICATES),
  /** Share of the photos to set aside where there is no folder `valid`. */
  validation: v.number(),
  /** Keys what is set aside. */
  seed: whole(0),
  /** What says which photos there were when the run began, see `photoStamps`; null for a part that there is not. */
  stamps: v.record(v.picklist(['train', 'valid', 'test']), v.nullable(v.string())),
});
export type PhotoChoice = v.InferOutput<typeof photoChoiceSchema>;

/** The parts that photos are dealt out into. */
export type PhotoPart = 'train' | 'valid' | 'test';

/** The photos of a fine-tuning. */
export interface FinetunePhotos {
  readonly folder: PhotoFolder;
  readonly parts: Readonly<Partial<Record<PhotoPart, PhotoDataset>>> & { readonly train: PhotoDataset };
  readonly choice: PhotoChoice;
}

export interface OpenPhotosOptions {
  readonly preprocessing: Preprocessing;
  /** They are read more than once, whole: pixels as bytes are a quarter of what a network takes. */
  readonly again: boolean;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Opens the photos that a network is fine-tuned to.
 *
 * @throws FoveaError `data` for fewer than two classes, or where `stamps` are given and the photos are no longer those.
 */
export async function openFinetunePhotos(
  wanted: Omit<PhotoChoice, 'stamps'> & Partial<Pick<PhotoChoice, 'stamps'>>,
  { preprocessing, again, onProgress, signal }: OpenPhotosOptions,
): Promise<FinetunePhotos> {
  const { folder: path, validation, seed, duplicates } = wanted;
  const chosen = { ...photoSelection(wanted), duplicates };
  const folder = await photoFolder(path, {
    ...{ ...chosen, preprocessing, validation, seed, onProgress, signal, fingerprints: 'disk' },
    ...(again ? { cache: 'memory' as const } : {}),
  });
  const where = `photos in "${path}"`;
  if (folder.classNames.length < 2) {
    throw new FoveaError('data', {
      where,
      rule: 'there must be at least two classes',
      received: count(folder.classNames.length, 'class', 'classes'),
    });
  }
  const { train, valid, test } = folder;
  const stamp = async (data: PhotoDataset | undefined) =>
    data === undefined ? null : photoStamps(folder.root, data.names);
  const stamps = { train: await stamp(train), valid: await stamp(valid), test: await stamp(test) };
  for (const [part, before] of Object.entries(wanted.stamps ?? {})) {
    if (before === stamps[part as PhotoPart]) continue;
    throw new FoveaError('data', {
      where,
      rule: `the photos are no longer those that the run began with: names, sizes or times in the part "${part}" differ`,
      remedy: 'Begin a new run',
    });
  }
  const parts = { train, ...(valid === undefined ? {} : { valid }), ...(test === undefined ? {} : { test }) };
  return { folder, parts, choice: { folder: resolve(path), ...chosen, validation, seed, stamps } };
}
