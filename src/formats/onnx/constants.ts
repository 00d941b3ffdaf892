import { sizeOf } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import { bytesOf, decodeRounded } from '../roundedNumbers.js';
import type { TensorProto } from './onnx_pb.js';

/** ONNX's numbers for kinds of numbers, by safetensors' names. */
export const dataTypes = {
  F32: 1,
  U8: 2,
  I8: 3,
  U16: 4,
  I16: 5,
  I32: 6,
  I64: 7,
  BOOL: 9,
  F16: 10,
  F64: 11,
  U32: 12,
  BF16: 16,
};

const KINDS = new Map(Object.entries(dataTypes).map(([name, number]) => [number, name]));
const EXTERNAL = 1;
const DAMAGED = 'The file is damaged or no ONNX model: fetch or write it anew';

/** The files beside an ONNX file that hold its weights, by the names that it gives them. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>;

/** Numbers that a file holds, decoded when they are asked for. */
export class Constant {
  readonly name: string;
  /** As safetensors calls the kind of number. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly #bytes: Uint8Array;
  readonly #where: string;

  constructor(name: string, dtype: string, shape: readonly number[], bytes: Uint8Array, where: string) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.#bytes = bytes;
    this.#where = where;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Row-major; float32 may be a view of the file. */
  numbers(): TensorData {
    return decodeRounded(this.dtype, this.#bytes, this.size, this.#where);
  }

  /** The numbers as float32. */
  floats(): Float32Array {
    const numbers = this.numbers();
    return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  }

  /** The same numbers under another name or shape. */
  as(name: string, shape: readonly number[]): Constant {
    return new Constant(name, this.dtype, shape, this.#bytes, this.#where);
  }
}

/** The numbers of a tensor of the file. @throws FoveaError `format` where sizes do not agree. */
export function constantOf(tensor: TensorProto, external: ExternalFiles, file: string): Constant {
  const where = `${file}: tensor ${quoteUntrusted(tensor.name)}`;
  const dtype = KINDS.get(tensor.dataType);
  const shape = tensor.dims.map(Number);
  const size = sizeOf(shape);
  if (dtype === undefined) {
    throw formatError(where, 'this kind of number is not read', `type ${tensor.dataType}`, 'Convert it to float32');
  }
  if (shape.length > 32 || !Number.isSafeInteger(size) || shape.some((n) => n < 0 || !Number.isSafeInteger(n))) {
    throw formatError(where, 'a shape is at most 32 whole numbers of at least 0', 'another', DAMAGED);
  }
  const bytes =
    tensor.dataLocation === EXTERNAL ? externalBytes(tensor, external, where) : ownBytes(tensor, dtype, size);
  const needed = size * (bytesOf(dtype) as number);
  if (bytes === undefined || bytes.length !== needed) {
    throw formatError(where, `its shape needs ${needed} bytes`, `${bytes?.length ?? 'another number'}`, DAMAGED);
  }
  return new Constant(tensor.name, dtype, shape, bytes, where);
}

/** As raw bytes, or in the list that is meant for the kind of number. */
function ownBytes(tensor: TensorProto, dtype: string, size: number): Uint8Array | undefined {
  if (tensor.rawData.length > 0 || size === 0) return tensor.rawData;
  if (dtype === 'F32') return joined(tensor.floatData);
  if (dtype === 'F64') return joined(tensor.doubleData);
  const integers = joined(dtype === 'I64' ? tensor.int64Data : tensor.int32Data);
  return fromVarints(integers, size, bytesOf(dtype) as number);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** `size` numbers of variable length, each cut to `width` bytes; undefined where there are not as many. */
function fromVarints(bytes: Uint8Array, size: number, width: number): Uint8Array | undefined {
  if (size > bytes.length) return undefined;
  const result = new Uint8Array(size * width);
  const view = new DataView(result.buffer);
  let at = 0;
  for (let i = 0; i < size; i++) {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) return undefined;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
    }
    if (width === 8) view.setBigUint64(i * 8, BigInt.asUintN(64, value), true);
    else if (width === 4) view.setUint32(i * 4, Number(BigInt.asUintN(32, value)), true);
    else if (width === 2) view.setUint16(i * 2, Number(BigInt.asUintN(16, value)), true);
    else view.setUint8(i, Number(BigInt.asUintN(8, value)));
  }
  return at === bytes.length ? result : undefined;
}

/** Where a tensor's numbers are in a file beside. @throws FoveaError `format` for a name that leads elsewhere. */
function externalLocation(tensor: TensorProto, where: string): string | undefined {
  if (tensor.dataLocation !== EXTERNAL) return undefined;
  const location = tensor.externalData.find(({ key }) => key === 'location')?.value ?? '';
  const parts = location.split('/');
  if (location === '' || /[\\:\0]/.test(location) || parts.includes('..') || parts.includes('')) {
    const rule = 'a file with weights must lie beside the model';
    throw formatError(where, rule, quoteUntrusted(location), 'Do not trust this file');
  }
  return location;
}

function externalBytes(tensor: TensorProto, external: ExternalFiles, where: string): Uint8Array | undefined {
  const file = external.get(externalLocation(tensor, where) ?? '');
  if (file === undefined) {
    const rule = 'its numbers are in another file, and no externalData was given';
    throw formatError(where, rule, 'a model without its weights', 'Give the option externalData');
  }
  const entry = (name: string, otherwise: number): number =>
    Number(tensor.externalData.find(({ key }) => key === name)?.value ?? otherwise);
  const offset = entry('offset', 0);
  const length = entry('length', file.length - offset);
  const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  return fits && offset + length <= file.length ? file.subarray(offset, offset + length) : undefined;
}

/** All tensors of a graph by name. @throws FoveaError `format` where two have the same. */
export function readInitializers(
  tensors: readonly TensorProto[],
  external: ExternalFiles,
  where: string,
): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  for (const tensor of tensors) {
    const { name } = tensor;
    if (constants.has(name)) throw formatError(where, 'each tensor has its own name', quoteUntrusted(name), DAMAGED);
    constants.set(name, constantOf(tensor, external, where));
  }
  return constants;
}

/** The files beside a model that its tensors name, each fetched once. */
export async function fetchExternal(
  tensors: readonly TensorProto[],
  where: string,
  fetch: ((location: string) => Promise<Uint8Array>) | undefined,
): Promise<ExternalFiles> {
  const files = new Map<string, Uint8Array>();
  for (const tensor of tensors) {
    const location = externalLocation(tensor, where);
    if (location === undefined || files.has(location) || fetch === undefined) continue;
    files.set(location, await fetch(location));
  }
  return files;
}
