import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { TensorData } from '../tensor/tensor.js';
import { formatError, quoteUntrusted } from './formatError.js';
import { toHalves } from './halfFloat.js';
import { type HeaderEntry, parseSafetensorsHeader } from './safetensorsHeader.js';
import { storedKinds } from './storedNumbers.js';

/** A tensor as it was stored, its numbers as float32 or int32. */
export interface StoredTensor {
  /** Safetensors' name of the kind in the file: F32, BF16, I64 … */
  readonly dtype: string;
  readonly shape: Shape;
  readonly data: TensorData;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** In the order of the data. */
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** What can be written: a `Tensor`, or a shape with its numbers. */
export interface WritableTensor {
  readonly shape: Shape;
  readonly data: TensorData;
}

/** How a safetensors file is written. */
export interface WriteSafetensorsOptions {
  /** How float32 numbers are stored: float16 halves the file. @default 'float32' */
  readonly precision?: 'float32' | 'float16';
}

/** Same limit as the format's own reader. */
const MAX_HEADER_BYTES = 100_000_000;
const DAMAGED = 'The file is damaged or no safetensors file: fetch or write it anew';

/**
 * Reads a safetensors file (huggingface/safetensors, format version 0.3 on): an 8-byte length, a JSON header, the numbers.
 * F32 and I32 data may be views of `bytes`: change neither afterwards. Other kinds become float32 or int32 where they fit
 * exactly. `where` names the file in errors. Throws `format` on any deviation; nothing in the header is trusted before it
 * is checked against the length of the file.
 */
export function readSafetensors(bytes: Uint8Array, where: string): Safetensors {
  const headerBytes = readHeaderLength(bytes, where);
  const { entries, metadata } = parseSafetensorsHeader(decodeUtf8(bytes.subarray(8, 8 + headerBytes), where), where);
  const data = bytes.subarray(8 + headerBytes);
  const ordered = [...entries].sort(([, { dataOffsets: a }], [, { dataOffsets: b }]) => a[0] - b[0] || a[1] - b[1]);

  let end = 0;
  const kinds = ordered.map(([name, entry]) => {
    if (entry.dataOffsets[0] !== end) {
      const rule = 'the tensors must cover the data without gap or overlap';
      throw formatError(
        `${where}: tensor ${quoteUntrusted(name)}`,
        `${rule}: expected its start at ${end}`,
        describe(entry),
        DAMAGED,
      );
    }
    end = entry.dataOffsets[1];
    return checkEntry(name, entry, data.length, where);
  });
  if (end !== data.length) {
    const rule = `the header describes ${end} bytes of data`;
    throw formatError(where, rule, `${data.length} bytes after the header`, DAMAGED);
  }

  const tensors = new Map<string, StoredTensor>();
  for (const [i, [name, { dtype, shape, dataOffsets }]] of ordered.entries()) {
    const part = data.subarray(dataOffsets[0], dataOffsets[1]);
    const kind = kinds[i] as (typeof kinds)[number];
    tensors.set(name, {
      dtype,
      shape,
      data: kind.decode(part, part.length / kind.bytes, `${where}: tensor ${quoteUntrusted(name)}`),
    });
  }
  return { tensors, metadata };
}

/**
 * A safetensors file as pieces to be written one after the other: the header and the tensors' own bytes, uncopied. float32
 * is stored as F32 or, where that is asked for, rounded to F16; int32 as I32. Tensors and metadata are sorted by name, so equal contents give equal bytes.
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
  { precision = 'float32' }: WriteSafetensorsOptions = {},
): Uint8Array[] {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    for (const key of Object.keys(metadata)) checkName('metadata key', key);
    header.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort(byName))]);
  }
  const pieces: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, data }] of [...tensors].sort(byName)) {
    checkName('tensor', name);
    if (name === '__metadata__' || data.length !== sizeOf(shape)) {
      const rule = 'the shape must fit the data, and "__metadata__" is no name for a tensor';
      const received = `${formatShape(shape)} with ${data.length} numbers`;
      throw new FoveaError('shape', { where: `writeSafetensors: tensor ${quoteUntrusted(name)}`, rule, received });
    }
    const half = precision === 'float16' && data instanceof Float32Array;
    const stored = half ? toHalves(data) : data;
    const dtype = data instanceof Int32Array ? 'I32' : half ? 'F16' : 'F32';
    header.push([name, { dtype, shape, data_offsets: [end, end + stored.byteLength] }]);
    end += stored.byteLength;
    pieces.push(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  }
  return [encodeHeader(header), ...pieces];
}

/** The same as {@link safetensorsPieces} in one array. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const pieces = safetensorsPieces(tensors, metadata, options);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function readHeaderLength(bytes: Uint8Array, where: string): number {
  if (bytes.length < 8) {
    throw formatError(where, 'a safetensors file begins with 8 bytes of length', `${bytes.length} bytes`, DAMAGED);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const most = Math.min(bytes.length - 8, MAX_HEADER_BYTES);
  if (length > most) {
    throw formatError(where, `the header has at most ${most} bytes here`, `a header of ${length} bytes`, DAMAGED);
  }
  return Number(length);
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw formatError(where, 'the header must be UTF-8 text', 'other bytes', DAMAGED, cause);
  }
}

function checkEntry(name: string, entry: HeaderEntry, dataBytes: number, where: string) {
  const what = `${where}: tensor ${quoteUntrusted(name)}`;
  const kind = storedKinds.get(entry.dtype);
  if (kind === undefined) {
    const known = suggestName(entry.dtype, storedKinds.keys());
    throw formatError(what, 'this kind of number is not read', `dtype ${quoteUntrusted(entry.dtype)}`, known);
  }
  const [start, end] = entry.dataOffsets;
  if (end < start || end > dataBytes) {
    throw formatError(what, `its bytes must lie within the ${dataBytes} bytes of data`, describe(entry), DAMAGED);
  }
  if (sizeOf(entry.shape) * kind.bytes !== end - start) {
    throw formatError(what, 'shape and dtype must fit the number of bytes', describe(entry), DAMAGED);
  }
  return kind;
}

function describe({ dtype, shape, dataOffsets: [start, end] }: HeaderEntry): string {
  return `${quoteUntrusted(dtype)} ${formatShape(shape)} at bytes ${start} to ${end}`;
}

function checkName(what: string, name: string): void {
  if (name !== '__proto__' && !/\p{Surrogate}/u.test(name)) return;
  const rule = `a ${what} must be valid Unicode and not "__proto__"`;
  throw new FoveaError('name', { where: 'writeSafetensors', rule, received: quoteUntrusted(name) });
}

/** Length, JSON and spaces up to a multiple of 8 bytes. The JSON is put together by hand to keep numeric names in order. */
function encodeHeader(entries: readonly [string, unknown][]): Uint8Array {
  const parts = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${parts.join(',')}}`);
  const bytes = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(32);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(json, 8);
  return bytes;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
