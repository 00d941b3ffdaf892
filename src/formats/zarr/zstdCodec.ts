import { formatError } from '../formatError.js';
import { type ChunkFacts, checkChunkPromise, chunkBytes } from './gzipCodec.js';

/** What unpacks Zstandard once a chunk has been found to promise its right length. */
export interface Unpacker {
  decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Zarr's zstd codec, for reading alone: a frame must say its length, and it must be that of the chunk. */
export class ZstdCodec {
  readonly kind = 'bytes_to_bytes';
  readonly #length: number;
  readonly #unpacker: Unpacker;

  constructor(unpacker: Unpacker, facts: ChunkFacts) {
    this.#unpacker = unpacker;
    this.#length = chunkBytes(facts);
  }

  encode(): never {
    throw new Error('arrays are written with gzip');
  }

  async decode(bytes: Uint8Array): Promise<Uint8Array> {
    const promised = zstdContentSize(bytes);
    checkChunkPromise(this.#length, bytes.length);
    if (promised === this.#length) return this.#unpacker.decode(bytes);
    const rule = `the decompressed chunk must have ${this.#length} bytes`;
    const received = promised === undefined ? 'data that do not say how many they are' : `${promised}`;
    throw formatError('chunk', rule, received, 'The array is damaged: write it anew');
  }
}

/** The length that the header of a Zstandard frame (RFC 8878, 3.1.1.1) promises, undefined where it does not. */
export function zstdContentSize(frame: Uint8Array): number | undefined {
  if (frame.length < 18) return shortFrame(frame);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== 0xfd2fb528) return undefined;
  const descriptor = view.getUint8(4);
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number);
  const width = descriptor >> 6;
  if (width === 0) return single ? view.getUint8(at) : undefined;
  if (width === 1) return view.getUint16(at, true) + 256;
  return width === 2 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** As if zeros followed: a short frame may end before the longest header would. */
function shortFrame(frame: Uint8Array): number | undefined {
  if (frame.length < 6) return undefined;
  const padded = new Uint8Array(18);
  padded.set(frame);
  return zstdContentSize(padded);
}
