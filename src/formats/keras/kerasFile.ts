import { formatError } from '../formatError.js';
import { isHdf5, openHdf5 } from '../hdf5/hdf5File.js';
import { checkJsonSize } from '../jsonText.js';
import { SPARE_BYTES } from '../limits.js';
import type { StoredTensor } from '../safetensors.js';
import type { WeightLayout } from '../weightLayout.js';
import { isZip, readZip } from '../zip.js';
import { configuredOrdering } from './configuredOrdering.js';
import { JsonValue } from './jsonValue.js';
import { hasLayerNumbers, readLayerNumbers, readNamedLayers } from './namedLayers.js';
import { type KernelOrdering, kernelStorage, toCorrelationKernel } from './ordering.js';
import { readVariables } from './variables.js';

/** One weight of a layer. */
export interface KerasWeight {
  /** As the file calls it. */
  readonly name: string;
  /** What it is, in Keras 3's words: `kernel`, `bias`, `gamma`, `moving_mean` …; a number where it cannot be told. */
  readonly role: string;
  /** Kernels are [h, w, in, out], for correlation. */
  readonly tensor: StoredTensor;
}

/** The weights of a layer, in Keras's order. */
export interface KerasLayerWeights {
  readonly name: string;
  /** Where they stand in a file of Keras 3: `layers/conv2d_1`; the name in older files. */
  readonly path: string;
  readonly weights: readonly KerasWeight[];
}

/** What a Keras file holds. */
export interface KerasFile {
  /** Keras 0 stands for the versions before layers had names in files. */
  readonly generation: 0 | 1 | 2 | 3;
  /** An HDF5 file with names of layers, one of Keras 3's `.weights.h5`, the zip archive `.keras`, or TensorFlow.js's files. */
  readonly container: 'h5' | 'weights.h5' | 'keras' | 'tfjs';
  /** Layers that have weights, in the file's order. */
  readonly layers: readonly KerasLayerWeights[];
  /** Keras's own description of the network, where the file has one. `modelFromKeras` builds it. */
  readonly architecture: JsonValue | undefined;
  /** All weights as `layer/role`, for `loadWeights` into a network that was built otherwise. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The layout of {@link tensors}; what is left to decide by it is the order of dense rows after a flatten. */
  readonly layout: WeightLayout;
}

/** How a Keras file is read. */
export interface ReadKerasOptions {
  /** How messages name the file; Keras's own names of its weights are understood. @default 'Keras file' */
  readonly where?: string;
  /** How a file without a mark stores its kernels: 'th' is Theano's [out, in, h, w]. @default 'auto': by names and shapes */
  readonly ordering?: KernelOrdering | 'auto';
}

/**
 * Reads the weights of a Keras file of any version: HDF5 of Keras 0 to 3 with or without the network's description,
 * `.weights.h5` and `.keras` of Keras 3. Kernels of Theano are turned and brought into the order [h, w, in, out]. float32
 * data may be views of `bytes`. The state of an optimizer is left out. Nothing in the file is trusted.
 *
 * @throws FoveaError `format` for anything else.
 */
export async function readKeras(bytes: Uint8Array, options: ReadKerasOptions = {}): Promise<KerasFile> {
  const { where = 'Keras file' } = options;
  if (isHdf5(bytes)) return readHdf5(bytes, options);
  if (isZip(bytes)) return readArchive(bytes, options);
  throw formatError(
    where,
    'a Keras file is HDF5 or a zip archive',
    `the bytes ${[...bytes.subarray(0, 8)].join(' ')}`,
    'Check that this is the right file',
  );
}

async function readArchive(bytes: Uint8Array, options: ReadKerasOptions): Promise<KerasFile> {
  const { where = 'Keras file' } = options;
  const entries = readZip(bytes, where);
  const config = entries.get('config.json');
  const weights = entries.get('model.weights.h5');
  if (config === undefined || weights === undefined) {
    const names = [...entries.keys()].slice(0, 10).map((name) => name.slice(0, 60));
    const remedy = 'Save the model with model.save("name.keras"), in one file';
    throw formatError(where, 'a .keras file holds config.json and model.weights.h5', names.join(', '), remedy);
  }
  checkJsonSize(config.size, bytes, where);
  const text = new TextDecoder().decode(await config.read());
  const architecture = JsonValue.parse(text, where, 'config.json');
  // What the archive's own files take of it is no longer there for what lies within.
  const spare = Math.max(0, bytes.length + SPARE_BYTES - config.size - weights.size);
  const inner = { ...options, where: `${where}: model.weights.h5` };
  const stored = await readHdf5(await weights.read(), inner, spare);
  return { ...stored, container: 'keras', architecture };
}

async function readHdf5(bytes: Uint8Array, options: ReadKerasOptions, spare = SPARE_BYTES): Promise<KerasFile> {
  const { where = 'Keras file', ordering = 'auto' } = options;
  const root = openHdf5(bytes, where, spare);
  const inner = root.group('model_weights');
  const group = inner ?? root;
  const attribute = (name: string): string | undefined => {
    const value = root.attributes.get(name) ?? group.attributes.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const config = attribute('model_config');
  if (config !== undefined) checkJsonSize(config.length, bytes, where);
  const architecture = config === undefined ? undefined : JsonValue.parse(config, where, 'model_config');
  // Keras writes a list without names as numbers, of which there are none.
  const named = inner !== undefined || group.attributes.has('layer_names') || group.attributes.has('layer_names0');
  if (named || hasLayerNumbers(group)) {
    const stored = named ? await readNamedLayers(group, where) : await readLayerNumbers(group);
    const storage = kernelStorage(stored, where, {
      ordering,
      backend: attribute('backend') ?? (attribute('keras_version')?.startsWith('1') === false ? 'unknown' : undefined),
      configured: architecture === undefined ? undefined : configuredOrdering(architecture),
      name: where,
    });
    const layers = stored.map((layer) => ({
      ...layer,
      weights: layer.weights.map((one) => ({ ...one, tensor: toCorrelationKernel(one.tensor, storage) })),
    }));
    const generation = named ? generationOf(attribute('keras_version')) : 0;
    const flattened = storage.ordering === 'th' ? 'channelsFirst' : 'channelsLast';
    return { generation, container: 'h5', architecture, ...described(layers, flattened) };
  }
  const layers = await readVariables(root);
  if (layers !== undefined) {
    return { generation: 3, container: 'weights.h5', architecture, ...described(layers, 'channelsLast') };
  }
  throw formatError(
    where,
    'an HDF5 file of Keras names its layers or holds the groups layers and vars',
    `the members ${
      root.names
        .slice(0, 10)
        .map((name) => name.slice(0, 60))
        .join(', ') || 'none'
    }`,
    'Check that Keras wrote this file',
  );
}

function described(layers: readonly KerasLayerWeights[], flattened: WeightLayout['flattened']) {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, weights } of layers) {
    for (const { role, tensor } of weights) tensors.set(`${name}/${role}`, tensor);
  }
  const layout: WeightLayout = { convolution: 'HWIO', flipped: false, dense: 'inputsFirst', flattened };
  return { layers, tensors, layout };
}

function generationOf(version: string | undefined): 1 | 2 | 3 {
  return version?.startsWith('3') ? 3 : version?.startsWith('2') ? 2 : 1;
}
