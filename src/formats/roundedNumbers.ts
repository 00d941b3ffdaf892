import type { TensorData } from '../tensor/tensor.js';
import { storedKinds } from './storedNumbers.js';

/** Bytes of one number of a kind, or undefined for a kind that is not read. */
export function bytesOf(dtype: string): number | undefined {
  return storedKinds.get(dtype)?.bytes;
}

/**
 * Stored numbers (little-endian, from the first byte on) as float32 or int32. Unlike in safetensors files, float64 is
 * rounded to float32: it is what NumPy and many a training script write without need.
 *
 * @throws FoveaError `format` for whole numbers beyond int32.
 */
export function decodeRounded(dtype: string, bytes: Uint8Array, length: number, where: string): TensorData {
  if (dtype !== 'F64') return storedKinds.get(dtype)?.decode(bytes, length, where) ?? new Float32Array();
  // Not by `slice`, which copies nothing where the bytes are a Buffer of Node's.
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  return Float32Array.from(new Float64Array(aligned.buffer, aligned.byteOffset, length));
}
