import type { CustomLayerFactory } from '../layers/registry.js';
import type { Model } from '../model/model.js';
import { modelFromConfig } from '../model/modelFromConfig.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { checkJsonSize, parseJsonText } from './jsonText.js';
import { readSafetensors, safetensorsPieces, type WriteSafetensorsOptions } from './safetensors.js';

/** Texts that travel with a model: names of classes, preprocessing, how it was trained. */
export type ModelMetadata = Readonly<Record<string, string>>;

const FORMAT = 'fovea';
const VERSION = '1';
const OWN_KEYS = ['format', 'version', 'config'];

/** How a model file is written. */
export type SaveModelOptions = WriteSafetensorsOptions;

/**
 * A model as one file: safetensors with the weights by `layer/weight`, the configuration in its metadata. Any reader of
 * safetensors opens it.
 *
 * @throws FoveaError `option` where `metadata` uses one of the keys format, version, config.
 */
export async function saveModel(
  model: Model,
  metadata: ModelMetadata = {},
  options: SaveModelOptions = {},
): Promise<Uint8Array> {
  const pieces = await modelPieces(model, metadata, options);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The same as {@link saveModel} in pieces to be written one after the other. */
export async function modelPieces(
  model: Model,
  metadata: ModelMetadata = {},
  options: SaveModelOptions = {},
): Promise<Uint8Array[]> {
  for (const key of OWN_KEYS) {
    if (!Object.hasOwn(metadata, key)) continue;
    throw new FoveaError('option', { where: 'saveModel', rule: `the metadata key "${key}" is the file's own` });
  }
  const values = await model.getWeights();
  const tensors = new Map(model.weights.map(({ path }, i) => [path, values[i] as Tensor]));
  const config = JSON.stringify(model.toConfig());
  return safetensorsPieces(tensors, { ...metadata, format: FORMAT, version: VERSION, config }, options);
}

/**
 * Reads what {@link saveModel} wrote. The bytes may come from anywhere: nothing in them is trusted.
 *
 * @param options.custom factories of the user's own layers that the model may hold.
 * @param options.where how messages name the file.
 * @throws FoveaError `format` for a damaged file, one that is no model, or weights that do not fit the configuration.
 */
export async function loadModel(
  bytes: Uint8Array,
  options: { readonly custom?: readonly CustomLayerFactory[]; readonly where?: string } = {},
): Promise<{ model: Model; metadata: ModelMetadata }> {
  const { where = 'model file' } = options;
  const { tensors, metadata } = readSafetensors(bytes, where);
  const { format, version, config, ...others } = metadata;
  if (format !== FORMAT || config === undefined) {
    throw new FoveaError('format', {
      where,
      rule: 'the file holds tensors, but no model of Fovea',
      received: `metadata ${Object.keys(metadata).slice(0, 10).join(', ') || 'none'}`,
      remedy: 'Build the model in code and set its weights',
    });
  }
  if (version !== VERSION) {
    throw new FoveaError('format', {
      where,
      rule: `model files of version ${VERSION} are read`,
      received: `version ${String(version).slice(0, 20)}`,
      remedy: 'Use the version of Fovea that wrote it, or a later one',
    });
  }
  const model = modelFromConfig(parseConfig(config, bytes, where), options);
  const { weights } = model;
  const paths = new Set(weights.map(({ path }) => path));
  for (const name of tensors.keys()) {
    if (!paths.has(name)) throw misfit(where, `there is no weight for the tensor "${name.slice(0, 100)}"`);
  }
  const values = weights.map(({ path, weight: { variable } }) => {
    const stored = tensors.get(path);
    if (stored === undefined) throw misfit(where, `the weight "${path}" is missing`, suggestName(path, tensors.keys()));
    if (!sameShape(stored.shape, variable.shape) || !(stored.data instanceof Float32Array)) {
      const expected = `the weight "${path}" is float32 ${formatShape(variable.shape)}`;
      throw misfit(where, `${expected}, the file has ${stored.dtype} ${formatShape(stored.shape)}`);
    }
    return new Tensor<'float32'>(stored.data, stored.shape);
  });
  await model.setWeights(values);
  return { model, metadata: others };
}

function parseConfig(config: string, file: Uint8Array, where: string): unknown {
  checkJsonSize(config.length, file, where);
  try {
    return parseJsonText(config);
  } catch (cause) {
    throw new FoveaError('format', {
      where,
      rule: 'the configuration in the metadata is not JSON',
      remedy: 'The file is damaged: fetch or write it anew',
      cause,
    });
  }
}

function misfit(where: string, rule: string, remedy = 'The file is damaged or was put together by hand'): FoveaError {
  return new FoveaError('format', { where, rule, remedy });
}
