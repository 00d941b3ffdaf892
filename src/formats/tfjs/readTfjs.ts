import { sizeOf } from '../../tensor/shape.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import { checkJsonSize } from '../jsonText.js';
import { JsonValue } from '../keras/jsonValue.js';
import type { KerasFile, KerasLayerWeights, KerasWeight } from '../keras/kerasFile.js';
import { assemble, type ImportedModel, type ModelFromKerasOptions } from '../keras/modelFromKeras.js';
import { weightRoles } from '../keras/weightRoles.js';
import type { StoredTensor } from '../safetensors.js';
import { storedWeight } from './quantized.js';

/** Gives the contents of a file by its path beside model.json, as the manifest names it: `group1-shard1of2.bin`. */
export type ReadFile = (path: string) => Promise<Uint8Array> | Uint8Array;

const MOST_WEIGHTS = 100_000;

/**
 * The weights and the description of a TensorFlow.js layers model: model.json and the files that it names. Quantized weights
 * become float32. A graph model holds ops in place of layers and is not read. Nothing in the files is trusted; paths that
 * lead out of the folder are refused before they are read.
 *
 * @throws FoveaError `format` for anything else, and what `read` throws.
 */
export async function readTfjs(json: Uint8Array, read: ReadFile, where = 'model.json'): Promise<KerasFile> {
  checkJsonSize(json.length, new Uint8Array(0), where);
  const root = JsonValue.parse(new TextDecoder().decode(json), where, 'model.json');
  if (root.get('format').value === 'graph-model' || root.get('modelTopology').get('node').present) {
    const remedy = 'Convert the Keras model with tensorflowjs_converter --output_format=tfjs_layers_model';
    throw formatError(where, 'layers models are read', 'a graph model, which holds ops and no layers', remedy);
  }
  const topology = root.get('modelTopology');
  const inner = topology.get('model_config');
  const architecture = inner.present ? inner : topology;
  const stored: { name: string; tensor: StoredTensor }[] = [];
  for (const group of root.get('weightsManifest').list()) stored.push(...(await readGroup(group, read, where)));
  if (stored.length > MOST_WEIGHTS) root.fail(`may hold ${MOST_WEIGHTS} weights: it`);
  const layers = byLayer(stored);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, weights } of layers)
    for (const { role, tensor } of weights) tensors.set(`${name}/${role}`, tensor);
  return {
    generation: 2,
    container: 'tfjs',
    layers,
    architecture: architecture.present ? architecture : undefined,
    tensors,
    layout: { convolution: 'HWIO', flipped: false, dense: 'inputsFirst', flattened: 'channelsLast' },
  };
}

/** The network of a TensorFlow.js layers model with its weights. As `modelFromKeras` for what is not read. */
export async function modelFromTfjs(
  json: Uint8Array,
  read: ReadFile,
  options: Omit<ModelFromKerasOptions, 'ordering'> = {},
): Promise<ImportedModel> {
  const { where = 'model.json' } = options;
  const file = await readTfjs(json, read, where);
  if (file.architecture !== undefined) return assemble(file, options, where);
  const remedy =
    'Build the network and load them: loadWeights(model, file.tensors, { layout: file.layout }) after readTfjs';
  throw formatError(where, 'model.json must describe the network', 'weights alone', remedy);
}

async function readGroup(
  group: JsonValue,
  read: ReadFile,
  where: string,
): Promise<{ name: string; tensor: StoredTensor }[]> {
  const parts: Uint8Array[] = [];
  for (const path of group.get('paths').list()) parts.push(await read(innerPath(path)));
  const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts);
  let at = 0;
  const weights = group.get('weights').list();
  const found = weights.map((entry) => {
    const name = entry.get('name').text();
    const shape = entry.get('shape').wholeNumbers();
    const kind = storedWeight(entry);
    const length = sizeOf(shape);
    const what = `${where}: weight ${quoteUntrusted(name)}`;
    if (!(at + length * kind.bytes <= bytes.length)) {
      const rule = `its files must hold ${length * kind.bytes} bytes for the shape [${shape.join(', ')}]`;
      throw formatError(what, rule, `${bytes.length - at}`, 'A file is missing or damaged: fetch them anew');
    }
    const part = bytes.subarray(at, at + length * kind.bytes);
    at += part.length;
    return { name, tensor: { dtype: kind.dtype, shape, data: kind.decode(part, length, what) } };
  });
  if (at === bytes.length) return found;
  throw formatError(where, `the weights of a group take ${at} bytes`, `${bytes.length}`, 'Fetch the files anew');
}

/** A path that stays in its folder. */
function innerPath(value: JsonValue): string {
  const path = value.text();
  const inside = !/^[/\\]|\\|:|%|\0/.test(path) && path.split('/').every((part) => part !== '..' && part !== '');
  return inside ? path : value.fail('must be the path of a file in the same folder: it');
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Weights are named `layer/kernel`; a model within a model may put its own name in front. */
function byLayer(stored: readonly { name: string; tensor: StoredTensor }[]): KerasLayerWeights[] {
  const groups = new Map<string, { name: string; tensor: StoredTensor }[]>();
  for (const one of stored) {
    const layer = one.name.slice(0, Math.max(0, one.name.lastIndexOf('/')));
    const group = groups.get(layer);
    if (group === undefined) groups.set(layer, [one]);
    else group.push(one);
  }
  return [...groups].map(([path, weights]) => {
    const roles = weightRoles(
      weights.map(({ name }) => name),
      weights.map(({ tensor }) => tensor.shape),
    );
    const own: KerasWeight[] = weights.map((one, i) => ({ ...one, role: roles[i] as string }));
    return { name: path, path, weights: own };
  });
}
