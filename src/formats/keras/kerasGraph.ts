import { input } from '../../layers/input.js';
import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { layerFromConfig } from '../../layers/registry.js';
import { model } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { suggestName } from '../../tensor/nearest.js';
import type { Shape } from '../../tensor/shape.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import type { StoredTensor } from '../safetensors.js';
import type { WeightLayout } from '../weightLayout.js';
import { layerEntries } from './configuredOrdering.js';
import { inboundNodes, inputShapeOf, type TensorReference, tensorReferences } from './connections.js';
import type { JsonValue } from './jsonValue.js';
import { kerasLayers } from './layersFromKeras.js';
import { snakeCase } from './snakeCase.js';

/** A layer of the built model with its place in the file. */
export interface PlacedLayer {
  readonly layer: Layer;
  /** As files of Keras 3 call it: `layers/conv2d_1`, `layers/functional/layers/dense`. */
  readonly path: string;
  /** The name of the layer, or of the model within the model, on the outermost level. */
  readonly group: string;
  /** Keras's name of the layer itself. */
  readonly name: string;
}

export interface BuiltModel {
  readonly model: Model;
  readonly placed: readonly PlacedLayer[];
  /** What was left out, sentence by sentence. */
  readonly notes: readonly string[];
  /** In which order images were flattened in the file. */
  readonly flattened: WeightLayout['flattened'];
}

export interface BuildOptions {
  readonly channelsFirst: boolean;
  /** Shape of an example, for models that leave height or width open. */
  readonly inputShape?: Shape | undefined;
  /** Layers of the user's own, by Keras's class name, from Keras's configuration. */
  readonly layers?: Readonly<Record<string, (config: unknown) => Layer>> | undefined;
  readonly weights: (place: Omit<PlacedLayer, 'layer'>) => readonly StoredTensor[];
}

const MOST_LAYERS = 20_000;
const DEEPEST = 8;
/** Keras lists layers so that one round is enough, save where a layer is applied again further down. */
const MOST_ROUNDS = 50;

/** Builds a model from Keras's description of it. Models within the model become part of it. */
export function buildFromKeras(architecture: JsonValue, options: BuildOptions): BuiltModel {
  const graph = new KerasGraph(options);
  return graph.build(architecture);
}

/** One model of the description, which may be applied several times. */
interface Scope {
  readonly path: string;
  readonly group: string | undefined;
  readonly depth: number;
}

class KerasGraph {
  readonly #options: BuildOptions;
  readonly #layers = new Map<string, Layer>();
  readonly #placed: PlacedLayer[] = [];
  readonly #names = new Set<string>();
  readonly #notes: string[] = [];
  readonly #chain: (LayerOutput | Layer)[] = [];
  #onlySequential = true;
  #flattened: WeightLayout['flattened'] = 'channelsLast';
  #count = 0;

  constructor(options: BuildOptions) {
    this.#options = options;
  }

