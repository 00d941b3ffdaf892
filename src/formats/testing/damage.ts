import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';

/** What became of the damaged files of {@link readDamaged}. */
export interface DamageReport {
  readonly refused: number;
  /** Milliseconds that the slowest file took. */
  readonly slowest: number;
}

/**
 * Reads `count` damaged copies of files: bytes changed, lengths made huge, parts repeated, taken out or cut off. Throws
 * what the reader throws unless it is a FoveaError.
 */
export async function readDamaged(
  files: readonly Uint8Array[],
  count: number,
  read: (bytes: Uint8Array) => Promise<unknown> | unknown,
): Promise<DamageReport> {
  const random = new RandomStream(2024, 'damage');
  let refused = 0;
  let slowest = 0;
  for (let i = 0; i < count; i++) {
    const bytes = damage(files[i % files.length] as Uint8Array, random);
    const start = performance.now();
    try {
      await read(bytes);
    } catch (error) {
      if (!(error instanceof FoveaError)) throw error;
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  return { refused, slowest };
}

function damage(file: Uint8Array, random: RandomStream): Uint8Array {
  const copy = file.slice();
  // The first and the last bytes of most files describe the rest.
  const place = (): number => {
    const near = Math.min(file.length, 400);
    const kind = random.below(3);
    if (kind === 0) return random.below(file.length);
    return kind === 1 ? random.below(near) : file.length - 1 - random.below(near);
  };
  const places = 1 + random.below(5);
  for (let i = 0; i < places; i++) {
    const at = place();
    const kind = random.below(4);
    if (kind === 0) copy[at] = random.below(256);
    else if (kind === 1) copy[at] = (copy[at] as number) ^ (1 << random.below(8));
    else if (kind === 2) copy.fill(random.below(2) * 255, at, at + 1 + random.below(8));
    else copy.copyWithin(at, place(), place());
  }
  const end = random.below(6);
  if (end === 0) return copy.subarray(0, random.below(copy.length));
  if (end === 1) return Uint8Array.from([...copy.subarray(0, 64), ...copy.subarray(place())]);
  return copy;
}
