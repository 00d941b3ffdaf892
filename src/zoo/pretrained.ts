import type { Preprocessing } from '../data/photos/preprocessing.js';
import { loadWeights, type WeightReport } from '../formats/loadWeights.js';
import type { WritableTensor } from '../formats/safetensors.js';
import type { WeightLayout, WeightLayoutName } from '../formats/weightLayout.js';
import type { Model } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import type { WeightSource } from './weightSource.js';
import type { ZooEntry } from './zoo.js';

/** What a file of weights holds, whatever its format. */
export interface StoredWeights {
  readonly tensors: ReadonlyMap<string, WritableTensor>;
  /** `layout` (OIHW or HWIO) and `bn_epsilon` are heeded. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Where the file itself decides it. */
  readonly layout?: WeightLayoutName | WeightLayout;
}

/** How a network is built from a file. */
export interface BuildPretrainedOptions {
  /** How messages name the file. @default the source's file name */
  readonly where?: string;
  /** Leaves weights that find no tensor, or one of another shape, as they are. @default false: that is an error */
  readonly partial?: boolean;
}

/** A network with its trained weights. */
export interface Pretrained {
  readonly model: Model;
  readonly preprocessing: Preprocessing;
  readonly report: WeightReport;
}

/** One of a network's sources of weights by its id, the first one without. @throws FoveaError `name`. */
export function weightSource(entry: ZooEntry, id?: string): WeightSource {
  const found = id === undefined ? entry.weights[0] : entry.weights.find((source) => source.id === id);
  if (found !== undefined) return found;
  throw new FoveaError('name', {
    where: entry.title,
    rule: id === undefined ? 'no trained weights are known' : `there are no weights "${id}"`,
    ...(id === undefined
      ? {}
      : {
          remedy: suggestName(
            id,
            entry.weights.map((source) => source.id),
          ),
        }),
  });
}

/**
 * Builds a network of the zoo with trained weights: with the options, the layout and batch normalization's ε that the
 * weights were made with, what the file itself says first.
 *
 * @throws FoveaError where the file does not belong to the network, see {@link loadWeights}.
 */
export async function buildPretrained(
  entry: ZooEntry,
  source: WeightSource,
  { tensors, metadata = {}, layout }: StoredWeights,
  { where = source.file, partial = false }: BuildPretrainedOptions = {},
): Promise<Pretrained> {
  const stated = metadata.bn_epsilon === undefined ? undefined : Number(metadata.bn_epsilon);
  const epsilon = stated ?? source.options?.epsilon;
  const model = entry.build({ ...source.options, ...(epsilon === undefined ? {} : { epsilon }) });
  const report = await loadWeights(model, tensors, {
    layout: layout ?? layoutFromMetadata(metadata) ?? source.layout,
    ...(source.rename === undefined ? {} : { rename: source.rename }),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...{ where, partial },
  });
  return { model, preprocessing: source.preprocessing ?? entry.preprocessing, report };
}

/** The layout that a file states: `OIHW` is PyTorch's and Caffe's, `HWIO` Keras's. */
export function layoutFromMetadata({ layout }: Readonly<Record<string, string>>): WeightLayoutName | undefined {
  if (layout?.startsWith('OIHW')) return 'torch';
  return layout?.startsWith('HWIO') ? 'keras' : undefined;
}
