import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { normalizeAxes } from '../tensor/shape.js';

/** An axis (the batch is 0, −1 the last) counted from the front. @throws FoveaError where it is the batch or none. */
export function checkAxis(where: string, axis: number, rank: number): number {
  const [found] = normalizeAxes(where, [axis], rank) as [number];
  if (found === 0) {
    throw new FoveaError('option', { where, rule: 'axis must not be the batch, axis 0', received: `axis ${axis}` });
  }
  return found;
}

/** Runs `body` on a value whose given axis (the batch is 0) has been swapped to the end, and swaps it back afterwards. */
export function withAxisLast(x: Value, axis: number, body: (moved: Value) => Value): Value {
  const last = x.shape.length - 1;
  if (axis === last) return body(x);
  const swap = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i)); // its own inverse
  const [moved] = x.graph.emit('transpose', [x], { permutation: swap });
  return x.graph.emit('transpose', [body(moved)], { permutation: swap })[0];
}
