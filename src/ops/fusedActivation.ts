import type { Graph, Value } from './graph.js';

/** An activation that a convolution or a matrix product may apply to its result on the way out. */
export type FusedActivation = 'linear' | 'relu' | 'relu6';

/** The activation's definition. */
export function activated(activation: FusedActivation, x: number): number {
  if (activation === 'linear') return x;
  return activation === 'relu' ? Math.max(0, x) : Math.min(6, Math.max(0, x));
}

/** The gradient by what the activation was applied to, from the output y and its gradient. */
export function fusedGradient(graph: Graph, activation: FusedActivation, y: Value, dy: Value): Value {
  if (activation === 'linear') return dy;
  return graph.emit(activation === 'relu' ? 'reluGradient' : 'relu6Gradient', [y, dy], {})[0];
}
