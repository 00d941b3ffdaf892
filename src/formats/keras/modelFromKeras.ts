import type { Layer } from '../../layers/layer.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import type { StoredTensor } from '../safetensors.js';
import { arrangement } from '../weightLayout.js';
import { configuredOrdering } from './configuredOrdering.js';
import { type KerasFile, type KerasLayerWeights, type ReadKerasOptions, readKeras } from './kerasFile.js';
import { type BuiltModel, buildFromKeras, type PlacedLayer } from './kerasGraph.js';

/** How a network is built from a Keras file. */
export interface ModelFromKerasOptions extends ReadKerasOptions {
  /** Shape of an example [h, w, c], for models that leave it open, as `include_top=False` does. */
  readonly inputShape?: Shape;
  /** Makes layers of the user's own, by Keras's class name, from Keras's configuration of them. */
  readonly layers?: Readonly<Record<string, (config: unknown) => Layer>>;
}

/** A model as it came out of another program's file. */
export interface ImportedModel {
  readonly model: Model;
  /** What was left out, a sentence each: regularizers and constraints that are not known here. */
  readonly notes: readonly string[];
}

/**
 * The network of a Keras file with its weights: `.keras`, or `.h5` as `model.save` writes it. Sequential and functional models
 * of the layers that exist here; models within models become part of the whole. Channels-first networks become channels-last
 * ones that compute the same. Batch normalization's ε is the file's.
 *
 * @throws FoveaError `format` for a damaged file, one with weights alone, and layers that are not known here.
 */
export async function modelFromKeras(bytes: Uint8Array, options: ModelFromKerasOptions = {}): Promise<ImportedModel> {
  const { where = 'Keras file' } = options;
  const file = await readKeras(bytes, options);
  if (file.architecture === undefined) {
    throw new FoveaError('format', {
      where,
      rule: 'the file holds weights, but no description of the network',
      received: `${file.layers.length} layers with weights`,
      remedy:
        'Build the network and load them: loadWeights(model, file.tensors, { layout: file.layout }) after readKeras',
    });
  }
  return assemble(file, options, where);
}

/** Builds the network of a file that has been read, and sets its weights. */
export async function assemble(
  file: KerasFile,
  options: Pick<ModelFromKerasOptions, 'inputShape' | 'layers'>,
  where: string,
): Promise<ImportedModel> {
  const { architecture } = file;
  if (architecture === undefined) throw new TypeError('a file without a description');
  const source = new WeightSource(file);
  const built = buildWithin(where, () =>
    buildFromKeras(architecture, {
      ...options,
      channelsFirst: configuredOrdering(architecture) === 'th',
      weights: (place) => source.measured(place),
    }),
  );
  const layout = { ...file.layout, flattened: built.flattened };
  const values = new Map<Layer, Map<string, Tensor<'float32'>>>();
  for (const { layer, weight, tensor, name } of source.match(built, where)) {
    const arrange = arrangement(built.model, layer, weight, tensor.shape, layout);
    if (arrange === undefined || !(tensor.data instanceof Float32Array)) {
      throw formatError(
        where,
        `the weight "${layer.name}/${weight.name}" is float32 ${formatShape(weight.variable.shape)}`,
        `${tensor.dtype} ${formatShape(tensor.shape)} in ${quoteUntrusted(name)}`,
        'Description and weights do not belong together: write the file anew',
      );
    }
    const own = values.get(layer) ?? new Map<string, Tensor<'float32'>>();
    own.set(weight.name, new Tensor<'float32'>(arrange(tensor.data), weight.variable.shape));
    values.set(layer, own);
  }
  await built.model.setWeights(
    built.model.weights.map(({ layer, weight }) => values.get(layer)?.get(weight.name) as Tensor<'float32'>),
  );
  return { model: built.model, notes: built.notes };
}

/** Mistakes that the layers find in a file's description are the file's. */
function buildWithin(where: string, build: () => BuiltModel): BuiltModel {
  try {
    return build();
  } catch (cause) {
    if (cause instanceof FoveaError && cause.code === 'format') throw cause;
    const received = cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
    const remedy = 'The description does not fit together, or uses what is not read here';
    throw formatError(where, 'the description must be one of layers that fit', received, remedy, cause);
  }
}

type Match = { layer: Layer; weight: Layer['weights'][number]; tensor: StoredTensor; name: string };

/**
 * Finds the tensors of layers: by path in files of Keras 3, by name in TensorFlow.js's, and in older files of Keras by the
 * name on the outermost level, where a model within the model has one list for all its layers.
 */
class WeightSource {
  readonly #layers = new Map<string, KerasLayerWeights>();
  readonly #container: KerasFile['container'];

  constructor(file: KerasFile) {
    this.#container = file.container;
    for (const layer of file.layers) {
      this.#layers.set(layer.path, layer);
      if (file.container !== 'tfjs') continue;
      // The names of models around it may stand in front.
      const last = layer.path.slice(layer.path.lastIndexOf('/') + 1);
      if (!this.#layers.has(last)) this.#layers.set(last, layer);
    }
  }

  measured(place: Omit<PlacedLayer, 'layer'>): readonly StoredTensor[] {
    return this.#layers.get(this.#keyOf(place))?.weights.map(({ tensor }) => tensor) ?? [];
  }

  #keyOf({ path, group, name }: Omit<PlacedLayer, 'layer'>): string {
    return this.#container === 'h5' ? group : this.#container === 'tfjs' ? name : path;
  }

  match({ placed }: BuiltModel, where: string): Match[] {
    const own = placed.filter(({ layer }) => layer.weights.length > 0);
    const groups = new Map<string, PlacedLayer[]>();
    for (const one of own) {
      const key = this.#keyOf(one);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [one]);
      else group.push(one);
    }
    return [...groups].flatMap(([key, layers]) => this.#matchGroup(key, layers, where));
  }

  /** A model within a model keeps its weights in one list: what learns comes first, then the rest. */
  #matchGroup(key: string, layers: readonly PlacedLayer[], where: string): Match[] {
    const all = layers.flatMap(({ layer }) => layer.weights.map((weight) => ({ layer, weight })));
    const learns = ({ layer, weight }: (typeof all)[number]): boolean => layer.trainable && weight.learned;
    const ordered = [...all.filter(learns), ...all.filter((one) => !learns(one))];
    const stored = this.#layers.get(key)?.weights ?? [];
    if (stored.length !== ordered.length) {
      throw formatError(
        where,
        `the layer ${quoteUntrusted(key)} has ${ordered.length} weights: ${ordered
          .map(({ weight }) => weight.name)
          .slice(0, 8)
          .join(', ')}`,
        `${stored.length} in the file`,
        'Description and weights do not belong together: write the file anew',
      );
    }
    return ordered.map((one, i) => {
      const { tensor, name } = stored[i] as (typeof stored)[number];
      return { ...one, tensor, name };
    });
  }
}
