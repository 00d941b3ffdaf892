import type { Shape, TensorSpec } from '../tensor/shape.js';
import type { Graph, Value } from './graph.js';

/** Arrays that a definition reads and writes: float64 when gradients are checked, float32 otherwise, int32 for indices. */
export type NumberArray = Float64Array | Float32Array | Int32Array;

/** The attributes of an op that has none. */
export type NoAttributes = Readonly<Record<string, never>>;

/** What an op costs: floating-point operations (a multiply-add counts two) and bytes read and written once. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/** What a shape rule or a definition is given. */
export interface OpCall<A> {
  readonly inputs: readonly TensorSpec[];
  readonly attributes: A;
  /** How messages name the op: `conv2d "block1_conv1"`. */
  readonly where: string;
}

/** What a definition runs on: the arrays in the order of the specs; outputs come zeroed. */
export interface OpArrays<A> {
  readonly inputs: readonly NumberArray[];
  readonly outputs: readonly NumberArray[];
  readonly inputShapes: readonly Shape[];
  readonly outputShapes: readonly Shape[];
  readonly attributes: A;
}

/** What a gradient rule is given; it emits ops with `graph.emit` and returns one value (or undefined) per input. */
export interface GradientCall<A> {
  readonly graph: Graph;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Gradient of the loss by each output; undefined where nothing depends on that output. */
  readonly dy: readonly (Value | undefined)[];
  /** Which inputs a gradient is wanted for; rules skip the others. */
  readonly needs: readonly boolean[];
  readonly attributes: A;
}

export type GradientRule<A> = (call: GradientCall<A>) => (Value | undefined)[];

/**
 * Everything there is to say of a primitive op. The table of ops holds one for each, so an op without a shape rule, a
 * gradient, a cost or a plain definition does not compile.
 */
export interface OpDefinition<A> {
  /** Checks the inputs and gives the outputs' specs. The only place where this op's sizes are computed. */
  readonly shape: (call: OpCall<A>) => TensorSpec[];
  /** The gradient as ops; 'none' for ops that are not differentiated (a later use of one is an error naming it). */
  readonly gradient: GradientRule<A> | 'none';
  readonly cost: (call: OpCall<A>, outputs: readonly TensorSpec[]) => Cost;
  /** The op as its formula reads: slow, obvious, and the truth for every engine. */
  readonly define: (arrays: OpArrays<A>) => void;
  /** Inputs whose memory output 0 may take over, because element i of the output needs only element i of that input. */
  readonly inPlace?: readonly number[];
  /** More such pairs [input, output], for ops with several outputs. */
  readonly inPlaceOutputs?: readonly (readonly [input: number, output: number])[];
  /** The output is the input under another shape: it costs nothing and shares memory. */
  readonly view?: true;
}

/** The cost of reading every input and writing every output once, with so many operations per output element. */
export function elementwiseCost<A>(flopsPerElement: number) {
  return (call: OpCall<A>, outputs: readonly TensorSpec[]): Cost => ({
    flops: flopsPerElement * elements(outputs.slice(0, 1)),
    bytes: trafficBytes(call.inputs, outputs),
  });
}

/** Bytes of all arrays of an op, each counted once. */
export function trafficBytes(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): number {
  return 4 * (elements(inputs) + elements(outputs));
}

function elements(specs: readonly TensorSpec[]): number {
  return specs.reduce((sum, spec) => sum + spec.shape.reduce((size, n) => size * n, 1), 0);
}
