import type { FusedActivation } from '../ops/fusedActivation.js';
import type { Graph, Node, Value } from '../ops/graph.js';
import type { OpName } from '../ops/table.js';
import { foldNormalization } from './foldNormalization.js';

/**
 * The nodes that a run needs, with bias, batch normalization in inference mode, ReLU and ReLU6 drawn into the convolution or
 * matrix product that feeds them: fewer passes over memory, the same numbers but for rounding. Order is kept; updates of variables
 * come last. Max pooling of 2 × 2 pixels joins a convolution where the engine says that it `pools` it.
 */
export function fuse(graph: Graph, pools: (node: Node<'conv2d'>) => boolean = () => false): Node[] {
  const live = liveNodes(graph);
  const ordered = [...live.filter((n) => n.phase !== 'update'), ...live.filter((n) => n.phase === 'update')];
  const withBias = absorb(graph, ordered, 'bias');
  const normalized = foldNormalization(graph, withBias, countUses(graph, withBias));
  return drawInPooling(graph, absorb(graph, normalized, 'relu', 'relu6'), pools);
}

/** Draws each op of the given kinds into the convolution or product before it. */
function absorb(graph: Graph, nodes: readonly Node[], ...ops: readonly OpName[]): Node[] {
  const uses = countUses(graph, nodes);
  const producer = new Map<Value, Node>();
  const dropped = new Set<Node>();
  const result: Node[] = [];
  for (const node of nodes) {
    const merged = ops.includes(node.op) ? mergeIntoProducer(node, producer, uses) : undefined;
    if (merged !== undefined) dropped.add(merged.absorbed);
    const kept = merged?.node ?? node;
    for (const output of kept.outputs) producer.set(output, kept);
    result.push(kept);
  }
  return result.filter((node) => !dropped.has(node));
}

/** A convolution and the pooling that alone reads it become one node, at the pooling's place. */
function drawInPooling(graph: Graph, nodes: readonly Node[], pools: (node: Node<'conv2d'>) => boolean): Node[] {
  const uses = countUses(graph, nodes);
  const producer = new Map<Value, Node>(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const dropped = new Set<Node>();
  const result = nodes.map((node) => {
    const conv = producer.get(node.inputs[0] as Value);
    if (!isPlainPooling(node) || conv?.op !== 'conv2d' || conv.phase !== node.phase) return node;
    const [y, switches] = node.outputs as [Value, Value];
    const alone = uses.get(node.inputs[0] as Value) === 1 && uses.get(switches) === undefined;
    if (!alone || !pools(conv as Node<'conv2d'>)) return node;
    dropped.add(conv);
    return { ...conv, op: 'conv2dMaxPool', id: node.id, outputs: [y] } as Node;
  });
  return result.filter((node) => !dropped.has(node));
}

/** Whether windows of 2 × 2 pixels lie side by side, without padding. */
function isPlainPooling(node: Node): node is Node<'maxPool'> {
  if (node.op !== 'maxPool') return false;
  const { poolSize, strides, padding, dilations } = (node as Node<'maxPool'>).attributes;
  const all = (sizes: readonly number[], size: number): boolean => sizes.every((one) => one === size);
  return all(poolSize, 2) && all(strides, 2) && all(padding, 0) && all(dilations, 1);
}

/** A bias or activation that follows a convolution or product alone becomes one node with it, at the later one's place. */
function mergeIntoProducer(
  node: Node,
  producer: ReadonlyMap<Value, Node>,
  uses: ReadonlyMap<Value, number>,
): { node: Node; absorbed: Node } | undefined {
  const input = node.inputs[0];
  if (input === undefined || uses.get(input) !== 1) return undefined;
  const absorbed = producer.get(input);
  if (absorbed === undefined || absorbed.phase !== node.phase) return undefined;
  if (!isProduct(absorbed) || absorbed.attributes.activation !== 'linear') return undefined;
  if (node.op === 'bias') {
    if (absorbed.inputs.length !== 2) return undefined;
    const inputs = [...absorbed.inputs, node.inputs[1] as Value];
    return { node: { ...absorbed, id: node.id, inputs, outputs: node.outputs } as Node, absorbed };
  }
  const attributes = { ...absorbed.attributes, activation: node.op as FusedActivation };
  return { node: { ...absorbed, id: node.id, attributes, outputs: node.outputs } as Node, absorbed };
}

function isProduct(node: Node): node is Node<'conv2d'> | Node<'matMul'> {
  return node.op === 'conv2d' || node.op === 'matMul';
}

/** Nodes that an output, an assignment or the guard depends on. */
function liveNodes(graph: Graph): Node[] {
  const wanted = new Set<Value>([...graph.outputs.values(), ...graph.assignments.map((a) => a.value)]);
  if (graph.guard !== undefined) wanted.add(graph.guard);
  const live: Node[] = [];
  for (const node of graph.nodes.slice().reverse()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    live.push(node);
    for (const input of node.inputs) wanted.add(input);
  }
  return live.reverse();
}

function countUses(graph: Graph, nodes: readonly Node[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(use);
  for (const output of graph.outputs.values()) use(output);
  for (const { value } of graph.assignments) use(value);
  if (graph.guard !== undefined) use(graph.guard);
  return uses;
}
