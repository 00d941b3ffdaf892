import { crc32 } from '../tensor/crc32.js';
import { formatError, quoteUntrusted } from './formatError.js';
import { inflateExactly } from './inflate.js';
import { SPARE_BYTES } from './limits.js';

/** A file of a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes once unpacked, as the archive says. */
  readonly size: number;
  /** The contents; a view of the archive where they are stored as they stand. @throws FoveaError `format`. */
  read(): Promise<Uint8Array>;
}

const DAMAGED = 'The file is damaged or no zip archive: fetch or write it anew';
const END_BYTES = 22;
const MOST_ENTRIES = 65_535;

/** True for bytes that begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * Lists a zip archive by its central directory, in the directory's order. Entries are stored or deflated; zip64 is read.
 * Nothing is trusted: entries must lie apart, sizes and checksums must agree, and all unpacked data together may be at most
 * 16 MiB larger than the archive.
 *
 * @throws FoveaError `format` on any deviation.
 */
export function readZip(bytes: Uint8Array, where: string): Map<string, ZipEntry> {
  const archive = new Archive(bytes, where);
  const directory = archive.directory();
  const entries = new Map<string, ZipEntry>();
  let at = directory.at;
  const budget = { left: bytes.length + SPARE_BYTES };
  for (let i = 0; i < directory.count; i++) {
    const entry = archive.entry(at);
    at = entry.end;
    if (entries.has(entry.name)) archive.fail('each name occurs once', `${quoteUntrusted(entry.name)} twice`);
    entries.set(entry.name, {
      name: entry.name,
      size: entry.size,
      read: () => archive.read(entry, budget),
    });
  }
  return entries;
}

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly stored: number;
  readonly size: number;
  readonly local: number;
  readonly end: number;
}

class Archive {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;

  constructor(bytes: Uint8Array, where: string) {
    // Not a Buffer of Node's, whose slices are not copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#where = where;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(rule: string, received: string): never {
    throw formatError(this.#where, rule, received, DAMAGED);
  }

  /** The end record: within the last 64 KiB, as a comment may follow it. */
  directory(): { at: number; count: number } {
    const length = this.#bytes.length;
    let end = length - END_BYTES;
    while (end >= Math.max(0, length - END_BYTES - 65_535) && this.#u32(end) !== 0x06054b50) end--;
    if (end < 0 || this.#u32(end) !== 0x06054b50) this.fail('a zip archive ends with its directory', 'none');
    let count = this.#u16(end + 10);
    let at = this.#u32(end + 16);
    if (end >= 20 && this.#u32(end - 20) === 0x07064b50) {
      const far = this.#u64(end - 20 + 8);
      if (this.#u32(far) !== 0x06064b50) this.fail('the zip64 directory must stand where it is said to', `${far}`);
      count = this.#u64(far + 32);
      at = this.#u64(far + 48);
    }
    if (count > Math.min(MOST_ENTRIES, length / 46))
      this.fail('the directory must fit into the file', `${count} entries`);
    return { at, count };
  }

  entry(at: number): DirectoryEntry {
    if (this.#u32(at) !== 0x02014b50) this.fail(`an entry of the directory must begin at byte ${at}`, 'something else');
    const nameBytes = this.#u16(at + 28);
    const extraBytes = this.#u16(at + 30);
    const extraAt = at + 46 + nameBytes;
    const name = new TextDecoder().decode(this.#part(at + 46, nameBytes));
    const large = this.#largeSizes(extraAt, extraBytes);
    const long = (place: number): number => {
      const value = this.#u32(place);
      return value === 0xffff_ffff ? (large.shift() ?? value) : value;
    };
    const size = long(at + 24);
    const stored = long(at + 20);
    const local = long(at + 42);
    return {
      name,
      method: this.#u16(at + 10),
      encrypted: (this.#u16(at + 8) & 1) !== 0,
      crc: this.#u32(at + 16),
      stored,
      size,
      local,
      end: extraAt + extraBytes + this.#u16(at + 32),
    };
  }

  async read(entry: DirectoryEntry, budget: { left: number }): Promise<Uint8Array> {
    const { name, method, encrypted, stored, size, local, crc } = entry;
    const what = quoteUntrusted(name);
    if (encrypted) this.fail('archives are read without a password', `${what}, which is encrypted`);
    if (this.#u32(local) !== 0x04034b50) this.fail(`the file ${what} must begin at byte ${local}`, 'something else');
    const start = local + 30 + this.#u16(local + 26) + this.#u16(local + 28);
    const packed = this.#part(start, stored);
    budget.left -= size;
    if (budget.left < 0) {
      const rule = 'all files together may be at most 16 MiB larger than the archive';
      throw formatError(this.#where, rule, `${what} of ${size} bytes`, 'Pack it again without compression');
    }
    if (method !== 0 && method !== 8) this.fail('files are stored or deflated', `${what} by method ${method}`);
    const plain = method === 0 ? packed : await this.#inflate(packed, size, what);
    if (plain.length !== size) this.fail(`the file ${what} has ${size} bytes`, `${plain.length}`);
    if (crc32([plain]) !== crc) this.fail(`the file ${what} must agree with its checksum`, 'another sum');
    return plain;
  }

  async #inflate(packed: Uint8Array, size: number, what: string): Promise<Uint8Array> {
    try {
      return await inflateExactly(packed, size, 'deflate-raw');
    } catch (cause) {
      const received = cause instanceof Error ? cause.message : String(cause);
      throw formatError(this.#where, `the file ${what} must be a whole deflate stream`, received, DAMAGED, cause);
    }
  }

  /** The zip64 sizes of an entry, in the order in which they stand in for those that do not fit 32 bits. */
  #largeSizes(at: number, length: number): number[] {
    this.#part(at, length);
    for (let place = at; place + 4 <= at + length; ) {
      const bytes = this.#u16(place + 2);
      if (this.#u16(place) === 1) {
        const count = Math.min(3, Math.floor(bytes / 8));
        return Array.from({ length: count }, (_, i) => this.#u64(place + 4 + 8 * i));
      }
      place += 4 + bytes;
    }
    return [];
  }

  #part(at: number, length: number): Uint8Array {
    if (at < 0 || at + length > this.#bytes.length) {
      this.fail(`everything must lie within the ${this.#bytes.length} bytes of the file`, `${length} bytes at ${at}`);
    }
    return this.#bytes.subarray(at, at + length);
  }

  #u16(at: number): number {
    this.#part(at, 2);
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    this.#part(at, 4);
    return this.#view.getUint32(at, true);
  }

  #u64(at: number): number {
    this.#part(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }
}
