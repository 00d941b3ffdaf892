/** Reads as much of ONNX's messages as its tests of single ops use (onnx.proto names the fields and their numbers). */

export type OnnxType = 'float32' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool' | 'float64';

export interface OnnxTensor {
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export type OnnxAttribute = number | string | readonly number[];

/** A model of one node. */
export interface OnnxModel {
  readonly op: string;
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** Names of the node's operands, '' for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the model's inputs, in the order of the test's files. */
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly string[];
}

interface Field {
  readonly number: number;
  /** A varint, or the bits of a fixed-size number. */
  readonly value: bigint;
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array();
const TYPES: Readonly<Record<number, OnnxType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  11: 'float64',
};

export function decodeModel(bytes: Uint8Array): OnnxModel {
  const graph = fields(bytes).find(({ number }) => number === 7) as Field;
  const parts = fields(graph.bytes);
  const nodes = all(parts, 1);
  if (nodes.length !== 1) throw new Error(`the model has ${nodes.length} nodes`);
  const node = fields(nodes[0] as Uint8Array);
  return {
    op: all(node, 4).map(utf8)[0] ?? '',
    attributes: new Map(all(node, 5).map(decodeAttribute)),
    inputs: all(node, 1).map(utf8),
    outputs: all(node, 2).map(utf8),
    modelInputs: all(parts, 11).map(nameOf),
    modelOutputs: all(parts, 12).map(nameOf),
  };
}

export function decodeTensor(bytes: Uint8Array): OnnxTensor {
  const parts = fields(bytes);
  const code = Number(parts.find(({ number }) => number === 2)?.value ?? 0n);
  const type = TYPES[code];
  if (type === undefined) throw new Error(`a tensor holds numbers of kind ${code}`);
  const shape = integers(parts, 1);
  const size = shape.reduce((product, n) => product * n, 1);
  const raw = all(parts, 9)[0];
  const listed = type === 'float32' ? floats(parts, 4) : integers(parts, type === 'int64' ? 7 : 5);
  const data = raw === undefined ? Float64Array.from(listed) : fromRaw(raw, type);
  if (data.length !== size) throw new Error(`a tensor of ${size} elements holds ${data.length}`);
  return { type, shape, data };
}

function decodeAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  const parts = fields(bytes);
  const kind = Number(parts.find(({ number }) => number === 20)?.value ?? 0n);
  const name = nameOf(bytes);
  if (kind === 1) return [name, floats(parts, 2)[0] as number];
  if (kind === 2) return [name, integers(parts, 3)[0] ?? 0];
  if (kind === 3) return [name, utf8(all(parts, 4)[0] ?? NONE)];
  if (kind === 6) return [name, floats(parts, 7)];
  if (kind === 7) return [name, integers(parts, 8)];
  throw new Error(`attribute ${name} is of kind ${kind}`);
}

function fromRaw(raw: Uint8Array, type: OnnxType): Float64Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read: Record<OnnxType, [bytes: number, at: (i: number) => number]> = {
    float32: [4, (i) => view.getFloat32(i, true)],
    float64: [8, (i) => view.getFloat64(i, true)],
    int32: [4, (i) => view.getInt32(i, true)],
    int64: [8, (i) => Number(view.getBigInt64(i, true))],
    int8: [1, (i) => view.getInt8(i)],
    uint8: [1, (i) => view.getUint8(i)],
    bool: [1, (i) => view.getUint8(i)],
  };
  const [size, at] = read[type];
  return Float64Array.from({ length: raw.length / size }, (_, i) => at(i * size));
}

function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const [tag, start] = varint(bytes, at);
    const [number, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    let value = 0n;
    let length = 0;
    at = start;
    if (wire === 0) [value, at] = varint(bytes, at);
    else if (wire === 1) [value, length] = [view.getBigUint64(at, true), 8];
    else if (wire === 5) [value, length] = [BigInt(view.getUint32(at, true)), 4];
    else if (wire === 2) {
      const [size, content] = varint(bytes, at);
      [length, at] = [Number(size), content];
    } else throw new Error(`a field of wire type ${wire}`);
    if (at + length > bytes.length) throw new Error('a message ends too early');
    found.push({ number, value, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function varint(bytes: Uint8Array, from: number): [value: bigint, next: number] {
  let value = 0n;
  for (let at = from, shift = 0n; at < bytes.length; at++, shift += 7n) {
    const byte = bytes[at] as number;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [BigInt.asIntN(64, value), at + 1];
  }
  throw new Error('a message ends too early');
}

/** All occurrences of a field that is a string or a message. */
function all(parts: readonly Field[], number: number): Uint8Array[] {
  return parts.filter((field) => field.number === number).map(({ bytes }) => bytes);
}

/** A field of whole numbers, one by one or packed into a block. */
function integers(parts: readonly Field[], number: number): number[] {
  const found: number[] = [];
  for (const { value, bytes } of parts.filter((field) => field.number === number)) {
    if (bytes.length === 0) found.push(Number(value));
    for (let at = 0; at < bytes.length; ) {
      const [next, end] = varint(bytes, at);
      found.push(Number(next));
      at = end;
    }
  }
  return found;
}

/** A field of 32-bit floats, one by one or packed into a block; both are their bytes. */
function floats(parts: readonly Field[], number: number): number[] {
  return all(parts, number).flatMap((bytes) => [...fromRaw(bytes, 'float32')]);
}

function nameOf(message: Uint8Array): string {
  return utf8(all(fields(message), 1)[0] ?? NONE);
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
