import type { Graph, Node, Value } from '../ops/graph.js';
import type { AttributesOf, OpName } from '../ops/table.js';

/**
 * Draws batch normalization in inference mode into the convolution before it: its factor γ / √(variance + ε) is
 * multiplied into the filters, and what it adds becomes the bias. The new ops depend on weights alone, so a plan runs
 * them once.
 *
 * @param uses how often each value is read.
 */
export function foldNormalization(graph: Graph, nodes: readonly Node[], uses: ReadonlyMap<Value, number>): Node[] {
  const producer = new Map<Value, Node>();
  const replaced = new Map<Node, Node[]>();
  for (const node of nodes) {
    for (const output of node.outputs) producer.set(output, node);
    if (node.op !== 'batchNormalizationInference') continue;
    const conv = producer.get(node.inputs[0] as Value);
    if (conv === undefined || !isPlainConvolution(conv) || uses.get(conv.outputs[0] as Value) !== 1) continue;
    if (!node.inputs.slice(1).every(isWeight) || !conv.inputs.slice(1).every(isWeight)) continue;
    replaced.set(conv, []);
    replaced.set(node, folded(graph, conv, node as Node<'batchNormalizationInference'>));
  }
  return nodes.flatMap((node) => replaced.get(node) ?? [node]);
}

/** Whether a value is a weight, perhaps under another shape. */
function isWeight({ source }: Value): boolean {
  if (source.kind === 'node') return source.node.op === 'reshape' && isWeight(source.node.inputs[0] as Value);
  return source.kind === 'variable';
}

function isPlainConvolution(node: Node): node is Node<'conv2d'> {
  return node.op === 'conv2d' && (node as Node<'conv2d'>).attributes.activation === 'linear';
}

function folded(graph: Graph, conv: Node<'conv2d'>, norm: Node<'batchNormalizationInference'>): Node[] {
  const [x, w, bias] = conv.inputs as [Value, Value, Value?];
  const [, gamma, beta, mean, variance] = norm.inputs as [Value, Value, Value, Value, Value];
  const nodes: Node[] = [];
  const emit = <K extends OpName>(op: K, inputs: Value[], attributes: AttributesOf<K>): Value => {
    const [value] = graph.scope(norm.scope, () => graph.emit(op, inputs, attributes));
    nodes.push(graph.nodes.pop() as Node); // belongs to this plan, not to the graph
    return value;
  };
  const shifted = emit('scale', [variance], { factor: 1, offset: norm.attributes.epsilon });
  const factor = emit('divide', [gamma, emit('sqrt', [shifted], {})], {});
  const filters = emit('multiply', [w, factor], {});
  const center = bias === undefined ? mean : emit('subtract', [mean, bias], {});
  const offset = emit('subtract', [beta, emit('multiply', [center, factor], {})], {});
  nodes.push({ ...conv, id: norm.id, inputs: [x, filters, offset], outputs: norm.outputs } as Node);
  return nodes;
}
