/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", 2011). A draw is a function of (seed, stream, step, index) and of nothing else, so every engine draws the
 * same numbers and a resumed run continues exactly.
 */

const PARITY = 0x1bd11bda;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** Encrypts the counter (c0, c1) under the key (k0, k1); writes two unsigned 32-bit words to `out`. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const k2 = PARITY ^ k0 ^ k1;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let block = 0; block < 5; block++) {
    const first = (block & 1) * 4;
    for (let i = first; i < first + 4; i++) {
      const r = ROTATIONS[i] as number;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    }
    const next = (block + 1) % 3;
    const afterNext = (block + 2) % 3;
    x0 = (x0 + (next === 0 ? k0 : next === 1 ? k1 : k2)) | 0;
    x1 = (x1 + (afterNext === 0 ? k0 : afterNext === 1 ? k1 : k2) + block + 1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}

/** FNV-1a over the UTF-16 units of a text: the stream number of a named purpose, an unsigned 32-bit integer. */
export function streamOf(purpose: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The low and the high 32 bits of a seed (a whole number from 0 to 2^53 − 1). */
export function seedWords(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** Key of one stream at one step: the words that every draw of that stream and step is encrypted with. */
export function streamKey(seedLow: number, seedHigh: number, stream: number, step: number, out: Uint32Array): void {
  threefry2x32(seedLow, seedHigh, stream, step, out);
}

/** A generator for one (seed, purpose, step) on the host, or for one item of a step: draws number 0, 1, 2 … of that stream. */
export class RandomStream {
  readonly #key = new Uint32Array(2);
  readonly #words = new Uint32Array(2);
  #index = 0;

  constructor(seed: number, purpose: string, step = 0, item?: number) {
    const [low, high] = seedWords(seed);
    streamKey(low, high, streamOf(purpose), step, this.#key);
    // Draws have a second counter of 0, so that the key of an item is never one of them.
    if (item !== undefined) threefry2x32(this.#key[0] as number, this.#key[1] as number, item, 1, this.#key);
  }

  /** The next unsigned 32-bit word. */
  word(): number {
    const index = this.#index++;
    if ((index & 1) === 0) {
      threefry2x32(this.#key[0] as number, this.#key[1] as number, index / 2, 0, this.#words);
    }
    return this.#words[index & 1] as number;
  }

  /** Uniform in [0, 1), 24 bits: exact in float32. */
  uniform(): number {
    return (this.word() >>> 8) / 2 ** 24;
  }

  /** A whole number from 0 to n − 1, each equally likely. */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % n;
  }

  /** Standard normal (Box–Muller; two words a draw). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.word() + 1) / 2 ** 32));
    return radius * Math.cos((2 * Math.PI * this.word()) / 2 ** 32);
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends Uint32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i];
      items[i] = items[j] as never;
      items[j] = kept as never;
    }
    return items;
  }
}
