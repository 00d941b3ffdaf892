import { InputLayer } from '../../layers/input.js';
import type { JsonObject } from '../../layers/json.js';
import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { toHalves } from '../halfFloat.js';
import { hdf5Pieces, type WritableDataset, type WritableGroup } from '../hdf5/writeHdf5.js';
import { zipPieces } from '../writeZip.js';
import { type KerasLayer, layerToKeras } from './layersToKeras.js';
import { layersOfNonNegative } from './nonNegative.js';
import { snakeCase } from './snakeCase.js';
import { kerasObject } from './specsToKeras.js';

/** How a `.keras` file is written. */
export interface WriteKerasOptions {
  /** Kind of number of the weights; 'float16' halves the file and rounds to 11 binary digits. @default 'float32' */
  readonly precision?: 'float32' | 'float16';
  /** When the file was made, as it states. @default 1 January 1980: equal models give equal bytes */
  readonly date?: Date;
}

/** The version whose form is written. */
const KERAS_VERSION = '3.8.0';

/**
 * A model as a `.keras` file of Keras 3, in pieces to be written one after the other: description, weights in HDF5. What
 * Keras has no option for becomes an extra layer: padding by numbers a ZeroPadding2D, an activation with options a ReLU.
 *
 * @throws FoveaError `option` for layers that Keras does not have.
 */
export async function kerasPieces(model: Model, options: WriteKerasOptions = {}): Promise<Uint8Array[]> {
  const { precision = 'float32', date = new Date(Date.UTC(1980, 0, 1)) } = options;
  if (precision !== 'float32' && precision !== 'float16') {
    const rule = 'precision must be "float32" or "float16"';
    throw new FoveaError('option', { where: 'writeKeras', rule, received: String(precision) });
  }
  if (model.outputs.length === 0)
    throw new FoveaError('option', { where: 'writeKeras', rule: 'the model has no layers yet' });
  const nonNegative = layersOfNonNegative(model);
  const chains = new Map(model.layers.map((layer) => [layer, chainOf(layer, nonNegative.has(layer))]));
  checkNames([...chains.values()].flat());
  const config = model.kind === 'sequential' ? sequentialConfig(model, chains) : functionalConfig(model, chains);
  const saved = date.toISOString();
  const metadata = { keras_version: KERAS_VERSION, date_saved: `${saved.slice(0, 10)}@${saved.slice(11, 19)}` };
  const encode = (json: JsonObject): Uint8Array[] => [new TextEncoder().encode(JSON.stringify(json))];
  return zipPieces(
    new Map([
      ['metadata.json', encode(metadata)],
      ['config.json', encode(config)],
      ['model.weights.h5', hdf5Pieces(await weightGroups(model, chains, precision))],
    ]),
  );
}

