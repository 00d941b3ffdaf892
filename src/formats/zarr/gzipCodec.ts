import { formatError } from '../formatError.js';
import { gunzip, MOST_RATIO } from '../gzip.js';
import { SPARE_BYTES } from '../limits.js';

/** What a codec is told of the array whose chunks it packs. */
export interface ChunkFacts {
  readonly dataType: string;
  readonly shape: readonly number[];
}

/** Bytes of one number of the kinds that are read. */
export const zarrNumberBytes: Readonly<Record<string, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
};

/** Length in bytes of a chunk when it is unpacked. */
export function chunkBytes({ dataType, shape }: ChunkFacts): number {
  return shape.reduce((product, size) => product * size, zarrNumberBytes[dataType] ?? 0);
}

/** Throws for a chunk that would become far larger than what it was packed into. */
export function checkChunkPromise(size: number, packed: number): void {
  const most = SPARE_BYTES + MOST_RATIO * packed;
  if (size <= most) return;
  const rule = `a chunk of ${packed} packed bytes may hold at most ${most} bytes`;
  throw formatError('chunk', rule, `${size}`, 'Write the array in smaller chunks');
}

/** Zarr's gzip codec, made of the platform's own streams; a chunk is unpacked to its own length and no further. */
export class GzipCodec {
  readonly kind = 'bytes_to_bytes';
  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
  }

  static fromConfig(_: unknown, facts: ChunkFacts): GzipCodec {
    return new GzipCodec(chunkBytes(facts));
  }

  async encode(bytes: Uint8Array): Promise<Uint8Array> {
    const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
    return new Uint8Array(await new Response(packed).arrayBuffer());
  }

  async decode(bytes: Uint8Array): Promise<Uint8Array> {
    checkChunkPromise(this.#length, bytes.length);
    const unpacked = await gunzip(bytes, 'chunk', 0, () => this.#length);
    if (unpacked.length === this.#length) return unpacked;
    const rule = `the decompressed chunk must have ${this.#length} bytes`;
    throw formatError('chunk', rule, `${unpacked.length}`, 'The array is damaged: write it anew');
  }
}
