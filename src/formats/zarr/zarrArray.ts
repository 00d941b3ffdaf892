import type { JsonObject } from '../../layers/json.js';
import { FoveaError } from '../../tensor/errors.js';
import { checkShape, formatShape, type Shape, sizeOf } from '../../tensor/shape.js';
import { formatError } from '../formatError.js';
import { SPARE_BYTES } from '../limits.js';
import { chunkBytes } from './gzipCodec.js';
import { describeArray, openChunks, type ZarrChunks, type ZarrNumbers } from './zarrita.js';
import { parseZarrMetadata, type ZarrMetadata } from './zarrMetadata.js';
import type { ZarrStore } from './zarrStore.js';

/** The kinds of numbers that arrays are written in. */
export type ZarrDType = 'float32' | 'int32' | 'uint8';

/** What a new array is to be. */
export interface ZarrSpec {
  /** The first axis counts the rows. */
  readonly shape: Shape;
  readonly dtype: ZarrDType;
  /** Rows of one chunk: what is written, packed and read at once. @default as many as make about 1 MiB */
  readonly chunkRows?: number;
  /** Kept with the array, as JSON. */
  readonly attributes?: JsonObject;
}

/** Rows of an array; float64 was rounded to float32, int64 turned into int32. */
export interface ZarrRows {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array | Uint8Array;
}

const CHUNK_BYTES = 2 ** 20;
const MAX_CHUNKS = 2 ** 16;
const MAX_BYTES = 2 ** 32 - 1;
const MAX_METADATA_BYTES = 2 ** 20;

/** An array on disk or elsewhere, in the format Zarr version 3, whose rows are read and written in chunks. */
export class ZarrArray {
  readonly shape: Shape;
  readonly dtype: ZarrDType;
  readonly attributes: JsonObject;
  /** Rows of one chunk; the last chunk may have fewer. */
  readonly chunkRows: number;
  /** Number of chunks along the first axis. */
  readonly chunkCount: number;
  readonly #chunkShape: Shape;
  readonly #stored: string;
  readonly #chunkKey: ZarrMetadata['chunkKey'];
  readonly #store: ZarrStore;
  readonly #chunks: ZarrChunks;
  /** The chunk that was read last: rows that are asked for one by one mostly lie side by side. */
  #last: { readonly key: string; readonly data: Promise<ZarrRows['data']> } | undefined;

  constructor(store: ZarrStore, metadata: ZarrMetadata, chunks: ZarrChunks) {
    this.#store = store;
    this.#chunks = chunks;
    this.#stored = metadata.dtype;
    this.#chunkKey = metadata.chunkKey;
    this.#chunkShape = metadata.chunkShape;
    this.shape = metadata.shape;
    this.attributes = metadata.attributes;
    this.dtype = kept[metadata.dtype as ZarrNumbers];
    this.chunkRows = metadata.chunkShape[0] as number;
    this.chunkCount = Math.ceil((this.shape[0] as number) / this.chunkRows);
  }

