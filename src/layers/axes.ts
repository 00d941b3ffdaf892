import type { Value } from '../ops/graph.js';

/** Runs `body` on a value whose given axis (batch is 0) has been moved to the end, and moves it back afterwards. */
export function withAxisLast(x: Value, axis: number, body: (moved: Value) => Value): Value {
  const last = x.shape.length - 1;
  if (axis === last) return body(x);
  const swap = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i)); // its own inverse
  const [moved] = x.graph.emit('transpose', [x], { permutation: swap });
  return x.graph.emit('transpose', [body(moved)], { permutation: swap })[0];
}
