import { formatError } from './formatError.js';
import { SPARE_BYTES } from './limits.js';

/** True for bytes that begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What deflate makes of pictures and features: more than this times its size is refused, beyond `SPARE_BYTES`. */
export const MOST_RATIO = 8;

/**
 * Decompresses gzip, as far as `expect` allows: it sees the first bytes (at least `peek` of them, where there are as many)
 * and says how many there are to be. A promise that is far too large for the packed bytes is refused before anything is
 * made of it.
 *
 * @throws FoveaError `format` for what is no whole gzip stream, promises too much, or grows longer; not for what is shorter.
 */
export async function gunzip(
  bytes: Uint8Array,
  where: string,
  peek: number,
  expect: (start: Uint8Array) => number,
): Promise<Uint8Array> {
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'))
    .getReader();
  const start: Uint8Array[] = [];
  let length = 0;
  let result: Uint8Array | undefined;
  try {
    for (;;) {
      const { done, value } = await readChunk(reader, where);
      if (result === undefined) {
        if (!done) start.push(value);
        length += value?.length ?? 0;
        if (!done && length < peek) continue;
        const first = concatenate(start, length);
        const size = checkPromise(expect(first), bytes.length, where);
        checkLength(length, size, where);
        result = new Uint8Array(size);
        result.set(first);
      } else if (!done) {
        checkLength(length + value.length, result.length, where);
        result.set(value, length);
        length += value.length;
      }
      if (done) return result.subarray(0, length);
    }
  } finally {
    // A stream that has failed refuses to be cancelled, and there is nothing left of it to release.
    await reader.cancel().catch(() => undefined);
  }
}

function checkPromise(size: number, packed: number, where: string): number {
  const most = SPARE_BYTES + MOST_RATIO * packed;
  if (size <= most) return size;
  const rule = `${packed} packed bytes may hold at most ${most} bytes here`;
  throw formatError(
    where,
    rule,
    `a promise of ${size}`,
    'The file is damaged or hostile; if it is not, unpack it first',
  );
}

function checkLength(length: number, size: number, where: string): void {
  if (length <= size) return;
  const remedy = 'The file is damaged or hostile: fetch it anew';
  throw formatError(where, `the decompressed data must have ${size} bytes`, `at least ${length}`, remedy);
}

async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>, where: string) {
  try {
    return await reader.read();
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    throw formatError(where, 'the file must be one whole gzip stream', received, 'Fetch the file anew', cause);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
