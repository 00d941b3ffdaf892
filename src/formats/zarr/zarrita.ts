import * as zarr from 'zarrita';
import { FoveaError } from '../../tensor/errors.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import { GzipCodec } from './gzipCodec.js';
import type { ZarrStore } from './zarrStore.js';
import { ZstdCodec } from './zstdCodec.js';

/** The kinds of numbers that are read. */
export type ZarrNumbers = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8';
type ChunkData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** Chunks of one array through zarrita, which knows the format's details. */
export interface ZarrChunks {
  /** A whole chunk, of `length` numbers; the fill value where nothing was written. */
  read(coordinates: readonly number[], length: number): Promise<ChunkData>;
  /** Writes the rows from `start` to `stop`; chunks that they fill in part are read and written again. */
  writeRows(start: number, stop: number, data: ChunkData): Promise<void>;
}

/** More bytes than a chunk may have, packed, that has at most 1 GiB unpacked. */
const MAX_PACKED_BYTES = 2 ** 30 + 2 ** 24;
const MAX_METADATA_BYTES = 2 ** 20;

/** Opens the array of a store whose `zarr.json` has been checked. */
export async function openChunks(store: ZarrStore): Promise<ZarrChunks> {
  registerCodecs();
  const array = await guard(store.name, () => zarr.open.v3(libraryStore(store), { kind: 'array' }));
  const { shape } = array;
  return {
    read: (coordinates, length) =>
      guard(`${store.name}, chunk ${coordinates.join('/')}`, async () => {
        const { data } = await array.getChunk([...coordinates]);
        if (data.length === length) return data as ChunkData;
        throw new Error(`${data.length} numbers where ${length} are expected`);
      }),
    writeRows: (start, stop, data) =>
      guard(store.name, async () => {
        const rows = [stop - start, ...shape.slice(1)];
        const stride = rows.map((_, axis) => rows.slice(axis + 1).reduce((product, size) => product * size, 1));
        const selection = [zarr.slice(start, stop), ...rows.slice(1).map(() => null)];
        await zarr.set(array as zarr.Array<'float32', zarr.Mutable>, selection, {
          data: data as Float32Array,
          shape: rows,
          stride,
        });
      }),
  };
}

/** Writes the description of a new array: chunks of whole rows, packed with gzip. */
export async function describeArray(
  store: ZarrStore,
  shape: readonly number[],
  dtype: ZarrNumbers,
  chunkRows: number,
  attributes: Record<string, unknown>,
): Promise<void> {
  await zarr.create(libraryStore(store), {
    shape: [...shape],
    chunkShape: [chunkRows, ...shape.slice(1).map((size) => Math.max(1, size))],
    dtype,
    attributes,
    codecs: [
      { name: 'bytes', configuration: { endian: 'little' } },
      { name: 'gzip', configuration: { level: 6 } },
    ],
    fillValue: 0,
  });
}

function libraryStore(store: ZarrStore): zarr.AsyncMutable {
  return {
    get: (key) => store.get(key.slice(1), key.endsWith('zarr.json') ? MAX_METADATA_BYTES : MAX_PACKED_BYTES),
    set: (key, bytes) => store.set(key.slice(1), bytes),
  };
}

const gzip = async () => GzipCodec;

/** Puts codecs that know how long a chunk may become in the place of zarrita's own, which would unpack without end. */
function registerCodecs(): void {
  const unlimited = zarr.registry.get('zstd');
  if (zarr.registry.get('gzip') === gzip || unlimited === undefined) return;
  zarr.registry.set('gzip', gzip);
  zarr.registry.set('zstd', async () => {
    const zstd = await unlimited();
    return { fromConfig: (config, facts) => new ZstdCodec(zstd.fromConfig(config, facts), facts) };
  });
}

/** Errors from within zarrita as errors of the file. */
async function guard<T>(where: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    let inner: unknown = error;
    while (inner instanceof Error && !(inner instanceof FoveaError) && inner.cause !== undefined) inner = inner.cause;
    if (inner instanceof FoveaError) {
      if (inner.code !== 'format') throw inner;
      throw new FoveaError('format', { where, rule: inner.message.replace(/^chunk: /, ''), cause: inner });
    }
    const received = quoteUntrusted(inner instanceof Error ? inner.message : String(inner));
    throw formatError(where, 'it must be readable as Zarr', received, 'It is damaged: write it anew', inner);
  }
}