  build(architecture: JsonValue): BuiltModel {
    const inputs: LayerOutput[] = [];
    const outputs = this.#model(architecture, undefined, { path: '', group: undefined, depth: 0 }, inputs);
    const name = architecture.get('config').get('name');
    const named = name.present ? { name: ourName(name.text()) } : {};
    const built = this.#onlySequential ? sequential(this.#chain, named) : model({ inputs, outputs, ...named });
    return { model: built, placed: this.#placed, notes: this.#notes, flattened: this.#flattened };
  }

  /** The outputs of a model for given inputs; without them it makes its own and lists them in `made`. */
  #model(json: JsonValue, given: readonly LayerOutput[] | undefined, scope: Scope, made: LayerOutput[]): LayerOutput[] {
    if (scope.depth > DEEPEST) json.fail(`may hold models within models ${DEEPEST} deep: it`);
    const className = json.get('class_name').text();
    const entries = layerEntries(json);
    this.#count += entries.length;
    if (this.#count > MOST_LAYERS) json.fail(`may have ${MOST_LAYERS} layers: it`);
    if (className === 'Sequential') return [this.#sequential(json, entries, given?.[0], scope, made)];
    this.#onlySequential = false;
    if (!json.get('config').get('input_layers').present) return this.#unknown(json, className);
    return this.#functional(json, entries, given, scope, made);
  }

  #sequential(
    json: JsonValue,
    entries: readonly JsonValue[],
    given: LayerOutput | undefined,
    scope: Scope,
    made: LayerOutput[],
  ): LayerOutput {
    const paths = new Paths(scope.path);
    let node = given;
    for (const entry of entries) {
      const isInput = entry.get('class_name').value === 'InputLayer';
      if (node === undefined) {
        node = this.#input(entry, json, isInput);
        made.push(node);
        if (scope.depth === 0) this.#chain.push(node);
      }
      if (!isInput) node = this.#apply(entry, [node], paths.of(entry), scope);
    }
    return node ?? json.fail('must have layers: it');
  }

  #functional(
    json: JsonValue,
    entries: readonly JsonValue[],
    given: readonly LayerOutput[] | undefined,
    scope: Scope,
    made: LayerOutput[],
  ): LayerOutput[] {
    const config = json.get('config');
    const paths = new Paths(scope.path);
    const inputNames = tensorReferences(config.get('input_layers')).map(({ name }) => name);
    const applications = new Map<string, LayerOutput[]>();
    let waiting: { entry: JsonValue; name: string; path: string; nodes: TensorReference[][]; done: number }[] = [];
    const nested = new Set<string>();
    for (const entry of entries) {
      const name = (entry.get('name').present ? entry : entry.get('config')).get('name').text();
      const path = paths.of(entry);
      if (applications.has(name)) entry.fail(`must have a name of its own, not ${quoteUntrusted(name)}: it`);
      applications.set(name, []);
      if (isModel(entry)) nested.add(name);
      if (entry.get('class_name').value !== 'InputLayer') {
        waiting.push({ entry, name, path, nodes: inboundNodes(entry.get('inbound_nodes')), done: 0 });
        continue;
      }
      const place = inputNames.indexOf(name);
      const node = given === undefined ? this.#input(entry, json, true) : given[place];
      if (node === undefined) entry.fail('must be an input of its model: it');
      applications.set(name, [node]);
    }
    const find = ({ name, node }: TensorReference): LayerOutput | undefined => {
      const known =
        applications.get(name) ?? json.fail(`must hold the layer ${quoteUntrusted(name)} that others refer to: it`);
      // Keras counts a model within a model as applied once already.
      return known[nested.has(name) && node >= 1 ? node - 1 : node] ?? (nested.has(name) ? known[node] : undefined);
    };
    for (let round = 0; waiting.length > 0; round++) {
      let progress = false;
      for (const layer of waiting) {
        for (let node = layer.nodes[layer.done]; node !== undefined; node = layer.nodes[layer.done]) {
          const inputs = node.map(find);
          if (!inputs.every((one) => one !== undefined)) break;
          (applications.get(layer.name) as LayerOutput[]).push(this.#apply(layer.entry, inputs, layer.path, scope));
          layer.done++;
          progress = true;
        }
      }
      waiting = waiting.filter(({ nodes, done }) => done < nodes.length);
      if (!progress || round > MOST_ROUNDS) json.fail('must have layers that wait for others, but not in a circle: it');
    }
    const pick = (reference: TensorReference): LayerOutput => find(reference) ?? json.fail('must make its outputs: it');
    if (given === undefined) made.push(...tensorReferences(config.get('input_layers')).map(pick));
    return tensorReferences(config.get('output_layers')).map(pick);
  }

  /** Applies a layer, or a model within the model, to what comes before it. */
  #apply(entry: JsonValue, inputs: readonly LayerOutput[], path: string, scope: Scope): LayerOutput {
    const config = entry.get('config');
    const name = isModel(entry) && config.isList ? entry.get('name') : config.get('name');
    const ownName = name.present ? name.text() : path.slice(path.lastIndexOf('/') + 1);
    const group = scope.group ?? ownName;
    if (isModel(entry)) {
      const inner: Scope = { path, group, depth: scope.depth + 1 };
      const outputs = this.#model(entry, inputs, inner, []);
      if (outputs.length !== 1) entry.fail('must have one output to be a part of another model: it');
      return outputs[0] as LayerOutput;
    }
    let layer = this.#layers.get(path);
    if (layer === undefined) {
      layer = this.#make(entry, ownName, path, group, inputs);
      this.#layers.set(path, layer);
      this.#placed.push({ layer, path, group, name: ownName });
      this.#chain.push(layer);
    } else {
      this.#onlySequential = false;
    }
    return layer.apply(inputs);
  }

