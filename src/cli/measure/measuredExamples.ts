import { stat } from 'node:fs/promises';
import type { Dataset } from '../../data/dataset.js';
import { photoFolder } from '../../data/node/photoFolder.js';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import type { Picture } from '../../pages/report/pictureShelf.js';
import { FoveaError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { checkFits, type DataOptions, dataFor } from '../data/dataOptions.js';
import { type DataChoice, openData } from '../data/dataSource.js';
import { type PhotoOptions, photoSelection } from '../data/photoOptions.js';
import { readFinetuneConfig } from '../finetune/finetuneConfig.js';
import {
  type OpenPhotosOptions,
  openFinetunePhotos,
  type PhotoChoice,
  type PhotoPart,
} from '../finetune/finetunePhotos.js';
import { commas } from '../format.js';
import { type OpenedModel, openTrainedModel } from '../models/modelSource.js';
import { classNamesFrom, preprocessingFrom } from '../models/modelTexts.js';
import { ProgressBar } from '../progressBar.js';
import { examplePictures, photoPictures } from '../report/pictureFiles.js';
import type { Terminal } from '../terminal.js';

export type Part = PhotoPart;

/** A trained model with examples to measure it on. */
export interface MeasuredExamples {
  readonly opened: OpenedModel;
  readonly data: Dataset & { readonly names?: readonly string[] };
  /** What they are: `test examples of digits`. */
  readonly title: string;
  readonly part: Part;
  readonly isPhotos: boolean;
  /** The choice, as JSON. */
  readonly choice: DataChoice | PhotoChoice | { readonly folder: string };
  readonly picture: ((index: number) => Promise<Picture | undefined>) | undefined;
}

export interface MeasuredOptions extends DataOptions, PhotoOptions {
  readonly split?: Part;
  /** Which part to take where none is named and there is more than one that nothing was learned from. @default 'test' */
  readonly prefer?: 'test' | 'valid';
  /** They are read more than once. @default false */
  readonly again?: boolean;
}

/** Opens a model and the examples that were named, else those that nothing was learned from. */
export async function measuredExamples(
  path: string,
  word: string | undefined,
  options: MeasuredOptions,
  terminal: Terminal,
): Promise<MeasuredExamples> {
  const opened = await openTrainedModel(path);
  const preprocessing = preprocessingFrom(opened.metadata, path);
  if (preprocessing !== undefined) {
    const bar = new ProgressBar(terminal.stderr);
    const onProgress = (done: number, total: number): void =>
      bar.draw('looking at photos', done / total, () => `${commas(done)} of ${commas(total)}`);
    const watch = { onProgress, signal: terminal.signal };
    return measuredPhotos(path, word, options, { opened, preprocessing, watch }).finally(() => bar.clear());
  }
  const choice = await dataFor(word, options, opened.metadata);
  const { split = 'test' } = options;
  if (split === 'valid') {
    throw new FoveaError('option', {
      where: 'option --split',
      rule: 'of this data there are test and train',
      received: 'valid',
    });
  }
  const source = await openData(choice, terminal);
  const data = source[split];
  checkFits(opened.model, data, source.title);
  const title = `${split === 'test' ? 'test' : 'training'} examples of ${source.title}`;
  return { ...{ opened, data, title, choice, part: split, isPhotos: false }, picture: examplePictures(data) };
}

interface PhotoModel {
  readonly opened: OpenedModel;
  readonly preprocessing: Preprocessing;
  readonly watch: Pick<OpenPhotosOptions, 'onProgress' | 'signal'>;
}

async function measuredPhotos(
  path: string,
  word: string | undefined,
  options: MeasuredOptions,
  { opened, preprocessing, watch }: PhotoModel,
): Promise<MeasuredExamples> {
  const isRun = (await stat(path)).isDirectory();
  if (word === undefined && !isRun) {
    throw new FoveaError('option', {
      where: 'argument data',
      rule: 'the model was made for photos, and none are named',
      remedy: 'Name a folder of photos, or the folder of the run in place of its model',
    });
  }
  const { choice, folder } =
    word === undefined
      ? await openFinetunePhotos((await readFinetuneConfig(path)).photos, {
          ...{ preprocessing, again: options.again ?? false, ...watch },
        })
      : {
          choice: { folder: word },
          folder: await photoFolder(word, {
            ...{ preprocessing, validation: 0, duplicates: 'keep' as const, ...photoSelection(options), ...watch },
            ...(options.again ? { cache: 'memory' as const } : {}),
          }),
        };
  const parts = { test: folder.test, valid: folder.valid, train: folder.train };
  const order = [options.prefer ?? 'test', 'test', 'valid', 'train'] as const;
  const part = options.split ?? order.find((one) => parts[one] !== undefined) ?? 'train';
  const photos = parts[part];
  if (photos === undefined) {
    throw new FoveaError('option', {
      where: 'option --split',
      rule: `there are no photos in the part "${part}"`,
      received: `photos to ${Object.entries(parts)
        .filter(([, one]) => one !== undefined)
        .map(([name]) => name)
        .join(', ')}`,
    });
  }
  const names = { test: 'test photos', valid: 'validation photos', train: 'training photos' };
  const only = word !== undefined && parts.test === undefined && parts.valid === undefined;
  return {
    ...{ opened, choice, part, isPhotos: true },
    data: withClassesOf(photos, classNamesFrom(opened.metadata), path),
    title: `${only ? 'photos' : names[part]} of ${choice.folder}`,
    picture: photoPictures(photos),
  };
}

/** The photos with their classes numbered as the model's are. */
function withClassesOf(
  photos: PhotoDataset,
  classNames: readonly string[] | undefined,
  path: string,
): MeasuredExamples['data'] {
  if (classNames === undefined) return photos;
  const numbers = photos.classNames.map((name) => classNames.indexOf(name));
  if (numbers.includes(-1)) {
    throw new FoveaError('data', {
      where: `photos for the model "${path}"`,
      rule: `its classes are ${classNames.slice(0, 10).join(', ')}`,
      received: `photos of ${photos.classNames
        .filter((_, c) => numbers[c] === -1)
        .slice(0, 10)
        .join(', ')}`,
      remedy: 'Name the folders as the classes of the model',
    });
  }
  const renumbered = (labels: Int32Array): Int32Array => labels.map((label) => numbers[label] as number);
  const of = (dataset: Dataset): Dataset => ({
    ...dataset,
    ...{ classNames, labels: renumbered(photos.labels) },
    // Changed photos, as for test-time augmentation, are the same photos.
    withPictures: (change) => of(dataset.withPictures?.(change) ?? dataset),
    batch: async (indices, epoch) => {
      const batch = await dataset.batch(indices, epoch);
      return { ...batch, y: new Tensor(renumbered(batch.y.data as Int32Array), batch.y.shape) };
    },
  });
  return of(photos);
}
