import { deflateRawSync } from 'node:zlib';
import { packed } from '../pytorch/testing/writeTorch.js';

/** A zip archive whose files are deflated. */
export function deflated(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const stored = packed(new Map([...files].map(([name, bytes]) => [name, new Uint8Array(deflateRawSync(bytes))])));
  const honest = packed(files);
  const from = new DataView(honest.buffer);
  const to = new DataView(stored.buffer);
  // Method, checksum and size, in the directory alone: readers go by it.
  const [source, target] = [from, to].map((view) => view.getUint32(view.byteLength - 6, true)) as [number, number];
  let [a, b] = [source, target];
  for (let i = 0; i < files.size; i++) {
    to.setUint16(b + 10, 8, true);
    to.setUint32(b + 16, from.getUint32(a + 16, true), true);
    to.setUint32(b + 24, from.getUint32(a + 24, true), true);
    a += 46 + from.getUint16(a + 28, true);
    b += 46 + to.getUint16(b + 28, true);
  }
  return stored;
}
