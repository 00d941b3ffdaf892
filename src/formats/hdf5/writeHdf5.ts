import { lookup3 } from './checksum.js';
import { MESSAGE } from './objectHeader.js';

/** An array to be written: its numbers as little-endian bytes. */
export interface WritableDataset {
  readonly shape: readonly number[];
  readonly kind: 'float32' | 'float16';
  readonly bytes: Uint8Array;
}

/** A group to be written. */
export interface WritableGroup {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly members?: ReadonlyMap<string, WritableGroup | WritableDataset>;
}

/** Address or length, written as 8 bytes. */
type Long = { readonly long: number };
type Part = number | Uint8Array | Long;

const NOWHERE = new Uint8Array(8).fill(255);
const HEAP_TEXTS = 1000;
const LEAST_HEAP_BYTES = 4096;

/** IEEE 754 numbers, little-endian: class 1, then sizes and places of the parts. */
const FLOAT_TYPES = {
  float32: [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0],
  float16: [0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0],
} as const;

/** A text of any length in UTF-8: class 9 over bytes. */
const TEXT_TYPE = [0x19, 1, 1, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];

/**
 * An HDF5 file as pieces to be written one after the other: the structure, then the arrays' own bytes, uncopied. Made as
 * HDF5 1.8 and later read it (superblock 2, links within their group's header); equal contents give equal bytes.
 */
export function hdf5Pieces(root: WritableGroup): Uint8Array[] {
  const texts: Uint8Array[] = [];
  const datasets: WritableDataset[] = [];
  const objects: (WritableGroup | WritableDataset)[] = [];
  const collect = (object: WritableGroup | WritableDataset): void => {
    objects.push(object);
    if (isDataset(object)) datasets.push(object);
    else {
      for (const text of Object.values(object.attributes ?? {})) texts.push(new TextEncoder().encode(text));
      for (const member of object.members?.values() ?? []) collect(member);
    }
  };
  collect(root);

  // Sizes do not depend on addresses: a first round with none gives the places for the second.
  const addresses = new Map<WritableGroup | WritableDataset, number>();
  const dataAddresses = new Map<WritableDataset, number>();
  const heaps = heapsOf(texts);
  const headers = (): Uint8Array[] => {
    let text = 0;
    return objects.map((object) => {
      if (isDataset(object)) return datasetHeader(object, dataAddresses.get(object) ?? 0);
      const first = text;
      text += Object.keys(object.attributes ?? {}).length;
      return groupHeader(object, addresses, (i) => heaps.reference(first + i, texts));
    });
  };
  let at = 48;
  headers().forEach((header, i) => {
    addresses.set(objects[i] as WritableGroup, at);
    at += header.length;
  });
  at = heaps.place(at);
  for (const dataset of datasets) {
    at = align(at);
    dataAddresses.set(dataset, at);
    at += dataset.bytes.length;
  }

  const pieces: Uint8Array[] = [superblock(at), ...headers(), ...heaps.pieces(texts)];
  let written = pieces.reduce((sum, piece) => sum + piece.length, 0);
  for (const dataset of datasets) {
    const gap = (dataAddresses.get(dataset) as number) - written;
    pieces.push(new Uint8Array(gap), dataset.bytes);
    written += gap + dataset.bytes.length;
  }
  return pieces;
}

function isDataset(object: WritableGroup | WritableDataset): object is WritableDataset {
  return 'bytes' in object;
}

function superblock(end: number): Uint8Array {
  const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
  return summed(pack([signature, 2, 8, 8, 0, { long: 0 }, NOWHERE, { long: end }, { long: 48 }]));
}

function groupHeader(
  { attributes = {}, members = new Map() }: WritableGroup,
  addresses: ReadonlyMap<WritableGroup | WritableDataset, number>,
  reference: (i: number) => Uint8Array,
): Uint8Array {
  const links = [...members].map(([name, member]) => {
    const text = new TextEncoder().encode(name);
    // Flags: the name's length has 4 bytes, its letters are UTF-8.
    return message(MESSAGE.link, [1, 0x12, 1, ...u32(text.length), text, { long: addresses.get(member) ?? 0 }]);
  });
  return objectHeader([
    message(MESSAGE.linkInfo, [0, 0, NOWHERE, NOWHERE]),
    message(0x0a, [0, 0]),
    ...links,
    ...Object.keys(attributes).map((name, i) => {
      const text = new TextEncoder().encode(`${name}\0`);
      const sizes = [...u16(text.length), ...u16(TEXT_TYPE.length), ...u16(4)];
      return message(MESSAGE.attribute, [3, 0, ...sizes, 1, text, ...TEXT_TYPE, 2, 0, 0, 0, reference(i)]);
    }),
  ]);
}

