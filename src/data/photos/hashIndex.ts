/** 64 bits. */
export type Hash = readonly [high: number, low: number];

/** Words of 16 bits that a hash is cut into. */
const BANDS = 4;
const BAND_VALUES = 2 ** 16;

/** Number of bits in which two hashes differ. */
export function hammingDistance(a: Hash, b: Hash): number {
  return bits(a[0] ^ b[0]) + bits(a[1] ^ b[1]);
}

/**
 * Finds hashes near another one without comparing all with all: of two hashes that differ in at most `distance` bits, one
 * of four words of 16 bits differs in at most a quarter of that, and hashes are listed by each of their words
 * (multi-index hashing, Norouzi et al. 2012). Nothing within the distance is missed.
 */
export class HashIndex {
  readonly #hashes: readonly Hash[];
  readonly #distance: number;
  readonly #masks: Uint16Array;
  /** For each word and each value of it, the first hash and, per hash, the next one; −1 for none. */
  readonly #heads: readonly Int32Array[];
  readonly #next: readonly Int32Array[];
  /** The query that saw a hash last, so that each is compared once. */
  readonly #seen: Int32Array;
  #query = 0;

  constructor(hashes: readonly Hash[], distance: number) {
    this.#hashes = hashes;
    this.#distance = distance;
    this.#masks = masksUpTo(Math.floor(distance / BANDS));
    this.#heads = Array.from({ length: BANDS }, () => new Int32Array(BAND_VALUES).fill(-1));
    this.#next = Array.from({ length: BANDS }, () => new Int32Array(hashes.length));
    this.#seen = new Int32Array(hashes.length);
    for (const [i, hash] of hashes.entries()) {
      for (let band = 0; band < BANDS; band++) {
        const [heads, next] = this.#lists(band);
        const value = bandOf(hash, band);
        next[i] = heads[value] as number;
        heads[value] = i;
      }
    }
  }

  /** Calls `found` once for each hash within the distance, those from `from` on. */
  near(hash: Hash, from: number, found: (index: number) => void): void {
    const query = ++this.#query;
    for (let band = 0; band < BANDS; band++) {
      const [heads, next] = this.#lists(band);
      const value = bandOf(hash, band);
      for (const mask of this.#masks) {
        // Lists run from the last hash to the first.
        for (let i = heads[value ^ mask] as number; i >= from; i = next[i] as number) {
          if (this.#seen[i] === query) continue;
          this.#seen[i] = query;
          if (hammingDistance(hash, this.#hashes[i] as Hash) <= this.#distance) found(i);
        }
      }
    }
  }

  #lists(band: number): [Int32Array, Int32Array] {
    return [this.#heads[band] as Int32Array, this.#next[band] as Int32Array];
  }
}

function bandOf(hash: Hash, band: number): number {
  return ((hash[band >> 1] as number) >>> (16 * (band & 1))) & 0xffff;
}

/** All words of 16 bits with at most so many ones. */
function masksUpTo(ones: number): Uint16Array {
  const all: number[] = [];
  for (let mask = 0; mask < BAND_VALUES; mask++) if (bits(mask) <= ones) all.push(mask);
  return Uint16Array.from(all);
}

function bits(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
