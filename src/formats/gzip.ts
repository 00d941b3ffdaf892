import { formatError } from './formatError.js';

/** True for bytes that begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip, as far as `limit` allows: `limit` sees the first bytes (at least `peek` of them, where there are as
 * many) and says how long the result may become, so that a small hostile file cannot fill the memory. Throws `format` for
 * what is no whole gzip stream or grows longer.
 */
export async function gunzip(
  bytes: Uint8Array,
  where: string,
  peek: number,
  limit: (start: Uint8Array) => number,
): Promise<Uint8Array> {
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('gzip'))
    .getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let most: number | undefined;
  try {
    for (;;) {
      const { done, value } = await readChunk(reader, where);
      if (!done) {
        chunks.push(value);
        length += value.length;
      }
      if (most === undefined && (done || length >= peek)) most = limit(concatenate(chunks, length));
      if (most !== undefined && length > most) {
        const remedy = 'The file is damaged or hostile: fetch it anew';
        throw formatError(where, `the decompressed data must have ${most} bytes`, `at least ${length}`, remedy);
      }
      if (done) return concatenate(chunks, length);
    }
  } finally {
    // A stream that has failed refuses to be cancelled, and there is nothing left of it to release.
    await reader.cancel().catch(() => undefined);
  }
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
