import type { Dataset } from '../../data/dataset.js';
import { sha256 } from '../../tensor/sha256.js';

/** Examples that are read at once. */
const BATCH = 64;

/**
 * The examples of one data set that are also in another, to the bit: indices in `among`. For photos, whose copies were often
 * saved anew, compare fingerprints instead.
 */
export async function copiesOf(data: Dataset, among: Dataset): Promise<number[]> {
  const known = new Set(await keysOf(data));
  return (await keysOf(among)).flatMap((key, i) => (known.has(key) ? [i] : []));
}

async function keysOf(data: Dataset): Promise<string[]> {
  const keys: string[] = [];
  for (let start = 0; start < data.size; start += BATCH) {
    const n = Math.min(BATCH, data.size - start);
    const { x } = await data.batch(Uint32Array.from({ length: n }, (_, i) => start + i));
    const width = x.data.length / n;
    for (let i = 0; i < n; i++) {
      keys.push(await sha256(x.data.subarray(i * width, (i + 1) * width)));
    }
  }
  return keys;
}
