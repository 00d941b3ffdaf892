import { formatError } from '../formatError.js';

/** What an address field holds where there is nothing. */
const NOWHERE = 0xffff_ffff_ffff_ffffn;

const DAMAGED = 'The file is damaged or hostile: fetch or write it anew';

/** An error of an HDF5 file whose structure is not what it should be. */
export function hdf5Damaged(where: string, rule: string, received: string) {
  return formatError(where, rule, received, DAMAGED);
}

/** An error of an HDF5 file that is whole, but uses a part of the format that is not read here. */
export function hdf5Unsupported(where: string, what: string) {
  const remedy = 'Save it with the default settings of Keras or h5py';
  return formatError(where, 'only what Keras writes into HDF5 files is read', what, remedy);
}

/**
 * A whole HDF5 file whose every read is checked against its length, and whose work is counted: each structure (object,
 * tree node, heap) costs a step, each number read out costs its bytes, and both are limited by the file's own size.
 */
export class Hdf5Bytes {
  readonly bytes: Uint8Array;
  readonly where: string;
  /** Most bytes that decompression may make in total. */
  readonly mostInflated: number;
  #steps: number;
  #data: number;
  #inflated: number;
  readonly #seen = new Set<number>();
  readonly #view: DataView;

  /** @param spare bytes that decompression may make beyond the file's size. */
  constructor(bytes: Uint8Array, where: string, spare: number) {
    // Not a Buffer of Node's, whose slices are not copies.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.where = where;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#steps = 256 + Math.floor(bytes.length / 8);
    this.#data = bytes.length;
    this.mostInflated = bytes.length + spare;
    this.#inflated = this.mostInflated;
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    this.check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** Eight bytes as a number: lengths and addresses beyond the file are refused where they are used. */
  u64(at: number): number {
    this.check(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }

  /** An address, or undefined for "nowhere". */
  address(at: number): number | undefined {
    this.check(at, 8);
    const address = this.#view.getBigUint64(at, true);
    return address === NOWHERE ? undefined : Number(address);
  }

  /** An unsigned integer of 1, 2, 4 or 8 bytes. */
  uint(at: number, size: number): number {
    return size === 1 ? this.u8(at) : size === 2 ? this.u16(at) : size === 4 ? this.u32(at) : this.u64(at);
  }

  /** A view of bytes that lie within the file. */
  view(at: number, length: number): Uint8Array {
    this.check(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** Throws unless the four characters stand there. */
  signature(at: number, text: string): void {
    const found = String.fromCharCode(...this.view(at, 4));
    if (found !== text) throw hdf5Damaged(this.where, `the signature ${text} must stand at byte ${at}`, show(found));
  }

  /** UTF-8 up to the first zero or the end of the bytes. */
  text(at: number, length: number): string {
    const bytes = this.view(at, length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** Throws unless the bytes lie within the file. */
  check(at: number, length: number): void {
    if (at >= 0 && length >= 0 && at + length <= this.bytes.length) return; // false for NaN
    const rule = `everything must lie within the ${this.bytes.length} bytes of the file`;
    throw hdf5Damaged(this.where, rule, `${length} bytes at byte ${at}`);
  }

  /** Counts one structure; throws where there are more than a file of this size can hold. */
  step(): void {
    if (--this.#steps >= 0) return;
    throw hdf5Damaged(this.where, 'a file of this size holds fewer objects', 'links to the same bytes again and again');
  }

  /** Counts a structure that belongs to one place only; throws the second time, so nothing runs in circles. */
  once(at: number): void {
    this.step();
    if (this.#seen.has(at)) {
      throw hdf5Damaged(this.where, 'no group or tree may contain itself', `the structure at byte ${at} twice`);
    }
    this.#seen.add(at);
  }

  /** Counts numbers read out as they stand. Their places do not overlap in an honest file. */
  spend(bytes: number): void {
    this.#data -= bytes;
    if (this.#data >= 0) return;
    throw hdf5Damaged(this.where, 'all data together must fit into the file', 'data sets that overlap');
  }

  /** Counts bytes that decompression makes. */
  inflate(bytes: number): void {
    this.#inflated -= bytes;
    if (this.#inflated >= 0) return;
    const rule = `decompressed data may have at most ${this.mostInflated} bytes here, 16 MiB more than the file`;
    throw formatError(this.where, rule, 'more', 'Save the file again without compression');
  }
}

function show(text: string): string {
  return JSON.stringify(text);
}