  #make(entry: JsonValue, name: string, path: string, group: string, inputs: readonly LayerOutput[]): Layer {
    const className = entry.get('class_name').text();
    const config = entry.get('config');
    const { channelsFirst, layers = {} } = this.#options;
    if (Object.hasOwn(layers, className)) {
      const own = (layers[className] as (config: unknown) => Layer)(config.value);
      own.giveName(this.#uniqueName(name, group));
      return own;
    }
    if (!Object.hasOwn(kerasLayers, className)) return this.#unknown(entry, className);
    const [type, translate] = kerasLayers[className] as (typeof kerasLayers)[string];
    const rank = inputs[0]?.shape.length ?? 0;
    const translated = translate({
      config,
      note: (text) => this.#notes.push(`${className} "${name.slice(0, 60)}": ${text}`),
      channelsFirst,
      rank,
      weights: () => this.#options.weights({ path, group, name }),
    });
    const made = typeof translated.type === 'string' && 'config' in translated;
    const described = made
      ? { type: translated.type as string, config: translated.config }
      : { type, config: translated };
    const trainable = config.get('trainable').value !== false;
    if (type === 'flatten' && rank === 3 && channelsFirst && config.get('data_format').value !== 'channels_first') {
      this.#flattened = 'channelsFirst';
    }
    return layerFromConfig({
      type: described.type,
      config: { ...(described.config as object), name: this.#uniqueName(name, group), trainable },
    });
  }

  /** Names must be unique in the whole model; one within a model within it may need that model's name in front. */
  #uniqueName(name: string, group: string): string {
    const plain = ourName(name);
    let unique = this.#names.has(plain) ? `${ourName(group)}_${plain}`.slice(0, 180) : plain;
    for (let i = 1; this.#names.has(unique); i++) unique = `${plain.slice(0, 180)}_${i}`;
    this.#names.add(unique);
    return unique;
  }

  #input(entry: JsonValue, json: JsonValue, isInput: boolean): LayerOutput {
    const { inputShape, channelsFirst } = this.#options;
    const config = entry.get('config');
    const name = config.get('name');
    const named = isInput && name.present ? { name: this.#uniqueName(name.text(), 'input') } : {};
    if (inputShape !== undefined) return input(inputShape, named);
    const stored = inputShapeOf(entry) ?? inputShapeOf(json);
    if (stored === undefined || !stored.every((n) => n !== null)) {
      throw formatError(
        entry.where,
        'the description leaves the size of the examples open',
        stored === undefined ? 'no shape' : `the shape [${stored.map((n) => n ?? '?').join(', ')}]`,
        'Give the option inputShape: [h, w, c]',
      );
    }
    const [c, h, w] = stored as [number, number, number];
    return input(channelsFirst && stored.length === 3 ? [h, w, c] : (stored as number[]), named);
  }

  #unknown(entry: JsonValue, className: string): never {
    const known = Object.keys(kerasLayers);
    const name = entry.get('config').get('name').value;
    throw formatError(
      entry.where,
      `the layer ${typeof name === 'string' ? `${quoteUntrusted(name)} ` : ''}is of a class that is not known here`,
      quoteUntrusted(className),
      `${suggestName(className.slice(0, 60), known)} A layer of your own goes into the option layers; or take the weights alone with readKeras and loadWeights. A Lambda has no description: replace it in Keras`,
    );
  }
}

function isModel(entry: JsonValue): boolean {
  const config = entry.get('config');
  return (
    entry.get('class_name').value === 'Sequential' ||
    (config.get('layers').isList && config.get('input_layers').present)
  );
}

/** Counts the layers of a model by class, as files of Keras 3 name them. */
class Paths {
  readonly #path: string;
  readonly #counts = new Map<string, number>();

  constructor(path: string) {
    this.#path = path === '' ? 'layers' : `${path}/layers`;
  }

  /** Inputs count in a graph of layers; a sequential model never asks for them. */
  of(entry: JsonValue): string {
    const name = snakeCase(entry.get('class_name').text());
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    return `${this.#path}/${count === 0 ? name : `${name}_${count}`}`;
  }
}

/** A name without slashes, as layers here have it. */
function ourName(name: string): string {
  return name.replaceAll('/', '_').slice(0, 180) || 'layer';
}
