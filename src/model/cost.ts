import { Graph, type Node } from '../ops/graph.js';
import { type OpName, opTable } from '../ops/table.js';
import type { Model } from './model.js';

/** What a layer costs in one forward pass, at inference. */
export interface LayerCost {
  /** Multiply-adds of convolutions and matrix products. */
  readonly macs: number;
  /** Floating-point operations of all ops; a multiply-add counts two. */
  readonly flops: number;
  /** Bytes read and written, each array of each op counted once. */
  readonly bytes: number;
}

const PRODUCTS: ReadonlySet<OpName> = new Set<OpName>([
  'conv2d',
  'conv2dInputGradient',
  'conv2dFilterGradient',
  'matMul',
]);

/** Costs by the layer's name, from the same table of ops that engines run. Nothing is computed and no weight is made. */
export function costByLayer(model: Model, batchSize: number): Map<string, LayerCost> {
  const graph = new Graph(opTable);
  const inputs = model.inputShapes.map((shape, i) => graph.input(`input${i}`, [batchSize, ...shape]));
  model.trace(graph, inputs, { training: false });
  const costs = new Map<string, LayerCost>();
  for (const node of graph.nodes) {
    if (graph.definition(node.op).view === true) continue;
    const { flops, bytes } = costOf(graph, node);
    const sum = costs.get(node.scope) ?? { macs: 0, flops: 0, bytes: 0 };
    costs.set(node.scope, {
      macs: sum.macs + (PRODUCTS.has(node.op) ? flops / 2 : 0),
      flops: sum.flops + flops,
      bytes: sum.bytes + bytes,
    });
  }
  return costs;
}

function costOf<K extends OpName>(graph: Graph, node: Node<K>) {
  const { op, inputs, outputs, attributes } = node;
  return graph.definition(op).cost({ inputs, attributes, where: op }, outputs);
}