function datasetHeader({ shape, kind, bytes }: WritableDataset, address: number): Uint8Array {
  const sizes = shape.map((n): Long => ({ long: n }));
  return objectHeader([
    message(MESSAGE.dataspace, [2, shape.length, 0, shape.length === 0 ? 0 : 1, ...sizes]),
    message(MESSAGE.datatype, [...FLOAT_TYPES[kind]]),
    message(0x05, [3, 0x0a]), // nothing to fill gaps with
    message(MESSAGE.layout, [3, 1, ...(bytes.length === 0 ? [NOWHERE] : [{ long: address }]), { long: bytes.length }]),
  ]);
}

function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  const body = pack(messages);
  return summed(pack([new TextEncoder().encode('OHDR'), 2, 2, ...u32(body.length), body]));
}

function message(type: number, parts: readonly Part[]): Uint8Array {
  const body = pack(parts);
  return pack([type, ...u16(body.length), 0, body]);
}

/** Heaps of texts, each of so many, one behind the other. */
function heapsOf(texts: readonly Uint8Array[]) {
  const groups: Uint8Array[][] = [];
  for (let i = 0; i < texts.length; i += HEAP_TEXTS) groups.push(texts.slice(i, i + HEAP_TEXTS));
  const sizes = groups.map((group) =>
    Math.max(LEAST_HEAP_BYTES, 16 + group.reduce((sum, text) => sum + 16 + align(text.length), 0) + 16),
  );
  let starts: number[] = [];
  let first = 0;
  return {
    place(at: number): number {
      first = at;
      let next = align(at);
      starts = sizes.map((size) => {
        const start = next;
        next += size;
        return start;
      });
      return next;
    },
    reference(i: number, all: readonly Uint8Array[]): Uint8Array {
      const start = starts[Math.floor(i / HEAP_TEXTS)] ?? 0;
      return pack([...u32((all[i] as Uint8Array).length), { long: start }, ...u32((i % HEAP_TEXTS) + 1)]);
    },
    pieces(all: readonly Uint8Array[]): Uint8Array[] {
      const gap = new Uint8Array(all.length === 0 ? 0 : align(first) - first);
      return [gap, ...groups.map((group, i) => heap(group, sizes[i] as number))];
    },
  };
}

function heap(texts: readonly Uint8Array[], size: number): Uint8Array {
  const entries = texts.flatMap((text, i): Part[] => [
    ...u16(i + 1),
    ...u16(1),
    ...u32(0),
    { long: text.length },
    text,
    new Uint8Array(align(text.length) - text.length),
  ]);
  const head = pack([new TextEncoder().encode('GCOL'), 1, 0, 0, 0, { long: size }, ...entries]);
  const free = size - head.length;
  return pack([head, ...u16(0), ...u16(0), ...u32(0), { long: free }, new Uint8Array(free - 16)]);
}

function summed(bytes: Uint8Array): Uint8Array {
  return pack([bytes, ...u32(lookup3(bytes))]);
}

function pack(parts: readonly Part[]): Uint8Array {
  const sizeOf = (part: Part): number => (typeof part === 'number' ? 1 : part instanceof Uint8Array ? part.length : 8);
  const bytes = new Uint8Array(parts.reduce<number>((sum, part) => sum + sizeOf(part), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'number') bytes[at] = part;
    else if (part instanceof Uint8Array) bytes.set(part, at);
    else view.setBigUint64(at, BigInt(part.long), true);
    at += sizeOf(part);
  }
  return bytes;
}

function u16(n: number): number[] {
  return [n & 255, n >>> 8];
}

function u32(n: number): number[] {
  return [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
}

function align(n: number): number {
  return 8 * Math.ceil(n / 8);
}
