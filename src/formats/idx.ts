import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { formatError } from './formatError.js';
import { gunzip, isGzip } from './gzip.js';

/** An array of bytes with a shape: `[n, h, w]` for pictures, `[n]` for labels. */
export interface IdxArray {
  readonly shape: Shape;
  readonly data: Uint8Array;
}

const MAX_RANK = 8;
const MAX_BYTES = 2 ** 30;
const DAMAGED = 'The file is damaged or no idx file: fetch it anew';

/** The kinds of numbers of the format; MNIST and its relatives use the first. */
const kindNames = new Map([
  [0x08, 'unsigned bytes'],
  [0x09, 'signed bytes'],
  [0x0b, '16-bit integers'],
  [0x0c, '32-bit integers'],
  [0x0d, '32-bit floats'],
  [0x0e, '64-bit floats'],
]);

/**
 * Reads an idx file of unsigned bytes (LeCun's format for MNIST), gzipped or not. `where` names the file in errors. The data
 * may be a view of `bytes`. Throws `format` for a header that does not fit the file, and for more than 1 GiB of data.
 */
export async function readIdx(bytes: Uint8Array, where: string): Promise<IdxArray> {
  const plain = isGzip(bytes)
    ? await gunzip(bytes, where, 4 + 4 * MAX_RANK, (start) => {
        const { shape, headerBytes } = readHeader(start, where);
        return headerBytes + sizeOf(shape);
      })
    : bytes;
  const { shape, headerBytes } = readHeader(plain, where);
  if (plain.length - headerBytes !== sizeOf(shape)) {
    throw formatError(
      where,
      `the header promises ${sizeOf(shape)} bytes of data, shape ${formatShape(shape)}`,
      `${plain.length - headerBytes} bytes after the header`,
      DAMAGED,
    );
  }
  return { shape, data: plain.subarray(headerBytes) };
}

function readHeader(bytes: Uint8Array, where: string): { shape: number[]; headerBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0) {
    const received = bytes.length < 4 ? `${bytes.length} bytes` : `the bytes ${bytes.subarray(0, 4).join(' ')}`;
    throw formatError(where, 'an idx file begins with two zero bytes, a kind and a number of axes', received, DAMAGED);
  }
  const kind = view.getUint8(2);
  const rank = view.getUint8(3);
  if (kind !== 0x08) {
    const received = kindNames.get(kind) ?? `kind 0x${kind.toString(16).padStart(2, '0')}, which does not exist`;
    throw formatError(where, 'only idx files of unsigned bytes (kind 0x08) are read', received, DAMAGED);
  }
  if (rank < 1 || rank > MAX_RANK) {
    throw formatError(where, `an idx file has 1 to ${MAX_RANK} axes`, `${rank} axes`, DAMAGED);
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw formatError(where, `a header with ${rank} axes has ${headerBytes} bytes`, `${bytes.length} bytes`, DAMAGED);
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (!(sizeOf(shape) <= MAX_BYTES)) {
    throw formatError(where, 'an idx file holds at most 1 GiB', `a header that says ${formatShape(shape)}`, DAMAGED);
  }
  return { shape, headerBytes };
}
