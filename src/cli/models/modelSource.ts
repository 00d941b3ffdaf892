import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { detectFormat, type FileFormat } from '../../formats/detect.js';
import { loadModel, type ModelMetadata } from '../../formats/modelFile.js';
import { readFileChecked } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { modelFromConfig } from '../../model/modelFromConfig.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { cnn, cnnBatchNorm, type LectureOptions, linear, mlp } from '../../zoo/lecture.js';

/** The networks that have a name. */
export const namedModels = { linear, mlp, cnn, 'cnn-bn': cnnBatchNorm } as const;

/** The file of a run's folder that holds its model. */
export const MODEL_FILE = 'model.safetensors';

/** No description of a network is larger. */
const MAX_CONFIG_BYTES = 16 * 2 ** 20;

export interface OpenedModel {
  readonly model: Model;
  /** What a model file says besides; empty for others. */
  readonly metadata: ModelMetadata;
  /** The file that was read, or the name. */
  readonly from: string;
  /** A name that can be part of a folder's name. */
  readonly shortName: string;
  /** The weights come from a file. */
  readonly trained: boolean;
}

/** The model of a file (`.safetensors`) or of a run's folder, with its weights. */
export async function openTrainedModel(path: string): Promise<OpenedModel> {
  const file = (await isFolder(path)) ? join(path, MODEL_FILE) : path;
  if (extname(file) === '.json') {
    throw new FoveaError('option', {
      where: `model "${path}"`,
      rule: 'a configuration has no weights',
      remedy: 'Train it first: fovea train --model FILE.json',
    });
  }
  if (Object.hasOwn(namedModels, path) && !(await exists(file))) {
    throw new FoveaError('option', {
      where: `model "${path}"`,
      rule: 'a network by its name has no weights yet',
      remedy: `Train it first, with fovea train --model ${path}, and name the model file that this makes`,
    });
  }
  const bytes = await readFileChecked(file).catch((error: unknown) => {
    throw file === path || !isMissing(error) ? error : noRun(path);
  });
  refuseForeign(bytes, file);
  const opened = await loadModel(bytes, { where: `model file "${file}"` });
  return { ...opened, from: file, shortName: opened.model.name, trained: true };
}

/** A model to train or to describe: by its name, from a description (`.json`), a model file or a run's folder. */
export async function openModel(word: string, options: LectureOptions = {}): Promise<OpenedModel> {
  if (Object.hasOwn(namedModels, word)) {
    const model = namedModels[word as keyof typeof namedModels](options);
    return { model, metadata: {}, from: word, shortName: word, trained: false };
  }
  if (extname(word) === '.json') {
    const model = modelFromConfig(parseJson(word, await readFileChecked(word, { maxBytes: MAX_CONFIG_BYTES })));
    return { model, metadata: {}, from: word, shortName: model.name, trained: false };
  }
  if (extname(word) === '.safetensors' || (await exists(word))) return openTrainedModel(word);
  throw new FoveaError('name', {
    where: `model "${word}"`,
    rule: 'there is no network of this name, and no file',
    remedy: `${suggestName(word, Object.keys(namedModels))} A file ends with .json or .safetensors`,
  });
}

const isMissing = (error: unknown): boolean => error instanceof FoveaError && error.data.systemCode === 'ENOENT';

function noRun(folder: string): FoveaError {
  return new FoveaError('file', {
    where: `folder "${folder}"`,
    rule: `it holds no ${MODEL_FILE}: it is no run, or none that came to a model`,
    remedy: 'Name the folder that fovea train or fovea finetune made, or a model file',
  });
}

/** What other tools call the formats that are no model files of ours. */
const FOREIGN: Partial<Record<FileFormat, string>> = {
  hdf5: 'a Keras file (HDF5)',
  keras: 'a Keras file',
  onnx: 'an ONNX file',
  pytorch: 'a PyTorch file',
  pytorchLegacy: 'a PyTorch file',
};

/** Says of a file of another kind what it is and what makes a model file of it. */
function refuseForeign(bytes: Uint8Array, file: string): void {
  const format = detectFormat(bytes, basename(file));
  if (format === 'safetensors') return; // whether there is a model in it, its reader says
  const foreign = format === undefined ? undefined : FOREIGN[format];
  if (foreign !== undefined) {
    throw new FoveaError('format', {
      where: `model file "${file}"`,
      rule: 'this command reads the model files of Fovea (.safetensors)',
      received: foreign,
      remedy: `Make one of it: fovea convert ${quoted(file)} model.safetensors`,
    });
  }
  // A file that says it is one gets the reader's word on what is damaged.
  if (extname(file) === '.safetensors') return;
  throw new FoveaError('format', {
    where: `model file "${file}"`,
    rule: 'it must be a model file of Fovea (.safetensors), or the folder of a run',
    received: format ?? 'something else',
  });
}

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `"${path}"`);

function parseJson(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FoveaError('format', {
      where: `file "${path}"`,
      rule: 'it must be JSON, as Model.toConfig() gives it',
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
