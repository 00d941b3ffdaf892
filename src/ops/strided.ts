import { type Shape, sizeOf, stridesOf } from '../tensor/shape.js';

/**
 * For each element of `shape` in scan order, its flat index in an array with the given strides: how the definitions
 * read or write an array that is broadcast (stride 0), permuted or part of a larger one.
 */
export function flatIndices(shape: Shape, strides: readonly number[], start = 0): Uint32Array {
  const indices = new Uint32Array(sizeOf(shape));
  const position = new Array<number>(shape.length).fill(0);
  let offset = start;
  for (let i = 0; i < indices.length; i++) {
    indices[i] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      const next = (position[axis] as number) + 1;
      offset += stride;
      if (next < (shape[axis] as number)) {
        position[axis] = next;
        break;
      }
      position[axis] = 0;
      offset -= next * stride;
    }
  }
  return indices;
}

/** Strides with which an array of shape `own` is read when it is broadcast to `shape` by NumPy's rule. */
export function broadcastStrides(own: Shape, shape: Shape): number[] {
  const lead = shape.length - own.length;
  const strides = stridesOf(own);
  return shape.map((_, axis) => (axis < lead || own[axis - lead] === 1 ? 0 : (strides[axis - lead] as number)));
}
