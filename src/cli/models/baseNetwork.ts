import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { loadModel } from '../../formats/modelFile.js';
import { readFileChecked } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { buildPretrained } from '../../zoo/pretrained.js';
import type { WeightSource } from '../../zoo/weightSource.js';
import { type ZooEntry, zooEntry } from '../../zoo/zoo.js';
import type { Terminal } from '../terminal.js';
import { preprocessingFrom } from './modelTexts.js';
import { candidateSources, readStoredWeights } from './storedWeights.js';
import { fetchWeights, findWeightFile, placingRemedy } from './weightFiles.js';

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
  if (file !== undefined) return fromFile(entry, file, candidateSources(entry, file));
  const found = await findWeightFile(entry.weights);
  if (found !== undefined) return fromFile(entry, found.path, [found.source]);
  return downloaded(entry, terminal);
}

async function downloaded(entry: ZooEntry & { readonly name: string }, terminal: Terminal): Promise<BaseNetwork> {
  const remedy = placingRemedy(entry.weights, ', or name a file with --weights');
  const source = entry.weights.find(({ url, options }) => url !== undefined && options?.includeTop !== false);
  if (source === undefined) {
    const rule = entry.weights.length === 0 ? 'no trained weights are known' : 'no address is known for its weights';
    throw new FoveaError('file', { where: `network "${entry.name}"`, rule, remedy });
  }
  return fromFile(entry, await fetchWeights(source, remedy, terminal), [source]);
}

async function fromFile(
  entry: ZooEntry & { readonly name: string },
  path: string,
  sources: readonly WeightSource[],
): Promise<BaseNetwork> {
  const stored = await readStoredWeights(path);
  let first: unknown;
  for (const source of sources) {
    try {
      const { model, preprocessing } = await buildPretrained(entry, source, stored, { where: `weights "${path}"` });
      const top = source.options?.includeTop !== false;
      return {
        ...{ model, name: entry.name, features: top ? entry.features : undefined, weights: path },
        preprocessing,
      };
    } catch (error) {
      if (!(error instanceof FoveaError)) throw error;
      first ??= error;
    }
  }
  throw first ?? new FoveaError('file', { where: `network "${entry.name}"`, rule: 'no trained weights are known' });
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