/** The same as {@link kerasPieces} in one array. */
export async function writeKeras(model: Model, options: WriteKerasOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const pieces = await kerasPieces(model, options);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

type Chains = ReadonlyMap<Layer, readonly KerasLayer[]>;

function chainOf(layer: Layer, nonNegative: boolean): readonly KerasLayer[] {
  if (!(layer instanceof InputLayer)) return layerToKeras(layer, nonNegative);
  return [{ className: 'InputLayer', config: inputConfig(layer.name, layer.outputShape()), main: true }];
}

function inputConfig(name: string, shape: readonly number[]): JsonObject {
  return { batch_shape: [null, ...shape], dtype: 'float32', sparse: false, name };
}

/** Extra layers are named after the one that they belong to: that name may be taken. */
function checkNames(layers: readonly KerasLayer[]): void {
  const names = new Set<string>();
  for (const { config } of layers) {
    const name = config.name as string;
    if (names.has(name)) {
      throw new FoveaError('name', {
        where: 'writeKeras',
        rule: `the name "${name}" is needed for a layer that Keras needs in addition`,
        remedy: 'Give the layer of that name another one',
      });
    }
    names.add(name);
  }
}

function sequentialConfig(model: Model, chains: Chains): JsonObject {
  const shape = model.inputShapes[0] as readonly number[];
  const name = (model.inputs[0] as LayerOutput).layer.name;
  const taken = new Set([...chains.values()].flat().map(({ config }) => config.name));
  const input = kerasObject('keras.layers', 'InputLayer', inputConfig(taken.has(name) ? `${name}_layer` : name, shape));
  const layers = model.layers.flatMap((layer) => (chains.get(layer) as readonly KerasLayer[]).map(described));
  return kerasObject('keras', 'Sequential', {
    name: model.name,
    trainable: true,
    dtype: 'float32',
    layers: [input, ...layers],
    build_input_shape: [null, ...shape],
  });
}

function described({ className, config }: KerasLayer): JsonObject {
  return kerasObject('keras.layers', className, config);
}

/** Layers with what each of their applications takes. */
function functionalConfig(model: Model, chains: Chains): JsonObject {
  const applications = new Map<Layer, LayerOutput[]>();
  for (const node of model.nodes) {
    const own = applications.get(node.layer);
    if (own === undefined) applications.set(node.layer, [node]);
    else own.push(node);
  }
  const numberOf = (node: LayerOutput): number => (applications.get(node.layer) as LayerOutput[]).indexOf(node);
  const nameOf = (layer: Layer, place: number): string => chains.get(layer)?.at(place)?.config.name as string;
  const history = (node: LayerOutput): [string, number, number] => [nameOf(node.layer, -1), numberOf(node), 0];
  const tensor = (shape: readonly number[], from: [string, number, number]): JsonObject => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, ...shape], dtype: 'float32', keras_history: from },
  });
  const call = (args: JsonObject | readonly JsonObject[]): JsonObject => ({ args: [args], kwargs: {} });
  const layers = model.layers.flatMap((layer) => {
    const chain = chains.get(layer) as readonly KerasLayer[];
    const nodes = applications.get(layer) as readonly LayerOutput[];
    return chain.map((one, place) => ({
      ...described(one),
      name: one.config.name,
      inbound_nodes:
        layer instanceof InputLayer
          ? []
          : nodes.map((node, number) => {
              if (place > 0) return call(tensor(between(chain, place, node), [nameOf(layer, place - 1), number, 0]));
              const inputs = node.inputs.map((input) => tensor(input.shape, history(input)));
              return call(inputs.length === 1 ? (inputs[0] as JsonObject) : inputs);
            }),
    }));
  });
  return {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    config: {
      name: model.name,
      trainable: true,
      layers,
      input_layers: model.inputs.map(history),
      output_layers: model.outputs.map(history),
    },
    registered_name: 'Functional',
  };
}

/** The shape between two layers of a chain: of the padded image, or of what the activation leaves as it is. */
function between(chain: readonly KerasLayer[], place: number, node: LayerOutput): readonly number[] {
  const before = chain[place - 1] as KerasLayer;
  if (before.main) return node.shape;
  const [input] = node.inputs as [LayerOutput];
  const [h, w, c] = input.shape as readonly [number, number, number];
  const [[top, bottom], [left, right]] = before.config.padding as readonly [
    readonly [number, number],
    readonly [number, number],
  ];
  return [h + top + bottom, w + left + right, c];
}

/** `layers/conv2d_1/vars/0`: numbered within each class, in the order of the description. */
async function weightGroups(model: Model, chains: Chains, precision: 'float32' | 'float16'): Promise<WritableGroup> {
  const counts = new Map<string, number>();
  const layers = new Map<string, WritableGroup>();
  for (const layer of model.layers) {
    for (const { className, config, main } of chains.get(layer) as readonly KerasLayer[]) {
      const name = snakeCase(className);
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      const members = new Map<string, WritableDataset>();
      if (main) {
        for (const [i, { data, shape }] of (await layer.getWeights()).entries()) {
          const kept = precision === 'float16' ? toHalves(data) : data;
          const bytes = new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
          members.set(String(i), { shape, kind: precision, bytes });
        }
      }
      const vars: WritableGroup = { attributes: { name: config.name as string }, members };
      layers.set(count === 0 ? name : `${name}_${count}`, { members: new Map([['vars', vars]]) });
    }
  }
  return {
    members: new Map<string, WritableGroup>([
      ['layers', { members: layers }],
      ['vars', { attributes: { name: model.name } }],
    ]),
  };
}
