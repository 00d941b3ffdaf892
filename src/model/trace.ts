import type { CallContext, Layer } from '../layers/layer.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import type { Graph, Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Variable } from '../tensor/variable.js';

export interface TraceOptions {
  /** Dropout drops, batch normalization measures, penalties are added. */
  readonly training: boolean;
  /** Told of what each layer makes as soon as its ops are there: what it emits then runs next, while the values are at hand. */
  readonly onLayer?: ((layer: Layer, value: Value) => void) | undefined;
}

/** A whole network in a graph of ops. */
export interface Trace {
  readonly outputs: readonly Value[];
  /** What each layer makes; of a layer that is applied several times, the last. */
  readonly layerOutputs: ReadonlyMap<Layer, Value>;
  /** Inputs of the graph, shape [1], that are read anew before every run: `scalar/<layer>/<name>`. */
  readonly scalars: ReadonlyMap<string, () => number>;
  /** Whether the graph has the input `random`, int32 [3]: seed (low, high) and step. */
  readonly usesRandom: boolean;
  /** Numbers [1] to add to the loss; none unless training. */
  readonly penalties: readonly Value[];
  /** Emits the new running statistics; called once, inside `graph.phase('update')`. */
  emitUpdates(): void;
}

/** Emits layers into a graph, node by node. */
export function traceNodes(
  graph: Graph,
  nodes: readonly LayerOutput[],
  connections: { readonly inputs: readonly LayerOutput[]; readonly outputs: readonly LayerOutput[] },
  inputs: readonly Value[],
  options: TraceOptions,
): Trace {
  const { inputs: inputNodes, outputs: outputNodes } = connections;
  checkInputs(inputNodes, inputs);
  const values = new Map<LayerOutput, Value>(inputNodes.map((node, i) => [node, inputs[i] as Value]));
  const layerOutputs = new Map<Layer, Value>(inputNodes.map((node, i) => [node.layer, inputs[i] as Value]));
  const collector = new Collector(graph, options.training);
  for (const node of nodes) {
    if (values.has(node)) continue;
    const { layer } = node;
    const received = node.inputs.map((one) => values.get(one) as Value);
    const value = graph.scope(layer.name, () => layer.call(received, collector.contextFor(layer)));
    checkOutput(node, value, received[0]);
    values.set(node, value);
    layerOutputs.set(layer, value);
    options.onLayer?.(layer, value);
  }
  if (options.training) collector.addPenalties(new Set(nodes.map((node) => node.layer)));
  return {
    outputs: outputNodes.map((node) => values.get(node) as Value),
    layerOutputs,
    scalars: collector.scalars,
    usesRandom: graph.inputs.has('random'),
    penalties: collector.penalties,
    emitUpdates: () => collector.emitUpdates(),
  };
}

/** What layers ask for while they emit their ops. */
class Collector {
  readonly scalars = new Map<string, () => number>();
  readonly penalties: Value[] = [];
  readonly #updates: { layer: Layer; variable: Variable; value: () => Value }[] = [];
  readonly #graph: Graph;
  readonly #training: boolean;

  constructor(graph: Graph, training: boolean) {
    this.#graph = graph;
    this.#training = training;
  }

  contextFor(layer: Layer): CallContext {
    const graph = this.#graph;
    return {
      graph,
      training: this.#training,
      weight: (variable) => graph.variable(variable),
      scalar: (name, read) => {
        const path = `scalar/${layer.name}/${name}`;
        this.scalars.set(path, read);
        return graph.input(path, [1]);
      },
      random: () => graph.input('random', [3], 'int32'),
      update: (variable, value) => {
        if (this.#training) this.#updates.push({ layer, variable, value });
      },
      addLoss: (value) => {
        if (this.#training) this.penalties.push(value);
      },
    };
  }

  /** Regularisers of the layers that learn. */
  addPenalties(layers: ReadonlySet<Layer>): void {
    for (const layer of layers) {
      if (!layer.trainable) continue;
      for (const { regularizer, variable } of layer.weights) {
        if (regularizer === undefined) continue;
        this.penalties.push(this.#graph.scope(layer.name, () => regularizer(this.#graph.variable(variable))));
      }
    }
  }

  // A layer that is applied twice in one step measures twice; the last measurement counts, as an assignment would.
  emitUpdates(): void {
    const last = new Map(this.#updates.map((update) => [update.variable, update]));
    for (const [variable, { layer, value }] of last) {
      this.#graph.scope(layer.name, () => this.#graph.assign(variable, value()));
    }
  }
}

function checkInputs(nodes: readonly LayerOutput[], inputs: readonly Value[]): void {
  if (inputs.length !== nodes.length) {
    throw new FoveaError('shape', {
      where: 'model',
      rule: `takes ${nodes.length} input${nodes.length === 1 ? '' : 's'}`,
      received: `${inputs.length}`,
    });
  }
  nodes.forEach((node, i) => {
    const { shape } = inputs[i] as Value;
    if (sameShape(shape.slice(1), node.shape)) return;
    throw new FoveaError('shape', {
      where: node.layer.where,
      rule: `the model takes examples of the shape ${formatShape(node.shape)}, with the batch ${formatShape([null, ...node.shape])}`,
      received: formatShape(shape),
      remedy: 'Resize or reshape the data, or build the model for this shape',
      data: { expected: node.shape, received: shape },
    });
  });
}

/** A layer of the user's own may say one shape and make another. */
function checkOutput(node: LayerOutput, value: Value, input: Value | undefined): void {
  const batch = input?.shape[0] ?? value.shape[0] ?? 1;
  if (sameShape(value.shape, [batch, ...node.shape])) return;
  throw new FoveaError('shape', {
    where: node.layer.where,
    rule: `its outputShape promises ${formatShape([batch, ...node.shape])}`,
    received: `${formatShape(value.shape)} from its call`,
  });
}
