import type { Graph, Value } from '../ops/graph.js';
import { isAffineOp } from './reverseRules.js';

/** Whether `end` is a weighted sum of what is in `start`, and a bias, with weights that do not depend on `start`. */
export function isAffine(graph: Graph, start: Value, end: Value): boolean {
  const needed = new Set<Value>([end]);
  for (const node of graph.nodes.slice().reverse()) {
    if (node.outputs.some((output) => needed.has(output))) for (const input of node.inputs) needed.add(input);
  }
  const varying = new Set<Value>([start]);
  for (const node of graph.nodes) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    const count = node.inputs.filter((input) => varying.has(input)).length;
    if (count === 0) continue;
    if (!isAffineOp(node.op, count)) return false;
    for (const output of node.outputs) varying.add(output);
  }
  return varying.has(end);
}
