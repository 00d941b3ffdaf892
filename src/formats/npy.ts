import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { formatError, quoteUntrusted } from './formatError.js';
import { bytesOf, decodeRounded } from './roundedNumbers.js';
import type { StoredTensor, WritableTensor } from './safetensors.js';
import { gatherStrided, swapBytes } from './strided.js';

/** NumPy's codes for kinds of numbers, by safetensors' names. */
const KINDS: Readonly<Record<string, string>> = {
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  b1: 'BOOL',
};

const MAGIC = '\u0093NUMPY';
const MAX_RANK = 32;
const MAX_HEADER = 2 ** 16;
const DAMAGED = 'The file is damaged or no .npy file: fetch or write it anew';

interface Header {
  readonly dtype: string;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** True for bytes that begin as a `.npy` file does. */
function isNpy(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(0, 6)) === MAGIC;
}

/**
 * Reads a NumPy array file (`.npy`, versions 1 to 3) of real numbers, whole numbers or truth values, in either order of bytes
 * and of axes. float64 is rounded to float32; whole numbers become int32 where they fit. float32 may be a view of `bytes`:
 * change neither afterwards.
 *
 * @throws FoveaError `format` on any deviation.
 */
export function readNpy(bytes: Uint8Array, where: string): StoredTensor {
  if (!isNpy(bytes)) throw formatError(where, 'a .npy file begins with \\x93NUMPY', 'other bytes', DAMAGED);
  const version = bytes[6] as number;
  if (version < 1 || version > 3) {
    throw formatError(where, 'versions 1 to 3 of the format are read', `version ${version}`, DAMAGED);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const headerBytes = bytes.length < start ? 0 : version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerBytes === 0 || headerBytes > Math.min(MAX_HEADER, bytes.length - start)) {
    throw formatError(where, 'the header must lie within the file', `a header of ${headerBytes} bytes`, DAMAGED);
  }
  const text = new TextDecoder().decode(bytes.subarray(start, start + headerBytes));
  const { dtype, bigEndian, fortranOrder, shape } = parseHeader(text, where);
  const data = bytes.subarray(start + headerBytes);
  const width = bytesOf(dtype) as number;
  const size = sizeOf(shape);
  if (size * width !== data.length) {
    const rule = `${dtype} ${formatShape(shape)} needs ${size * width} bytes`;
    throw formatError(where, rule, `${data.length} bytes after the header`, DAMAGED);
  }
  const numbers = decodeRounded(dtype, bigEndian ? swapBytes(data, width) : data, size, where);
  return { dtype, shape, data: fortranOrder ? gatherStrided(numbers, shape, firstFastest(shape)) : numbers };
}

/** A `.npy` file (version 1) of float32 or int32 numbers, as NumPy's `load` reads it. */
export function writeNpy({ shape, data }: WritableTensor): Uint8Array<ArrayBuffer> {
  if (data.length !== sizeOf(shape) || shape.length > MAX_RANK) {
    const received = `${formatShape(shape)} with ${data.length} numbers`;
    throw new FoveaError('shape', { where: 'writeNpy', rule: 'the shape must fit the data', received });
  }
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const kind = data instanceof Int32Array ? 'i4' : 'f4';
  const text = `{'descr': '<${kind}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + data.byteLength);
  bytes.set(Uint8Array.from(`${MAGIC}\u0001\u0000`, (character) => character.charCodeAt(0)));
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), length);
  return bytes;
}

/** The header is the text of a Python dict with three known entries. */
function parseHeader(text: string, where: string): Header {
  const entry = (key: string, value: string): string => {
    const found = text.match(new RegExp(`^\\s*\\{.*(['"])${key}\\1\\s*:\\s*${value}\\s*[,}]`, 's'))?.[2];
    if (found !== undefined) return found;
    throw formatError(where, `the header must give ${key}`, quoteUntrusted(text.trim()), DAMAGED);
  };
  const descr = entry('descr', `['"]([<>=|]?[\\w]{2,8})['"]`);
  const code = descr.replace(/^[<>=|]/, '');
  const dtype = Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
  if (dtype === undefined) {
    const rule = `the kinds of numbers that are read are ${Object.keys(KINDS).join(', ')}`;
    throw formatError(where, rule, quoteUntrusted(descr), 'Convert the array with astype("float32")');
  }
  const sizes = entry('shape', '\\(([\\d\\sL,]{0,640})\\)').replace(/,\s*$/, '');
  const shape =
    sizes.trim() === '' ? [] : sizes.split(',').map((size) => Number(size.trim().replace(/L$/, '') || Number.NaN));
  if (shape.length > MAX_RANK || !shape.every((n) => Number.isSafeInteger(n)) || !Number.isSafeInteger(sizeOf(shape))) {
    throw formatError(where, `a shape is at most ${MAX_RANK} whole numbers`, quoteUntrusted(sizes), DAMAGED);
  }
  return { dtype, bigEndian: descr[0] === '>', fortranOrder: entry('fortran_order', '(True|False)') === 'True', shape };
}

/** Strides of an array whose first axis is the fastest. */
function firstFastest(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
}
