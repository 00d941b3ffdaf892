const PIECE_BYTES = 65_536;

/**
 * Decompresses deflate data that must make exactly `size` bytes; stops as soon as it makes more.
 *
 * @param form 'deflate' with the header and checksum of zlib, 'deflate-raw' without.
 * @throws Error for damaged data and for another size.
 */
export async function inflateExactly(
  packed: Uint8Array,
  size: number,
  form: 'deflate' | 'deflate-raw',
): Promise<Uint8Array> {
  const result = new Uint8Array(size);
  const stream = new DecompressionStream(form);
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader();
  const feeding = feed(stream.writable.getWriter(), packed);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > size) throw new Error(`more than the promised ${size} bytes`);
      result.set(value, length);
      length += value.length;
    }
    if (length !== size) throw new Error(`${length} bytes instead of the promised ${size}`);
    return result;
  } finally {
    await reader.cancel().catch(() => undefined);
    await feeding;
  }
}

/** Gives the data away piece by piece, as they are taken. A stream that has failed tells its reader. */
async function feed(writer: WritableStreamDefaultWriter<BufferSource>, packed: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < packed.length; at += PIECE_BYTES) {
      await writer.write(packed.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>);
    }
    await writer.close();
  } catch {
    await writer.abort().catch(() => undefined);
  }
}
