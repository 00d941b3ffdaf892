import type { NumberArray } from '../../ops/definition.js';
import type { Graph, Node, Value } from '../../ops/graph.js';
import type { OpName } from '../../ops/table.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf } from '../../tensor/shape.js';

/** Which floats an interpretation computes with: float64 to check gradients, float32 to check kernels. */
export type Precision = 'float32' | 'float64';

/**
 * Runs a graph's definitions as they stand, node by node, without a plan: the plainest way to know what a graph means.
 *
 * @param feeds numbers for each input by name, and for each variable by its value in the graph.
 * @returns the numbers of every value that was computed.
 */
export function interpret(
  graph: Graph,
  feeds: {
    readonly inputs?: Readonly<Record<string, ArrayLike<number>>>;
    readonly variables?: ReadonlyMap<Value, ArrayLike<number>>;
  },
  precision: Precision = 'float64',
): Map<Value, NumberArray> {
  const known = new Map<Value, NumberArray>();
  for (const [name, value] of graph.inputs) known.set(value, copyOf(value, feeds.inputs?.[name], name, precision));
  for (const [variable, value] of graph.variables) {
    known.set(value, copyOf(value, feeds.variables?.get(value), variable.name, precision));
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => known.get(input) as NumberArray);
    const outputs = node.outputs.map((output) => newArray(output, precision));
    defineNode(graph, node, inputs, outputs);
    node.outputs.forEach((output, i) => {
      known.set(output, outputs[i] as NumberArray);
    });
  }
  return known;
}

/** Runs one node's definition. */
export function defineNode<K extends OpName>(
  graph: Graph,
  node: Node<K>,
  inputs: readonly NumberArray[],
  outputs: readonly NumberArray[],
): void {
  graph.definition(node.op).define({
    inputs,
    outputs,
    inputShapes: node.inputs.map((input) => input.shape),
    outputShapes: node.outputs.map((output) => output.shape),
    attributes: node.attributes,
  });
}

function newArray(value: Value, precision: Precision): NumberArray {
  const size = sizeOf(value.shape);
  if (value.dtype === 'int32') return new Int32Array(size);
  return precision === 'float64' ? new Float64Array(size) : new Float32Array(size);
}

function copyOf(value: Value, data: ArrayLike<number> | undefined, name: string, precision: Precision): NumberArray {
  const array = newArray(value, precision);
  if (data === undefined || data.length !== array.length) {
    throw new FoveaError('data', {
      where: `"${name}"`,
      rule: `${array.length} values are needed`,
      received: data === undefined ? 'none' : `${data.length}`,
    });
  }
  array.set(data);
  return array;
}
