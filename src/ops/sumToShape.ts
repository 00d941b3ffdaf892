import type { Value } from './graph.js';

/** Sums over the axes along which `like` was broadcast to the shape of `value`: the gradient of broadcasting. */
export function sumToShape(value: Value, like: Value): Value {
  const lead = value.shape.length - like.shape.length;
  const axes = value.shape.flatMap((size, axis) =>
    axis < lead || (like.shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return value;
  const summed = value.graph.emit('sum', [value], { axes, keepDims: true })[0];
  if (lead === 0) return summed;
  return value.graph.emit('reshape', [summed], { shape: like.shape })[0];
}
