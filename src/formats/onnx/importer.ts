import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { FoveaError } from '../../tensor/errors.js';
import { quoteUntrusted } from '../formatError.js';
import { Attributes } from './attributes.js';
import type { Constant } from './constants.js';
import type { NodeProto } from './onnx_pb.js';
import type { AxisOrder, LayerValue, OnnxValue } from './values.js';

/** A weight's numbers in our order, made when they are needed. */
export type WeightNumbers = () => Float32Array;

/** What the handlers of all nodes share. */
export interface ImportState {
  readonly where: string;
  readonly opset: number;
  readonly values: ReadonlyMap<string, OnnxValue>;
  /** How many nodes take a value, and the graph's outputs. */
  readonly uses: ReadonlyMap<string, number>;
  /** The size of the batch that the file is made for, where it is. */
  readonly batch: number | undefined;
  /** Weights by layer, in the layer's order. */
  readonly weights: Map<Layer, readonly WeightNumbers[]>;
  readonly names: Set<string>;
}

/** Turns one node into a value. */
export type NodeReader = (node: OnnxNode) => OnnxValue;

/** The last part of a tensor's name that says what it is of its layer. */
const ROLE = /[./](weight|kernel|W|w|gamma|scale|depthwise_kernel|depthwiseKernel|pointwiseKernel)(:0)?$/;

/** One node of a graph with what it takes. */
export class OnnxNode {
  readonly op: string;
  readonly attributes: Attributes;
  readonly state: ImportState;
  readonly #proto: NodeProto;

  constructor(proto: NodeProto, state: ImportState) {
    this.#proto = proto;
    this.op = proto.opType;
    this.attributes = new Attributes(proto);
    this.state = state;
  }

  get where(): string {
    const { name, output } = this.#proto;
    return `${this.state.where}: node ${quoteUntrusted(name || (output[0] ?? ''))}, op ${quoteUntrusted(this.op)}`;
  }

  get inputs(): readonly OnnxValue[] {
    return this.#proto.input.map((_, i) => this.value(i));
  }

  get outputs(): readonly string[] {
    return this.#proto.output;
  }

  /** Throws the error of a node that is right, but cannot be turned into layers. */
  unsupported(rule: string, received?: string): never {
    throw new FoveaError('format', {
      where: this.where,
      rule,
      ...(received === undefined ? {} : { received }),
      remedy: 'Build this network in code and read the weights alone: readOnnxWeights',
      data: { op: this.op, node: this.#proto.name },
    });
  }

  has(i: number): boolean {
    return (this.#proto.input[i] ?? '') !== '';
  }

  value(i: number): OnnxValue {
    const name = this.#proto.input[i] ?? '';
    const value = this.state.values.get(name);
    if (value === undefined)
      return this.unsupported(`input ${i} must be made by an earlier node`, quoteUntrusted(name));
    return value;
  }

  layer(i = 0): LayerValue {
    const value = this.value(i);
    return value.kind === 'layer' ? value : this.unsupported(`input ${i} must be computed from the network's input`);
  }

  /** A picture with channels first in the file, [h, w, c] here. */
  picture(i = 0): { output: LayerOutput; h: number; w: number; c: number } {
    const { output, order } = this.layer(i);
    if (order !== 'channelsFirst') return this.unsupported(`input ${i} must be a picture [n, c, h, w]`);
    const [h, w, c] = output.shape as [number, number, number];
    return { output, h, w, c };
  }

  constant(i: number): Constant {
    const value = this.value(i);
    return value.kind === 'constant' ? value.constant : this.unsupported(`input ${i} must be constant`);
  }

  /** Whole numbers of a constant input, where there is one. */
  wholes(i: number): number[] | undefined {
    return this.has(i) ? [...this.constant(i).numbers()] : undefined;
  }

  /** Whether this node alone takes its input. */
  onlyUser(i: number): boolean {
    return this.state.uses.get(this.#proto.input[i] ?? '') === 1;
  }

  /** A name for a layer, after the weights' where they say one, and not given before. */
  name(weights?: Constant): string {
    const tensor = weights?.name ?? '';
    const own = ROLE.test(tensor) && !tensor.includes('::') ? tensor.replace(ROLE, '') : this.#proto.name || this.op;
    const plain = own.replace(/^\/+/, '').replaceAll('/', '.').slice(0, 150) || 'layer';
    let name = plain;
    for (let i = 1; this.state.names.has(name); i++) name = `${plain}_${i}`;
    this.state.names.add(name);
    return name;
  }

  /** The output of a layer as the file orders it. */
  apply(
    layer: Layer,
    input: LayerOutput | readonly LayerOutput[],
    order: AxisOrder,
    weights?: readonly WeightNumbers[],
  ) {
    if (weights !== undefined) this.state.weights.set(layer, weights);
    const value: LayerValue = { kind: 'layer', output: layer.apply(input), order };
    return value;
  }
}
