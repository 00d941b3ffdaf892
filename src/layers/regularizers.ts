import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { real, specOption } from './options.js';

/** A penalty on a weight that is added to the loss, as plain JSON. */
export interface Regularizer {
  readonly type: 'l1' | 'l2' | 'l1l2';
  /** Factor of the sum of absolute values. */
  readonly l1?: number;
  /** Factor of the sum of squares (not halved, as in Keras). */
  readonly l2?: number;
}

/** Adds `factor` · Σ|w| to the loss. @default 0.01 as in Keras */
export function l1(factor = 0.01): Regularizer {
  return { type: 'l1', l1: factor };
}

/** Adds `factor` · Σw² to the loss (not halved, as in Keras). @default 0.01 */
export function l2(factor = 0.01): Regularizer {
  return { type: 'l2', l2: factor };
}

/** Adds both penalties to the loss. */
export function l1l2(factors: { readonly l1?: number; readonly l2?: number } = {}): Regularizer {
  return { type: 'l1l2', l1: factors.l1 ?? 0.01, l2: factors.l2 ?? 0.01 };
}

const factor = v.optional(real(0), 0.01);

/** The option of a layer that names a regulariser. */
export function regularizerOption() {
  return specOption<Regularizer>({ l1: { l1: factor }, l2: { l2: factor }, l1l2: { l1: factor, l2: factor } });
}

/** The penalty of a weight: [any shape] → [1]. */
export function penalty(w: Value, regularizer: Regularizer): Value {
  const { graph } = w;
  const { l1: absolute = 0, l2: squares = 0 } = regularizer;
  const parts: Value[] = [];
  if (absolute > 0 || squares === 0) {
    const [sum] = graph.emit('sum', graph.emit('abs', [w], {}), { axes: w.shape.map((_, i) => i), keepDims: false });
    const [one] = graph.emit('reshape', [sum], { shape: [1] });
    parts.push(graph.emit('scale', [one], { factor: absolute, offset: 0 })[0]);
  }
  if (squares > 0) {
    parts.push(graph.emit('scale', graph.emit('sumOfSquares', [w], {}), { factor: squares, offset: 0 })[0]);
  }
  return parts.reduce((sum, part) => graph.emit('add', [sum, part], {})[0]);
}
