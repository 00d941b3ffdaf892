import { InputLayer, input } from '../layers/input.js';
import type { JsonObject } from '../layers/json.js';
import { checkWeights, type Layer, type Weight } from '../layers/layer.js';
import { LayerOutput } from '../layers/layerOutput.js';
import type { Graph, Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import type { Shape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { nameLayers, orderNodes } from './graphOrder.js';
import { modelConfig } from './modelConfig.js';
import { type Summary, type SummaryOptions, summarize } from './summary.js';
import { formatSummary } from './summaryText.js';
import { type Trace, type TraceOptions, traceNodes } from './trace.js';

/** A weight with the layer that owns it. */
export interface ModelWeight {
  readonly layer: Layer;
  readonly weight: Weight;
  /** `layer/weight`, as files name it. */
  readonly path: string;
}

/** How many numbers a model holds. */
export interface ParameterCounts {
  readonly total: number;
  /** In learned weights of layers that are `trainable`. */
  readonly trainable: number;
  readonly nonTrainable: number;
}

export interface ModelOptions {
  /** @default 'sequential' or 'model' */
  readonly name?: string;
  /** Keys every initialiser: the same seed gives the same first weights. A whole number of at least 0. @default 0 */
  readonly seed?: number;
}

/** How the layers hang together: from which inputs to which outputs. */
export interface Connections {
  readonly inputs: readonly LayerOutput[];
  readonly outputs: readonly LayerOutput[];
}

/** A network: layers, how they are connected, and their weights. Made by `sequential` or `model`. */
export class Model {
  readonly name: string;
  readonly seed: number;
  /** A 'sequential' model is a chain, to which layers can be added and from which they can be taken. */
  readonly kind: 'sequential' | 'functional';
  #connections: Connections = { inputs: [], outputs: [] };
  #nodes: readonly LayerOutput[] = [];
  #layers: readonly Layer[] = [];
  #revision = 0;

  constructor(kind: 'sequential' | 'functional', connections: Connections, options: ModelOptions) {
    const { name = kind === 'sequential' ? 'sequential' : 'model', seed = 0 } = options;
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new FoveaError('option', {
        where: `model "${name}"`,
        rule: 'seed must be a whole number of at least 0',
        received: `seed ${seed}`,
      });
    }
    this.kind = kind;
    this.name = name;
    this.seed = seed;
    if (connections.outputs.length > 0) this.#connect(connections);
  }

  /** In the order in which they run. As in Keras, a sequential model does not count its input as a layer. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Where examples come in; other graphs of layers may start here. */
  get inputs(): readonly LayerOutput[] {
    return this.#connections.inputs;
  }

  get outputs(): readonly LayerOutput[] {
    return this.#connections.outputs;
  }

  /** Every application of a layer, in the order in which they run, inputs first. */
  get nodes(): readonly LayerOutput[] {
    return this.#nodes;
  }

  /** Without the batch axis. */
  get inputShapes(): readonly Shape[] {
    return this.inputs.map((node) => node.shape);
  }

  get outputShapes(): readonly Shape[] {
    return this.outputs.map((node) => node.shape);
  }

  /** Grows by one with each added or removed layer: a plan that was made before is out of date. */
  get revision(): number {
    return this.#revision;
  }

  /** A layer by its name, or by its place in {@link layers}: −1 is the last. @throws FoveaError `name`. */
  layer(nameOrIndex: string | number): Layer {
    const found =
      typeof nameOrIndex === 'number'
        ? this.layers.at(nameOrIndex)
        : this.layers.find((layer) => layer.name === nameOrIndex);
    if (found !== undefined && (typeof nameOrIndex === 'string' || Number.isInteger(nameOrIndex))) return found;
    const names = this.layers.map((layer) => layer.name);
    throw new FoveaError('name', {
      where: this.#where,
      rule:
        typeof nameOrIndex === 'string'
          ? `there is no layer "${nameOrIndex}"`
          : `layers are numbered from 0 to ${names.length - 1}, or from -1 back to ${-names.length}`,
      ...(typeof nameOrIndex === 'string'
        ? { remedy: suggestName(nameOrIndex, names) }
        : { received: `${nameOrIndex}` }),
    });
  }

  /** What a layer makes, to build another model on; of a layer applied several times, the last. */
  layerOutput(nameOrIndex: string | number): LayerOutput {
    const layer = this.layer(nameOrIndex);
    return this.nodes.findLast((node) => node.layer === layer) as LayerOutput;
  }

  /** Weights in the order of the layers. */
  get weights(): readonly ModelWeight[] {
    return this.layers.flatMap((layer) =>
      layer.weights.map((weight) => ({ layer, weight, path: `${layer.name}/${weight.name}` })),
    );
  }

  /** Whether any layer learns; setting it sets it for every layer, from the next step on. */
  get trainable(): boolean {
    return this.layers.some((layer) => layer.trainable);
  }

  set trainable(trainable: boolean) {
    for (const layer of this.layers) layer.trainable = trainable;
  }

  countParameters(): ParameterCounts {
    let total = 0;
    let trainable = 0;
    for (const { layer, weight } of this.weights) {
      total += weight.variable.size;
      if (layer.trainable && weight.learned) trainable += weight.variable.size;
    }
    return { total, trainable, nonTrainable: total - trainable };
  }

  /** A table of the layers as text: output shapes, parameters, what learns, on request multiply-adds and bytes. */
  summary(options: SummaryOptions & { /** Characters. @default 100 */ readonly lineLength?: number } = {}): string {
    return formatSummary(this.summaryData(options), options.lineLength);
  }

  /** What {@link summary} shows, as data. */
  summaryData(options: SummaryOptions = {}): Summary {
    return summarize(this, options);
  }

  /** Copies of all weights, in the order of {@link weights}. */
  async getWeights(): Promise<Tensor<'float32'>[]> {
    const { weights } = this;
    return Promise.all(
      weights.map(async ({ weight: { variable } }) => new Tensor(await variable.read(), variable.shape)),
    );
  }

  /** Replaces all weights; nothing changes where one of them does not fit. @throws FoveaError `shape`. */
  async setWeights(tensors: readonly Tensor[]): Promise<void> {
    const weights = this.weights.map(({ weight }) => weight);
    checkWeights(this.#where, weights, tensors);
    for (const [i, { variable }] of weights.entries()) await variable.write((tensors[i] as Tensor<'float32'>).data);
  }

  /**
   * Emits the whole network into a graph.
   *
   * @param inputs one value per input of the model, with the batch axis.
   * @throws FoveaError `shape` where a value does not fit.
   */
  trace(graph: Graph, inputs: readonly Value[], options: TraceOptions): Trace {
    if (this.outputs.length === 0) {
      throw new FoveaError('option', { where: this.#where, rule: 'it has no layers yet', remedy: 'Add some first' });
    }
    return traceNodes(graph, this.nodes, this.#connections, inputs, options);
  }

  /** A model of copies of all layers, with copies of the weights. */
  async clone(): Promise<Model> {
    const copy = cloneModel(this);
    await copy.setWeights(await this.getWeights());
    return copy;
  }

  /** The description of the model as JSON, without its weights. `modelFromConfig` reads it. */
  toConfig(): JsonObject {
    return modelConfig(this);
  }

  /** Appends layers to a sequential model. @throws FoveaError where one does not fit; the model stays as it was. */
  add(...added: readonly (Layer | LayerOutput)[]): void {
    this.#checkSequential('add');
    const layers = [...added];
    let [node] = this.outputs;
    if (node === undefined) {
      const [first] = layers;
      if (first === undefined) return;
      node = this.#start(first);
      if (first instanceof LayerOutput) layers.shift();
    }
    const start = this.inputs[0] ?? node;
    const chain = layers.map((layer) => this.#onlyLayer(layer));
    nameLayers([...this.layers, ...chain]);
    for (const layer of chain) node = layer.apply(node);
    this.#connect({ inputs: [start], outputs: [node] });
  }

  /** Takes the last layer off a sequential model and returns it, with its weights. */
  pop(): Layer {
    this.#checkSequential('pop');
    const last = this.#layers.at(-1);
    if (last === undefined) {
      throw new FoveaError('option', { where: this.#where, rule: 'there is no layer to take off' });
    }
    const [output] = this.outputs as [LayerOutput];
    this.#connect({ inputs: this.inputs, outputs: output.inputs });
    return last;
  }

  /** Takes over a new graph: everything that can fail comes first. */
  #connect(connections: Connections): void {
    const nodes = orderNodes(connections.inputs, connections.outputs);
    const all = [...new Set(nodes.map((node) => node.layer))];
    const layers = this.kind === 'sequential' ? all.filter((layer) => !(layer instanceof InputLayer)) : all;
    nameLayers(layers);
    for (const { layer, inputs } of nodes) {
      layer.build(
        inputs.map((one) => one.shape),
        this.seed,
      );
    }
    this.#connections = connections;
    this.#nodes = nodes;
    this.#layers = layers;
    this.#revision++;
  }

  /** The input of a sequential model: given as such, or as the first layer's `inputShape`. */
  #start(first: Layer | LayerOutput): LayerOutput {
    if (first instanceof LayerOutput) {
      if (first.layer instanceof InputLayer) return first;
    } else if (first.givenInputShape !== undefined) {
      return input(first.givenInputShape);
    }
    throw new FoveaError('option', {
      where: this.#where,
      rule: 'the shape of the examples is not known',
      remedy: 'Begin with input([h, w, c]), or give the first layer an inputShape',
    });
  }

  #onlyLayer(layer: Layer | LayerOutput): Layer {
    if (layer instanceof LayerOutput || layer instanceof InputLayer) {
      throw new FoveaError('option', {
        where: this.#where,
        rule: 'a sequential model is a list of layers with one input at its beginning',
        remedy: 'Use model({ inputs, outputs }) for a graph of layers',
      });
    }
    return layer;
  }

  #checkSequential(method: string): void {
    if (this.kind === 'sequential') return;
    throw new FoveaError('option', {
      where: this.#where,
      rule: `${method} is for sequential models`,
      remedy: 'Build another model from layerOutput(…): model({ inputs, outputs })',
    });
  }

  get #where(): string {
    return `model "${this.name}"`;
  }
}

/** The same graph of copied layers, with first weights of its own. */
function cloneModel(model: Model): Model {
  const layers = new Map<Layer, Layer>();
  const nodes = new Map<LayerOutput, LayerOutput>();
  const twin = (node: LayerOutput): LayerOutput => nodes.get(node) as LayerOutput;
  for (const node of model.nodes) {
    const layer = layers.get(node.layer) ?? node.layer.copy();
    layers.set(node.layer, layer);
    nodes.set(node, new LayerOutput(layer, node.inputs.map(twin), node.shape));
  }
  const connections = { inputs: model.inputs.map(twin), outputs: model.outputs.map(twin) };
  return new Model(model.kind, connections, { name: model.name, seed: model.seed });
}
