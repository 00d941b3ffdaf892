import type { GradientRule } from '../ops/definition.js';
import type { Graph, Node, Value } from '../ops/graph.js';
import type { AttributesOf, OpName } from '../ops/table.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, sizeOf } from '../tensor/shape.js';

/** Gradient rules that replace an op's own: how a deconvnet or guided backpropagation differs from a gradient. */
export type GradientRules = { readonly [K in OpName]?: GradientRule<AttributesOf<K>> };

export interface DifferentiateOptions {
  readonly rules?: GradientRules;
  /** Gradient of the result by `y`; ones where it is left out (then `y` must be a single number). */
  readonly seed?: Value;
}

/**
 * Appends to the graph the gradients of `y` by each of `wrt`, in reverse mode. Only nodes that lie between one of `wrt`
 * and `y` are visited, so a frozen lower part costs nothing.
 *
 * @returns one value per entry of `wrt`, undefined where `y` does not depend on it.
 * @throws FoveaError `gradient` where an op on the way has no gradient.
 */
export function differentiate(
  graph: Graph,
  y: Value,
  wrt: readonly Value[],
  options: DifferentiateOptions = {},
): (Value | undefined)[] {
  return graph.phase('backward', () => {
    const varying = valuesThatDepend(graph, wrt);
    const gradients = new Map<Value, Value>([[y, options.seed ?? ones(graph, y)]]);
    for (const node of graph.nodes.slice().reverse()) {
      const dy = node.outputs.map((output) => gradients.get(output));
      if (dy.every((g) => g === undefined) || !node.inputs.some((input) => varying.has(input))) continue;
      graph.scope(node.scope, () => backward(graph, node, dy, varying, gradients, options.rules));
    }
    return wrt.map((value) => gradients.get(value));
  });
}

function backward<K extends OpName>(
  graph: Graph,
  node: Node<K>,
  dy: (Value | undefined)[],
  varying: ReadonlySet<Value>,
  gradients: Map<Value, Value>,
  rules: GradientRules | undefined,
): void {
  const rule: GradientRule<AttributesOf<K>> | 'none' = rules?.[node.op] ?? graph.definition(node.op).gradient;
  if (rule === 'none') {
    throw new FoveaError('gradient', {
      where: node.scope === '' ? node.op : `${node.op} "${node.scope}"`,
      rule: 'this op has no gradient, but the loss depends on what comes before it',
      remedy: 'Freeze the layers before it, or build the layer from ops that have gradients',
    });
  }
  const needs = node.inputs.map((input) => varying.has(input));
  const { inputs, outputs, attributes } = node;
  const results = rule({ graph, inputs, outputs, dy, needs, attributes });
  node.inputs.forEach((input, i) => {
    const gradient = results[i];
    if (gradient === undefined || !needs[i]) return;
    const sum = gradients.get(input);
    gradients.set(input, sum === undefined ? gradient : graph.emit('add', [sum, gradient], {})[0]);
  });
}

/** Everything computed from `wrt`, itself included. */
function valuesThatDepend(graph: Graph, wrt: readonly Value[]): Set<Value> {
  const varying = new Set<Value>(wrt);
  for (const node of graph.nodes) {
    if (!node.inputs.some((input) => varying.has(input))) continue;
    for (const output of node.outputs) if (output.dtype === 'float32') varying.add(output);
  }
  return varying;
}

function ones(graph: Graph, y: Value): Value {
  if (sizeOf(y.shape) !== 1) {
    throw new FoveaError('shape', {
      where: 'differentiate',
      rule: 'the value to differentiate must be a single number, or its gradient must be given as `seed`',
      received: formatShape(y.shape),
    });
  }
  return graph.emit('fill', [], { shape: y.shape, value: 1 })[0];
}
