import { quoteUntrusted } from '../formatError.js';
import { bytesOf, decodeRounded } from '../roundedNumbers.js';
import type { StoredTensor } from '../safetensors.js';
import { readChunks } from './chunks.js';
import { type Datatype, readDataspace, readDatatype } from './datatype.js';
import { type Hdf5Bytes, hdf5Damaged, hdf5Unsupported } from './hdf5Bytes.js';
import type { AttributeText } from './hdf5File.js';
import { type HeaderMessage, MESSAGE } from './objectHeader.js';

/** An array of an HDF5 file. Its numbers are read when they are asked for. */
export class Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly attributes: ReadonlyMap<string, AttributeText>;
  readonly #file: Hdf5Bytes;
  readonly #datatype: Datatype;
  readonly #layout: HeaderMessage;
  readonly #filters: HeaderMessage | undefined;

  constructor(
    file: Hdf5Bytes,
    messages: readonly HeaderMessage[],
    path: string,
    attributes: ReadonlyMap<string, AttributeText>,
  ) {
    const message = (type: number): HeaderMessage | undefined => messages.find((one) => one.type === type);
    const space = message(MESSAGE.dataspace);
    const datatype = message(MESSAGE.datatype);
    if (space === undefined || datatype === undefined) {
      throw hdf5Damaged(file.where, `the array ${quoteUntrusted(path)} must have a shape and a kind`, 'none');
    }
    if (datatype.shared || space.shared) throw hdf5Unsupported(file.where, 'a kind of number that has a name');
    this.#file = file;
    this.path = path;
    this.attributes = attributes;
    this.#layout = message(MESSAGE.layout) as HeaderMessage;
    this.#filters = message(MESSAGE.filters);
    this.#datatype = readDatatype(file, datatype.at);
    this.shape = readDataspace(file, space.at) ?? [0];
  }

  /**
   * The numbers as float32 (from 16, 32 or 64 bits) or int32. May be a view of the file's bytes.
   *
   * @throws FoveaError `format` where the shape does not fit the file.
   */
  async read(): Promise<StoredTensor> {
    const { name, bytes: itemBytes, bigEndian } = this.#numbers();
    const where = `${this.#file.where}: array ${quoteUntrusted(this.path)}`;
    const count = this.shape.reduce((product, n) => product * n, 1);
    if (!Number.isSafeInteger(count) || count * itemBytes > this.#file.mostInflated) {
      const rule = 'an array must not be larger than the file';
      throw hdf5Damaged(where, rule, `the shape [${this.shape.join(', ')}] of ${itemBytes}-byte numbers`);
    }
    // Numbers of other sizes are kept twice for a moment: as they stand, and as numbers of four bytes.
    if (itemBytes !== 4 && (itemBytes === 1 || this.#inBlocks)) this.#file.inflate((itemBytes === 1 ? 3 : 4) * count);
    let stored = await this.#bytes(count * itemBytes, itemBytes);
    if (bigEndian && itemBytes > 1) stored = reversed(stored, itemBytes);
    if (bytesOf(name) === undefined) throw hdf5Unsupported(where, `numbers of the kind ${name}`);
    return { dtype: name, shape: this.shape, data: decodeRounded(name, stored, count, where) };
  }

  #numbers(): Extract<Datatype, { kind: 'number' }> {
    const type = this.#datatype;
    if (type.kind === 'number') return type;
    // Keras 3 keeps bfloat16 as two bytes without a meaning and writes down what they are.
    if (type.kind === 'opaque' && type.bytes === 2 && this.attributes.get('dtype') === 'bfloat16') {
      return { kind: 'number', name: 'BF16', bytes: 2, bigEndian: false };
    }
    throw hdf5Unsupported(
      `${this.#file.where}: array ${quoteUntrusted(this.path)}`,
      `values of the kind ${type.kind === 'other' ? type.className : type.kind}`,
    );
  }

  get #inBlocks(): boolean {
    return this.#file.u8(this.#layout.at + 1) === 2;
  }

  async #bytes(size: number, itemBytes: number): Promise<Uint8Array> {
    const { at } = this.#layout;
    const file = this.#file;
    const version = file.u8(at);
    if (version !== 3 && version !== 4) throw hdf5Unsupported(file.where, `a layout of version ${version}`);
    switch (file.u8(at + 1)) {
      case 0: {
        this.#checkSize(file.u16(at + 2), size);
        file.spend(size);
        return file.view(at + 4, size);
      }
      case 1: {
        const address = file.address(at + 2);
        if (size === 0) return new Uint8Array(0);
        if (address === undefined) {
          throw hdf5Damaged(file.where, `the array ${quoteUntrusted(this.path)} must have been written`, 'no numbers');
        }
        this.#checkSize(file.u64(at + 10), size);
        file.spend(size);
        return file.view(address, size);
      }
      case 2:
        if (version === 4) throw hdf5Unsupported(file.where, 'chunks in the form of libver "latest"');
        return readChunks(file, at, this.#filters?.at, this.shape, itemBytes);
      default:
        throw hdf5Unsupported(file.where, 'an array that is put together from other files');
    }
  }

  #checkSize(stored: number, expected: number): void {
    if (stored === expected) return;
    const rule = `the array ${quoteUntrusted(this.path)} of the shape [${this.shape.join(', ')}] has ${expected} bytes`;
    throw hdf5Damaged(this.#file.where, rule, `${stored}`);
  }
}

function reversed(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let start = 0; start < bytes.length; start += itemBytes) {
    for (let i = 0; i < itemBytes; i++) result[start + i] = bytes[start + itemBytes - 1 - i] as number;
  }
  return result;
}
