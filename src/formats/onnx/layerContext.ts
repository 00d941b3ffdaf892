import type { Activation, ActivationSpec } from '../../layers/activations.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Shape } from '../../tensor/shape.js';
import type { AttributeValue, GraphWriter } from './graphWriter.js';

/** Emits the nodes of one layer and returns the name of its output. */
export type LayerWriter = (context: LayerContext) => Promise<string> | string;

/** One application of a layer while it is written: pictures are [n, c, h, w] in between. */
export class LayerContext {
  readonly graph: GraphWriter;
  readonly node: LayerOutput;
  readonly inputs: readonly string[];
  readonly #weights: Map<string, string>;

  constructor(graph: GraphWriter, node: LayerOutput, inputs: readonly string[], weights: Map<string, string>) {
    this.graph = graph;
    this.node = node;
    this.inputs = inputs;
    this.#weights = weights;
  }

  get name(): string {
    return this.node.layer.name;
  }

  get x(): string {
    return this.inputs[0] as string;
  }

  /** Without the batch. */
  get inputShape(): Shape {
    return this.node.inputs[0]?.shape ?? [];
  }

  get isPicture(): boolean {
    return this.inputShape.length === 3;
  }

  /** Place of our axis (the batch is 0) in the file. */
  axis(axis: number): number {
    const rank = this.inputShape.length + 1;
    const ours = axis < 0 ? axis + rank : axis;
    return this.isPicture ? ([0, 2, 3, 1][ours] as number) : ours;
  }

  /** A node of the layer; the first has the layer's name, others what they do as well. */
  emit(op: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}, suffix = '') {
    return this.graph.node(op, suffix === '' ? this.name : `${this.name}/${suffix}`, inputs, attributes);
  }

  /** The values of a weight in the file's order. */
  async read(weight: string): Promise<Float32Array> {
    const found = this.node.layer.weights.find(({ name }) => name === weight);
    return found === undefined ? new Float32Array() : found.variable.read();
  }

  /** A weight of the layer as a tensor of the file, written once however often the layer is applied. */
  async weights(name: string, shape: Shape, make: () => Promise<Float32Array>): Promise<string> {
    const known = this.#weights.get(name);
    if (known !== undefined) return known;
    const tensor = this.graph.weights(`${this.name}.${name}`, shape, await make());
    this.#weights.set(name, tensor);
    return tensor;
  }

  reals(name: string, data: readonly number[], shape?: Shape): string {
    return this.graph.reals(`${this.name}/${name}`, data, shape);
  }

  wholes(name: string, data: readonly number[]): string {
    return this.graph.wholes(`${this.name}/${name}`, data);
  }

  /** Emits an activation after the layer's own nodes. `channelAxis` is the axis of softmax in the file. */
  activate(x: string, activation: Activation, channelAxis: number): string {
    const spec: ActivationSpec = typeof activation === 'string' ? { type: activation } : activation;
    const emit = (op: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}) =>
      this.emit(op, inputs, attributes, op.toLowerCase());
    switch (spec.type) {
      case 'linear':
        return x;
      case 'relu': {
        const slope = spec.negativeSlope ?? 0;
        const limit = spec.maxValue === undefined ? undefined : this.reals('max', [spec.maxValue]);
        if (slope === 0 && limit === undefined) return emit('Relu', [x]);
        if (slope === 0) return emit('Clip', [x, this.reals('min', [0]), limit as string]);
        const leaky = emit('LeakyRelu', [x], { alpha: { real: slope } });
        return limit === undefined ? leaky : emit('Clip', [leaky, '', limit]);
      }
      case 'relu6':
        return emit('Clip', [x, this.reals('min', [0]), this.reals('max', [6])]);
      case 'leakyRelu':
        return emit('LeakyRelu', [x], { alpha: { real: spec.negativeSlope ?? 0.2 } });
      case 'elu':
        return emit('Elu', [x], { alpha: { real: spec.alpha ?? 1 } });
      case 'silu':
        return emit('Mul', [x, emit('Sigmoid', [x])]);
      case 'sigmoid':
        return emit('Sigmoid', [x]);
      case 'tanh':
        return emit('Tanh', [x]);
      case 'softplus':
        return emit('Softplus', [x]);
      case 'softmax':
        return emit('Softmax', [x], { axis: { whole: channelAxis } });
      case 'logSoftmax':
        return emit('LogSoftmax', [x], { axis: { whole: channelAxis } });
      case 'gelu':
        return spec.approximate === true ? this.#geluByTanh(x) : this.#geluByErf(x);
    }
  }

  /** x · (erf(x / √2) + 1) · ½ */
  #geluByErf(x: string): string {
    const erf = this.emit('Erf', [this.emit('Mul', [x, this.reals('root', [Math.SQRT1_2])], {}, 'scaled')], {}, 'erf');
    const sum = this.emit('Add', [erf, this.reals('one', [1])], {}, 'sum');
    return this.emit('Mul', [this.emit('Mul', [x, sum], {}, 'product'), this.reals('half', [0.5])], {}, 'gelu');
  }

  /** x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) */
  #geluByTanh(x: string): string {
    const cube = this.emit('Mul', [x, this.emit('Mul', [x, x], {}, 'square')], {}, 'cube');
    const small = this.emit('Mul', [cube, this.reals('share', [0.044715])], {}, 'small');
    const inner = this.emit('Add', [x, small], {}, 'inner');
    const scaled = this.emit('Mul', [inner, this.reals('root', [Math.sqrt(2 / Math.PI)])], {}, 'scaled');
    const sum = this.emit('Add', [this.emit('Tanh', [scaled], {}, 'tanh'), this.reals('one', [1])], {}, 'sum');
    const half = this.emit('Mul', [x, this.reals('half', [0.5])], {}, 'halved');
    return this.emit('Mul', [half, sum], {}, 'gelu');
  }
}
