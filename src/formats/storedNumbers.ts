import { formatError } from './formatError.js';

/** How one kind of stored number (little-endian) becomes a float32 or int32 array. */
export interface StoredKind {
  /** Bytes of one number. */
  readonly bytes: number;
  /** `bytes` starts at the first number; `length` numbers follow. Throws `format` where a number does not fit exactly. */
  decode(bytes: Uint8Array, length: number, where: string): Float32Array | Int32Array;
}

const REMEDY = 'Save this tensor as F32 or I32';

/** The kinds that are read, by safetensors' names. F32 and I32 are views of the file where they are aligned. */
export const storedKinds: ReadonlyMap<string, StoredKind> = new Map<string, StoredKind>([
  ['F32', { bytes: 4, decode: (bytes, n) => new Float32Array(...placed(bytes, 4), n) }],
  ['F16', { bytes: 2, decode: (bytes, n) => Float32Array.from(new Uint16Array(...placed(bytes, 2), n), halfToFloat) }],
  ['BF16', { bytes: 2, decode: (bytes, n) => brainToFloat(new Uint16Array(...placed(bytes, 2), n)) }],
  ['F64', { bytes: 8, decode: (bytes, n, where) => exactFloats(new Float64Array(...placed(bytes, 8), n), where) }],
  ['I32', { bytes: 4, decode: (bytes, n) => new Int32Array(...placed(bytes, 4), n) }],
  ['I64', { bytes: 8, decode: (bytes, n, where) => exactIntegers(new BigInt64Array(...placed(bytes, 8), n), where) }],
  ['U32', { bytes: 4, decode: (bytes, n, where) => exactIntegers(new Uint32Array(...placed(bytes, 4), n), where) }],
  ['I16', { bytes: 2, decode: (bytes, n) => Int32Array.from(new Int16Array(...placed(bytes, 2), n)) }],
  ['U16', { bytes: 2, decode: (bytes, n) => Int32Array.from(new Uint16Array(...placed(bytes, 2), n)) }],
  ['I8', { bytes: 1, decode: (bytes, n) => Int32Array.from(new Int8Array(...placed(bytes, 1), n)) }],
  ['U8', { bytes: 1, decode: (bytes, n) => Int32Array.from(bytes.subarray(0, n)) }],
  ['BOOL', { bytes: 1, decode: (bytes, n, where) => truthValues(bytes.subarray(0, n), where) }],
]);

/**
 * Buffer and offset where a typed array may begin: the bytes themselves where they are aligned, else a copy. (Not by
 * `slice`, which copies nothing where the bytes are a Buffer of Node's.)
 */
function placed(bytes: Uint8Array, alignment: number): [ArrayBufferLike, number] {
  return bytes.byteOffset % alignment === 0 ? [bytes.buffer, bytes.byteOffset] : [new Uint8Array(bytes).buffer, 0];
}

/** IEEE 754 binary16: every value is exact in float32. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** bfloat16 is the upper half of a float32. */
function brainToFloat(source: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(source, (bits) => bits << 16).buffer);
}

function exactFloats(source: Float64Array, where: string): Float32Array {
  const result = Float32Array.from(source);
  const bad = source.findIndex((value, i) => !Object.is(value, result[i]));
  if (bad >= 0) throw formatError(where, 'F64 values must be exact as float32', `${source[bad]} at ${bad}`, REMEDY);
  return result;
}

function exactIntegers(source: BigInt64Array | Uint32Array, where: string): Int32Array {
  const result = new Int32Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const value = Number(source[i]);
    result[i] = value;
    if (result[i] !== value) throw formatError(where, 'integers must fit int32', `${source[i]} at ${i}`, REMEDY);
  }
  return result;
}

function truthValues(source: Uint8Array, where: string): Int32Array {
  const bad = source.findIndex((value) => value > 1);
  if (bad >= 0) throw formatError(where, 'BOOL values are 0 or 1', `${source[bad]} at ${bad}`, REMEDY);
  return Int32Array.from(source);
}
