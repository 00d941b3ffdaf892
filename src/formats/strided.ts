import { sizeOf } from '../tensor/shape.js';
import type { TensorData } from '../tensor/tensor.js';

/** Numbers in row-major order: element [i, j, …] comes from place i · strides[0] + j · strides[1] + … */
export function gatherStrided(source: TensorData, shape: readonly number[], strides: readonly number[]): TensorData {
  const size = sizeOf(shape);
  const result = source instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
  const last = shape.length - 1;
  const [row, step] = [shape[last] ?? 1, strides[last] ?? 0];
  const index = new Array<number>(shape.length).fill(0);
  let at = 0;
  for (let i = 0; i < size; i += row) {
    for (let j = 0; j < row; j++) result[i + j] = source[at + j * step] as number;
    for (let axis = last - 1; axis >= 0; axis--) {
      const next = (index[axis] as number) + 1;
      at += strides[axis] as number;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      at -= next * (strides[axis] as number);
    }
  }
  return result;
}

/** A copy with the bytes of each number, `width` of them, in reverse order. */
export function swapBytes(bytes: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) result[i - 2 * (i % width) + width - 1] = bytes[i] as number;
  return result;
}
