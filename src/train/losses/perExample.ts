import type { Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf } from '../../tensor/shape.js';

/** The mean over all axes but the first: [n, ...] → [n]. */
export function meanPerExample(x: Value, n: number): Value {
  const inner = sizeOf(x.shape) / n;
  const [rows] = x.graph.emit('reshape', [x], { shape: [n, inner] });
  return x.graph.emit('mean', [rows], { axes: [1], keepDims: false })[0];
}

/**
 * The logits of a model's output: what went into the softmax or sigmoid that made it, where one did.
 *
 * @returns undefined where the output is of unknown making: then it is taken for probabilities.
 */
export function logitsOf(where: string, output: Value, by: 'softmax' | 'sigmoid', fromLogits: boolean) {
  const { source } = output;
  const before = source.kind === 'node' && source.node.op === by ? source.node.inputs[0] : undefined;
  if (!fromLogits) return before;
  if (before !== undefined) {
    throw new FoveaError('option', {
      where,
      rule: `fromLogits says that the outputs are logits, but the model ends with a ${by}`,
      remedy: `Leave fromLogits out, or the ${by}`,
    });
  }
  return output;
}

/** Probabilities are kept so far from 0 and 1 before their logarithm is taken; Keras's value. */
const EPSILON = 1e-7;

/** Probabilities moved into [1e-7, 1 − 1e-7]. */
export function clipProbabilities(p: Value): Value {
  return p.graph.emit('clip', [p], { min: EPSILON, max: 1 - EPSILON })[0];
}