  /** The rows from `start` up to `stop`, which is left out. Rows that nobody wrote have the fill value, mostly 0. */
  async rows(start = 0, stop: number = this.shape[0] as number): Promise<ZarrRows> {
    if (!(Number.isSafeInteger(start) && Number.isSafeInteger(stop) && start >= 0 && start <= stop))
      this.#outside(start);
    if (stop > (this.shape[0] as number)) this.#outside(stop);
    const size = this.#checkSize(stop - start);
    const first = Math.floor(start / this.chunkRows);
    const grid = this.shape.slice(1).map((size, axis) => Math.ceil(size / (this.#chunkShape[axis + 1] as number)));
    const count = (Math.ceil(stop / this.chunkRows) - first) * sizeOf(grid);
    this.#checkCount(count);
    const placeOf = (i: number): number[] => {
      let rest = i;
      const coordinates = [...grid].reverse().map((length) => {
        const at = rest % length;
        rest = Math.floor(rest / length);
        return at;
      });
      return [first + rest, ...coordinates.reverse()];
    };
    if (size > SPARE_BYTES || (size > 0 && this.#chunkBytes > SPARE_BYTES)) await this.#checkWritten(count, placeOf);
    // Room is made once there is something to put into it.
    if (size > 0) await this.#chunk(placeOf(0));
    const result = this.#allocate(stop - start);
    if (result.data.length === 0) return result;
    for (let i = 0; i < count; i++) {
      const place = placeOf(i);
      this.#copyChunk(await this.#chunk(place), place, start, stop, result.data);
    }
    return result;
  }

  /** The rows with these indices, in this order; an index may occur more than once. */
  async gather(indices: Uint32Array | readonly number[]): Promise<ZarrRows> {
    this.#checkSize(indices.length);
    const result = this.#allocate(indices.length);
    const rowSize = sizeOf(this.shape.slice(1));
    // In the order of the chunks, so that each is unpacked once.
    const order = Array.from(indices, (index, place) => ({ index, place })).sort((a, b) => a.index - b.index);
    for (const { index, place } of order) {
      if (!(index < (this.shape[0] as number))) this.#outside(index);
      result.data.set((await this.rows(index, index + 1)).data, place * rowSize);
    }
    return result;
  }

  /** For each chunk of rows whether it has been written: a run that was stopped goes on with those that have not. */
  async written(): Promise<boolean[]> {
    this.#checkCount(this.chunkCount);
    const rest = this.shape.slice(1).map(() => 0);
    const result: boolean[] = [];
    for (let i = 0; i < this.chunkCount; i++) result.push(await this.#store.has(this.#chunkKey([i, ...rest])));
    return result;
  }

  /** Writes chunk number `index`: `chunkRows` rows, or those that are left. It is there as a whole or not at all. */
  async writeChunk(index: number, data: ZarrRows['data']): Promise<void> {
    const start = index * this.chunkRows;
    const stop = Math.min(start + this.chunkRows, this.shape[0] as number);
    const rowSize = sizeOf(this.shape.slice(1));
    if (!(Number.isSafeInteger(index) && index >= 0 && start < stop)) this.#outside(start);
    if (data.length !== (stop - start) * rowSize || arrayKind(data) !== this.#stored) {
      throw new FoveaError('shape', {
        where: this.#store.name,
        rule: `chunk ${index} takes ${stop - start} rows of ${rowSize} numbers, ${this.#stored}`,
        received: `${data.length} numbers, ${arrayKind(data)}`,
      });
    }
    this.#last = undefined;
    await this.#chunks.writeRows(start, stop, data);
  }

  async #chunk(place: readonly number[]): Promise<ZarrRows['data']> {
    const key = place.join('/');
    if (this.#last?.key !== key) {
      const data = this.#chunks.read(place, sizeOf(this.#chunkShape)).then((read) => this.#convert(read));
      this.#last = { key, data };
    }
    return this.#last.data;
  }

  #convert(data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array): ZarrRows['data'] {
    if (data instanceof Float64Array) return Float32Array.from(data);
    if (!(data instanceof BigInt64Array)) return data;
    const large = data.find((value) => value !== BigInt.asIntN(32, value));
    if (large === undefined) return Int32Array.from(data, Number);
    const remedy = 'Convert the array with astype("int32") or astype("float32")';
    throw formatError(this.#store.name, 'int64 numbers must fit into 32 bits', `${large}`, remedy);
  }

  /** Copies what a chunk has of the rows from `start` to `stop`. */
  #copyChunk(
    chunk: ZarrRows['data'],
    place: readonly number[],
    start: number,
    stop: number,
    to: ZarrRows['data'],
  ): void {
    const shape = this.shape;
    const chunkShape = this.#chunkShape;
    const visit = (axis: number, chunkAt: number, toAt: number): void => {
      const size = chunkShape[axis] as number;
      const origin = (place[axis] as number) * size;
      const [low, high] = axis === 0 ? [start, stop] : [0, shape[axis] as number];
      const [from, end] = [Math.max(low, origin), Math.min(high, origin + size)];
      const inner = [sizeOf(chunkShape.slice(axis + 1)), sizeOf(shape.slice(axis + 1))] as const;
      const chunkStart = chunkAt + (from - origin) * inner[0];
      const toStart = toAt + (from - low) * inner[1];
      // Whole rows lie side by side in both.
      if (chunkShape.every((length, i) => i <= axis || length === shape[i])) {
        to.set(chunk.subarray(chunkStart, chunkStart + (end - from) * inner[0]) as never, toStart);
        return;
      }
      for (let i = 0; i < end - from; i++) visit(axis + 1, chunkStart + i * inner[0], toStart + i * inner[1]);
    };
    visit(0, 0, 0);
  }

  get #chunkBytes(): number {
    return chunkBytes({ dataType: this.#stored, shape: this.#chunkShape });
  }

  /** A few bytes of description can promise any size: most of what is large must have been written. */
  async #checkWritten(count: number, placeOf: (i: number) => readonly number[]): Promise<void> {
    let missing = 0;
    for (let i = 0; i < count; i++) {
      if (!(await this.#store.has(this.#chunkKey(placeOf(i))))) missing += this.#chunkBytes;
      if (missing <= SPARE_BYTES) continue;
      const rule = `at most ${SPARE_BYTES} bytes that nobody wrote are read at once`;
      throw formatError(this.#store.name, rule, `more in ${count} chunks`, 'Read fewer rows at a time');
    }
  }

  #checkSize(count: number): number {
    const shape = [count, ...this.shape.slice(1)];
    const bytes = sizeOf(shape) * (this.dtype === 'uint8' ? 1 : 4);
    if (bytes > MAX_BYTES) {
      throw new FoveaError('memory', {
        where: this.#store.name,
        rule: `at most ${MAX_BYTES} bytes can be read at once`,
        received: `${this.dtype} ${formatShape(shape)}`,
        remedy: 'Read fewer rows at a time',
      });
    }
    return bytes;
  }

  #allocate(count: number): ZarrRows {
    const shape = [count, ...this.shape.slice(1)];
    const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
    return { shape, data: new kinds[this.dtype](sizeOf(shape)) };
  }

  #checkCount(count: number): void {
    if (count <= MAX_CHUNKS) return;
    const remedy = 'Read fewer rows at a time, or write the array with larger chunks';
    throw formatError(this.#store.name, `at most ${MAX_CHUNKS} chunks are read at once`, `${count} chunks`, remedy);
  }

  #outside(row: number): never {
    throw new FoveaError('data', {
      where: this.#store.name,
      rule: `the array has ${this.shape[0]} rows in ${this.chunkCount} chunks, numbered from 0`,
      received: `row ${row}`,
    });
  }
}

const kept: Readonly<Record<ZarrNumbers, ZarrDType>> = {
  float32: 'float32',
  float64: 'float32',
  int32: 'int32',
  int64: 'int32',
  uint8: 'uint8',
};

function arrayKind(data: ZarrRows['data']): ZarrDType {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int32Array ? 'int32' : 'uint8';
}

/**
 * Opens an array of the format Zarr version 3: float32, float64, int32, int64 or uint8, plain, packed with gzip or with zstd.
 *
 * @throws FoveaError `file` where there is none, `format` where it is damaged or cannot be read.
 */
export async function openZarr(store: ZarrStore): Promise<ZarrArray> {
  const bytes = await store.get('zarr.json', MAX_METADATA_BYTES);
  if (bytes === undefined) {
    const remedy = 'Check the path';
    throw new FoveaError('file', { where: store.name, rule: 'an array of Zarr version 3 has a zarr.json', remedy });
  }
  return new ZarrArray(store, parseZarrMetadata(bytes, store.name), await openChunks(store));
}

/**
 * Begins an array, or goes on with one of the same description: `written` says which chunks it has already. The same
 * attributes are part of the same description.
 *
 * @throws FoveaError `data` where another array is in its place.
 */
export async function createZarr(store: ZarrStore, spec: ZarrSpec): Promise<ZarrArray> {
  checkShape(store.name, spec.shape, true);
  const rowBytes = sizeOf(spec.shape.slice(1)) * (spec.dtype === 'uint8' ? 1 : 4);
  const chunkRows = spec.chunkRows ?? Math.max(1, Math.min(spec.shape[0] ?? 1, Math.floor(CHUNK_BYTES / rowBytes)));
  if (!(Number.isSafeInteger(chunkRows) && chunkRows >= 1) || spec.shape.length === 0) {
    const rule = 'an array needs an axis of rows, and chunkRows of at least 1';
    throw new FoveaError('option', { where: store.name, rule, received: `${formatShape(spec.shape)}, ${chunkRows}` });
  }
  if (!(await store.has('zarr.json'))) {
    await describeArray(store, spec.shape, spec.dtype, chunkRows, { ...spec.attributes });
    return openZarr(store);
  }
  const there = await openZarr(store);
  const description = [spec.shape, spec.dtype, chunkRows, spec.attributes ?? {}];
  if (sameJson(description, [there.shape, there.dtype, there.chunkRows, there.attributes])) return there;
  throw new FoveaError('data', {
    where: store.name,
    rule: `another array is there: ${there.dtype} ${formatShape(there.shape)} in chunks of ${there.chunkRows} rows`,
    received: `${spec.dtype} ${formatShape(spec.shape)} in chunks of ${chunkRows}, or other attributes`,
    remedy: 'Remove it or choose another place',
  });
}

/** Whether two values are the same JSON, in whatever order their keys are. */
function sameJson(a: unknown, b: unknown): boolean {
  const ordered = (_: string, value: unknown): unknown =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
      : value;
  return JSON.stringify(a, ordered) === JSON.stringify(b, ordered);
}
