import { inflateExactly } from '../inflate.js';
import { type Hdf5Bytes, hdf5Damaged, hdf5Unsupported } from './hdf5Bytes.js';

const DEEPEST_TREE = 32;

/**
 * An array that is kept in blocks of one size, found through a tree.
 *
 * @param at the layout message, version 3: rank + 1, the tree, the block's sizes and the bytes of one number.
 */
export async function readChunks(
  file: Hdf5Bytes,
  at: number,
  filtersAt: number | undefined,
  shape: readonly number[],
  itemBytes: number,
): Promise<Uint8Array> {
  const rank = file.u8(at + 2) - 1;
  const chunk = Array.from({ length: Math.max(rank, 0) }, (_, i) => file.u32(at + 11 + 4 * i));
  const chunkBytes = chunk.reduce((product, n) => product * n, itemBytes);
  if (rank !== shape.length || rank < 1 || !(chunkBytes >= 1 && chunkBytes <= file.mostInflated)) {
    throw hdf5Damaged(
      file.where,
      `the blocks of an array of the shape [${shape.join(', ')}] must fit it`,
      `[${chunk.join(', ')}]`,
    );
  }
  const filters = filtersAt === undefined ? [] : readFilters(file, filtersAt);
  const size = shape.reduce((product, n) => product * n, itemBytes);
  file.inflate(size);
  const result = new Uint8Array(size);
  const root = file.address(at + 3);
  if (root === undefined) return result;
  let left = chunk.reduce((product, n, axis) => product * Math.ceil((shape[axis] as number) / n), 1);
  const visit = async (node: number, depth: number): Promise<void> => {
    file.once(node);
    file.signature(node, 'TREE');
    if (depth === 0) throw hdf5Damaged(file.where, `trees have at most ${DEEPEST_TREE} levels`, 'more');
    const leaf = file.u8(node + 5) === 0;
    const count = file.u16(node + 6);
    const keyBytes = 8 + 8 * (rank + 1);
    for (let i = 0; i < count; i++) {
      file.step();
      if (leaf && --left < 0)
        throw hdf5Damaged(file.where, 'each block of an array occurs once', 'more blocks than fit');
      const key = node + 24 + i * (keyBytes + 8);
      const child = file.u64(key + keyBytes);
      if (!leaf) {
        await visit(child, depth - 1);
        continue;
      }
      const stored = file.view(child, file.u32(key));
      const plain = await unfilter(file, stored, filters, file.u32(key + 4), chunkBytes, itemBytes);
      const start = chunk.map((_, axis) => file.u64(key + 8 + 8 * axis));
      file.inflate(chunkBytes - place(plain, chunk, start, result, shape, itemBytes));
    }
  };
  await visit(root, DEEPEST_TREE);
  return result;
}

/** The numbers of the filters that a block went through, first to last: 1 deflate, 2 shuffle, 3 checksum. */
function readFilters(file: Hdf5Bytes, at: number): number[] {
  const version = file.u8(at);
  if (version !== 1 && version !== 2) throw hdf5Unsupported(file.where, `filters of version ${version}`);
  const count = file.u8(at + 1);
  let place = at + (version === 1 ? 8 : 2);
  return Array.from({ length: count }, () => {
    file.step();
    const id = file.u16(place);
    const named = version === 1 || id >= 256;
    const nameBytes = named ? file.u16(place + 2) : 0;
    place += named ? 4 : 2;
    const values = file.u16(place + 2);
    place += 4 + (version === 1 ? 8 * Math.ceil(nameBytes / 8) : nameBytes);
    place += 4 * (version === 1 ? values + (values % 2) : values);
    return id;
  });
}

/** Undoes the filters of a block, the last one first; `skipped` has a bit for each that was not used. */
async function unfilter(
  file: Hdf5Bytes,
  stored: Uint8Array,
  filters: readonly number[],
  skipped: number,
  chunkBytes: number,
  itemBytes: number,
): Promise<Uint8Array> {
  let bytes = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    const id = filters[i] as number;
    if (skipped & (1 << i)) continue;
    if (id === 1) bytes = await inflate(file, bytes, chunkBytes);
    else if (id === 2) bytes = unshuffle(bytes, itemBytes);
    else if (id === 3) bytes = bytes.subarray(0, Math.max(0, bytes.length - 4));
    else throw hdf5Unsupported(file.where, `numbers compressed by filter ${id}`);
  }
  if (bytes.length === chunkBytes) return bytes;
  throw hdf5Damaged(file.where, `a block has ${chunkBytes} bytes`, `${bytes.length}`);
}

async function inflate(file: Hdf5Bytes, bytes: Uint8Array, chunkBytes: number): Promise<Uint8Array> {
  try {
    return await inflateExactly(bytes, chunkBytes, 'deflate');
  } catch (cause) {
    throw hdf5Damaged(file.where, 'a compressed block must be a whole zlib stream', (cause as Error).message);
  }
}

/** Puts the bytes of each number together again: all first bytes, then all second ones … */
function unshuffle(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const count = Math.floor(bytes.length / itemBytes);
  const result = new Uint8Array(bytes);
  for (let b = 0; b < itemBytes; b++) {
    for (let i = 0; i < count; i++) result[i * itemBytes + b] = bytes[b * count + i] as number;
  }
  return result;
}

/** Copies a block to its place, row by row, without what reaches over the array's edge; gives the bytes copied. */
function place(
  block: Uint8Array,
  blockShape: readonly number[],
  start: readonly number[],
  target: Uint8Array,
  shape: readonly number[],
  itemBytes: number,
): number {
  const last = shape.length - 1;
  const counts = shape.map((n, axis) => Math.min(blockShape[axis] as number, n - (start[axis] as number)));
  if (!counts.every((n) => n > 0)) return 0;
  const copy = (axis: number, from: number, to: number): void => {
    const first = to * (shape[axis] as number) + (start[axis] as number);
    const count = counts[axis] as number;
    if (axis === last) {
      const begin = from * (blockShape[axis] as number) * itemBytes;
      target.set(block.subarray(begin, begin + count * itemBytes), first * itemBytes);
      return;
    }
    for (let i = 0; i < count; i++) copy(axis + 1, from * (blockShape[axis] as number) + i, first + i);
  };
  copy(0, 0, 0);
  return counts.reduce((product, n) => product * n, itemBytes);
}
