import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheFolder } from '../data/node/cacheFolder.js';
import { download } from '../data/node/download.js';
import type { Preprocessing } from '../data/photos/preprocessing.js';
import { detectFormat } from '../formats/detect.js';
import { readKeras } from '../formats/keras/kerasFile.js';
import { loadWeights } from '../formats/loadWeights.js';
import { loadModel } from '../formats/modelFile.js';
import { readFileChecked } from '../formats/node/files.js';
import { readPytorch } from '../formats/pytorch/readPytorch.js';
import { readSafetensors, type WritableTensor } from '../formats/safetensors.js';
import type { WeightLayout, WeightLayoutName } from '../formats/weightLayout.js';
import type { Model } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import { layoutFromMetadata } from '../zoo/pretrained.js';
import type { WeightSource } from '../zoo/weightSource.js';
import { type ZooEntry, zooEntry } from '../zoo/zoo.js';
import { megabytes } from './format.js';
import { preprocessingFrom } from './modelTexts.js';
import { ProgressBar } from './progressBar.js';
import type { Terminal } from './terminal.js';

/** A trained network to build a new one on. */
export interface BaseNetwork {
  readonly model: Model;
  /** The name of the network, as folders may have it. */
  readonly name: string;
  /** The layer that a new classifier builds on; undefined where it is to be found. */
  readonly features: string | undefined;
  readonly preprocessing: Preprocessing;
  /** The file that the weights come from. */
  readonly weights: string;
}

/** Opens a network of the zoo with trained weights, or a model file of one's own. */
export async function openBase(word: string, file: string | undefined, terminal: Terminal): Promise<BaseNetwork> {
  if (word.endsWith('.safetensors')) return ownModel(word);
  const entry = zooEntry(word);
  if (file !== undefined) return fromFile(entry, file, candidates(entry, file));
  const found = await findWeights(entry);
  if (found !== undefined) return fromFile(entry, found.path, [found.source]);
  return downloaded(entry, terminal);
}

/** Folders that weights are looked for in: what FOVEA_WEIGHTS names, then the cache. */
function weightFolders(): string[] {
  const { FOVEA_WEIGHTS } = process.env;
  return [...(FOVEA_WEIGHTS ? [FOVEA_WEIGHTS] : []), join(cacheFolder(), 'weights')];
}

async function findWeights(entry: ZooEntry): Promise<{ path: string; source: WeightSource } | undefined> {
  for (const folder of weightFolders()) {
    for (const source of entry.weights) {
      const path = join(folder, source.file);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) return { path, source };
    }
  }
  return undefined;
}

async function downloaded(entry: ZooEntry & { readonly name: string }, terminal: Terminal): Promise<BaseNetwork> {
  const folder = join(cacheFolder(), 'weights');
  const files = entry.weights.map(({ file, url }) => `  ${file}${url === undefined ? '' : `\n    ${url}`}`).join('\n');
  const remedy = `Put one of these files into ${folder}, or into a folder that FOVEA_WEIGHTS names, or name a file with --weights:\n${files}\n`;
  const source = entry.weights.find(({ url, options }) => url !== undefined && options?.includeTop !== false);
  if (source?.url === undefined) {
    const rule = entry.weights.length === 0 ? 'no trained weights are known' : 'no address is known for its weights';
    throw new FoveaError('file', { where: `network "${entry.name}"`, rule, remedy });
  }
  const path = join(folder, source.file);
  const bar = new ProgressBar(terminal.stderr);
  if (!terminal.stderr.isTerminal) terminal.stderr.write(`Downloading ${source.file}, once …\n`);
  try {
    await download(
      { ...source, urls: [source.url], path },
      {
        ...{ signal: terminal.signal, remedy: `Without a network: ${remedy}` },
        onProgress: ({ bytes, totalBytes = bytes }) =>
          bar.draw(`Downloading ${source.file}`, bytes / totalBytes, () => megabytes(bytes)),
      },
    );
  } finally {
    bar.clear();
  }
  return fromFile(entry, path, [source]);
}

/** The sources that a file may be: the one of its name, else all. */
function candidates(entry: ZooEntry, file: string): readonly WeightSource[] {
  const named = entry.weights.filter((source) => source.file === basename(file));
  return named.length > 0 ? named : entry.weights;
}

async function fromFile(
  entry: ZooEntry & { readonly name: string },
  path: string,
  sources: readonly WeightSource[],
): Promise<BaseNetwork> {
  const stored = await readStored(path);
  let first: unknown;
  for (const source of sources) {
    try {
      const model = await buildWith(entry, source, stored, path);
      const top = source.options?.includeTop !== false;
      return {
        ...{ model, name: entry.name, features: top ? entry.features : undefined, weights: path },
        preprocessing: source.preprocessing ?? entry.preprocessing,
      };
    } catch (error) {
      if (!(error instanceof FoveaError)) throw error;
      first ??= error;
    }
  }
  throw first ?? new FoveaError('file', { where: `network "${entry.name}"`, rule: 'no trained weights are known' });
}

/** Weights of a file, whatever its format. */
interface StoredWeights {
  readonly tensors: ReadonlyMap<string, WritableTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the file itself decides it. */
  readonly layout: WeightLayoutName | WeightLayout | undefined;
}

async function buildWith(
  { build }: ZooEntry,
  source: WeightSource,
  { tensors, metadata, layout }: StoredWeights,
  path: string,
): Promise<Model> {
  const stated = metadata.bn_epsilon === undefined ? undefined : Number(metadata.bn_epsilon);
  const epsilon = stated ?? source.options?.epsilon;
  const model = build({ ...source.options, ...(epsilon === undefined ? {} : { epsilon }) });
  await loadWeights(model, tensors, {
    layout: layout ?? source.layout,
    ...(source.rename === undefined ? {} : { rename: source.rename }),
    ...(epsilon === undefined ? {} : { epsilon }),
    where: `weights "${path}"`,
  });
  return model;
}

async function readStored(path: string): Promise<StoredWeights> {
  const bytes = await readFileChecked(path);
  const where = `weights "${path}"`;
  const format = detectFormat(bytes, basename(path));
  if (format === 'safetensors') {
    const { tensors, metadata } = readSafetensors(bytes, where);
    return { tensors, metadata, layout: layoutFromMetadata(metadata) };
  }
  if (format === 'hdf5' || format === 'keras') {
    const { tensors, layout } = await readKeras(bytes, { where });
    return { tensors, metadata: {}, layout };
  }
  if (format === 'pytorch' || format === 'pytorchLegacy') {
    const { tensors } = await readPytorch(bytes, where);
    return { tensors, metadata: {}, layout: 'torch' };
  }
  throw new FoveaError('format', {
    where,
    rule: 'weights are read from safetensors, Keras (.h5, .keras) and PyTorch (.pth) files',
    received: format ?? 'something else',
  });
}

async function ownModel(path: string): Promise<BaseNetwork> {
  const { model, metadata } = await loadModel(await readFileChecked(path), { where: `model file "${path}"` });
  const preprocessing = preprocessingFrom(metadata, path);
  if (preprocessing !== undefined) {
    return { model, name: model.name, features: undefined, preprocessing, weights: path };
  }
  throw new FoveaError('option', {
    where: `model file "${path}"`,
    rule: 'it does not say what photos must go through before the network sees them',
    remedy: 'Use a model that fovea finetune made, or the name of a network',
  });
}
