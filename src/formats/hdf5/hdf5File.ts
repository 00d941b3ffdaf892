import { formatError, quoteUntrusted } from '../formatError.js';
import { SPARE_BYTES } from '../limits.js';
import { readDataspace, readDatatype } from './datatype.js';
import { GlobalHeaps } from './globalHeap.js';
import { readLinks } from './groupLinks.js';
import { Hdf5Bytes, hdf5Damaged, hdf5Unsupported } from './hdf5Bytes.js';
import { Hdf5Dataset } from './hdf5Dataset.js';
import { type HeaderMessage, MESSAGE, readObjectHeader } from './objectHeader.js';

/** Texts of an attribute: one, or a list. */
export type AttributeText = string | readonly string[];

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** True for bytes that begin as an HDF5 file does. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Opens an HDF5 file and gives its root. Read are groups, attributes of text and number arrays that are contiguous, compact or
 * chunked (deflate, shuffle, checksum), as h5py writes them by default; the rest is an error that says so. Nothing in the file
 * is trusted: work and memory are bounded by its size.
 *
 * @param spare bytes that decompression may make beyond the file's size.
 * @throws FoveaError `format`, here or when a part is read.
 */
export function openHdf5(bytes: Uint8Array, where: string, spare = SPARE_BYTES): Hdf5Group {
  if (!isHdf5(bytes)) {
    const received = `the bytes ${[...bytes.subarray(0, 8)].map((byte) => byte.toString(16)).join(' ')}`;
    throw formatError(where, 'an HDF5 file begins with its signature', received, 'Check that this is the right file');
  }
  const file = new Hdf5Bytes(bytes, where, spare);
  const version = file.u8(8);
  if (version > 3) throw hdf5Unsupported(where, `a superblock of version ${version}`);
  const old = version < 2;
  const sizes = old ? 13 : 9;
  if (file.u8(sizes) !== 8 || file.u8(sizes + 1) !== 8) throw hdf5Unsupported(where, 'addresses of other than 8 bytes');
  const base = version === 0 ? 24 : version === 1 ? 28 : 12;
  if (file.u64(base) !== 0) throw hdf5Unsupported(where, 'a file that begins with a user block');
  const end = file.u64(base + 16);
  if (end > bytes.length) throw hdf5Damaged(where, `the file must have ${end} bytes`, `${bytes.length}`);
  const root = file.u64(old ? base + 40 : 36);
  const found = openObject({ file, heaps: new GlobalHeaps(file) }, root, '');
  if (found instanceof Hdf5Group) return found;
  throw hdf5Damaged(where, 'the root must be a group', 'numbers');
}

interface Context {
  readonly file: Hdf5Bytes;
  readonly heaps: GlobalHeaps;
}

function openObject(context: Context, address: number, path: string): Hdf5Group | Hdf5Dataset {
  const { file } = context;
  const messages = readObjectHeader(file, address);
  if (messages.some(({ type }) => type === MESSAGE.layout)) {
    return new Hdf5Dataset(file, messages, path, readAttributes(context, messages));
  }
  file.once(address);
  return new Hdf5Group(context, messages, path);
}

/** A folder of an HDF5 file. Members are opened when they are asked for. */
export class Hdf5Group {
  readonly path: string;
  readonly attributes: ReadonlyMap<string, AttributeText>;
  readonly #context: Context;
  readonly #links: Map<string, number>;
  readonly #opened = new Map<string, Hdf5Group | Hdf5Dataset>();

  constructor(context: Context, messages: readonly HeaderMessage[], path: string) {
    this.#context = context;
    this.path = path;
    this.attributes = readAttributes(context, messages);
    this.#links = readLinks(context.file, messages);
  }

  get names(): string[] {
    return [...this.#links.keys()];
  }

  /** The member of a name or, with slashes, of a path; undefined where there is none. */
  get(path: string): Hdf5Group | Hdf5Dataset | undefined {
    let found: Hdf5Group | Hdf5Dataset | undefined = this;
    for (const name of path.split('/')) {
      if (name === '') continue;
      if (!(found instanceof Hdf5Group)) return undefined;
      found = found.#member(name);
    }
    return found;
  }

  group(path: string): Hdf5Group | undefined {
    const found = this.get(path);
    return found instanceof Hdf5Group ? found : undefined;
  }

  /** @throws FoveaError `format` where there are no numbers of that path. */
  dataset(path: string): Hdf5Dataset {
    const found = this.get(path);
    if (found instanceof Hdf5Dataset) return found;
    const rule = `the group "${this.path}" must hold the numbers ${quoteUntrusted(path)}`;
    throw hdf5Damaged(this.#context.file.where, rule, found === undefined ? 'nothing of that name' : 'a group');
  }

  #member(name: string): Hdf5Group | Hdf5Dataset | undefined {
    const known = this.#opened.get(name);
    const address = this.#links.get(name);
    if (known !== undefined || address === undefined) return known;
    const path = `${this.path}/${name}`;
    if (path.length > 4096) throw hdf5Damaged(this.#context.file.where, 'paths have at most 4096 characters', 'more');
    const opened = openObject(this.#context, address, path);
    this.#opened.set(name, opened);
    return opened;
  }
}

function readAttributes(context: Context, messages: readonly HeaderMessage[]): Map<string, AttributeText> {
  const { file } = context;
  const attributes = new Map<string, AttributeText>();
  for (const message of messages) {
    const { type, at, shared } = message;
    if (type === MESSAGE.attributeInfo && file.address(at + 2 + (file.u8(at + 1) & 1 ? 2 : 0)) !== undefined) {
      throw hdf5Unsupported(file.where, 'attributes that are kept in a fractal heap (libver "latest")');
    }
    if (type !== MESSAGE.attribute || shared) continue;
    const found = readAttribute(context, message);
    if (found?.value !== undefined) attributes.set(found.name, found.value);
  }
  return attributes;
}

function readAttribute(
  { file, heaps }: Context,
  { at, length }: HeaderMessage,
): { name: string; value?: AttributeText } | undefined {
  const version = file.u8(at);
  if (version < 1 || version > 3) throw hdf5Unsupported(file.where, `an attribute of version ${version}`);
  if (version > 1 && file.u8(at + 1) !== 0) return undefined; // its kind stands elsewhere
  const padded = (n: number): number => (version === 1 ? 8 * Math.ceil(n / 8) : n);
  const nameAt = at + (version === 3 ? 9 : 8);
  const typeAt = nameAt + padded(file.u16(at + 2));
  const spaceAt = typeAt + padded(file.u16(at + 4));
  const dataAt = spaceAt + padded(file.u16(at + 6));
  const name = file.text(nameAt, file.u16(at + 2));
  const datatype = readDatatype(file, typeAt);
  const shape = readDataspace(file, spaceAt);
  if (shape === undefined || (datatype.kind !== 'text' && datatype.kind !== 'variableText')) return { name };
  const count = shape.reduce((product, n) => product * n, 1);
  if (!(dataAt + count * datatype.bytes <= at + length)) {
    throw hdf5Damaged(file.where, `the attribute ${quoteUntrusted(name)} must end within its header`, `${count} texts`);
  }
  file.spend(count * datatype.bytes);
  const values = Array.from({ length: count }, (_, i) => {
    const place = dataAt + i * datatype.bytes;
    return datatype.kind === 'text' ? file.text(place, datatype.bytes) : heaps.text(place);
  });
  return { name, value: shape.length === 0 ? (values[0] as string) : values };
}
