import type { Photo } from './photo.js';

/** What a photo looks like, in few bytes: copies that were resized, compressed anew or brightened have nearly the same. */
export interface PhotoFingerprint {
  /** 64 bits: which of the lowest frequencies of the photo are above their median (pHash). */
  readonly hash: readonly [high: number, low: number];
  /** The same of the photo seen in a mirror. */
  readonly mirrored: readonly [high: number, low: number];
  /** Brightness [16, 16], 0 to 255. */
  readonly brightness: Uint8Array;
  /** Whether there is next to nothing on it, so that it looks like any other such photo. */
  readonly flat: boolean;
  /** Whether most of it is of one brightness, as of drawings and letters: such look alike without being copies. */
  readonly plain: boolean;
}

/** Height and width of the photo that a fingerprint is taken of. */
export const FINGERPRINT_SIDE = 32;
/** Side of `brightness`. */
export const BRIGHTNESS_SIDE = 16;

/** Lowest frequencies in each direction. */
const FREQUENCIES = 8;
/** Photos whose brightness deviates less from its mean, of 255, are flat. */
const FLAT = 4;
/** Share of places of nearly one brightness from which on a photo is plain. */
const PLAIN = 0.5;
/** Brightnesses that differ by less, of 255, are nearly one. */
const NEARLY = 4;

/** [FREQUENCIES, FINGERPRINT_SIDE]: the cosines of the discrete cosine transform. */
const COSINES = Array.from({ length: FREQUENCIES }, (_, k) =>
  Float64Array.from({ length: FINGERPRINT_SIDE }, (_, x) =>
    Math.cos(((2 * x + 1) * k * Math.PI) / FINGERPRINT_SIDE / 2),
  ),
);

/**
 * The fingerprint of a photo that was squashed to 32 × 32 pixels, of averages. The hash is the one that is known as pHash:
 * of the discrete cosine transform (DCT-II) of the brightness the 8 × 8 lowest frequencies but the mean, each compared with
 * their median.
 */
export function fingerprintPhoto({ pixels, height, width }: Photo): PhotoFingerprint {
  if (height !== FINGERPRINT_SIDE || width !== FINGERPRINT_SIDE) throw new RangeError('the photo must be 32 × 32');
  const light = new Float64Array(height * width);
  for (let i = 0, at = 0; i < light.length; i++, at += 3) {
    const [red, green, blue] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
    light[i] = 0.299 * red + 0.587 * green + 0.114 * blue;
  }
  const waves = lowFrequencies(light);
  const brightness = halve(light);
  return {
    hash: hashOf(waves),
    // In a mirror the waves that are odd from left to right change their sign.
    mirrored: hashOf(waves.map((value, i) => (i % 2 === 0 ? value : -value))),
    brightness,
    flat: deviation(light) < FLAT,
    plain: mostOfOne(brightness) > PLAIN,
  };
}

/** [FREQUENCIES, FREQUENCIES], the vertical one first. */
function lowFrequencies(light: Float64Array): Float64Array {
  const side = FINGERPRINT_SIDE;
  const columns = new Float64Array(FREQUENCIES * side);
  const waves = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (const [v, cosines] of COSINES.entries()) {
    for (let i = 0; i < light.length; i++) {
      const at = v * side + (i % side);
      columns[at] = (columns[at] as number) + (light[i] as number) * (cosines[Math.floor(i / side)] as number);
    }
    for (const [u, across] of COSINES.entries()) {
      let sum = 0;
      for (let x = 0; x < side; x++) sum += (columns[v * side + x] as number) * (across[x] as number);
      waves[v * FREQUENCIES + u] = sum;
    }
  }
  return waves;
}

function hashOf(waves: Float64Array): [number, number] {
  const sorted = waves.slice(1).sort();
  const median = sorted[sorted.length >> 1] as number;
  const words: [number, number] = [0, 0];
  for (let i = 1; i < waves.length; i++) {
    if ((waves[i] as number) > median) words[i >> 5] = ((words[i >> 5] as number) | (1 << (i & 31))) >>> 0;
  }
  return words;
}

/** Averages of two by two. */
function halve(light: Float64Array): Uint8Array {
  const side = FINGERPRINT_SIDE;
  return Uint8Array.from({ length: BRIGHTNESS_SIDE ** 2 }, (_, i) => {
    const at = Math.floor(i / BRIGHTNESS_SIDE) * 2 * side + (i % BRIGHTNESS_SIDE) * 2;
    const [a, b, c, d] = [light[at], light[at + 1], light[at + side], light[at + side + 1]] as [
      ...[number, number],
      ...[number, number],
    ];
    return Math.round((a + b + c + d) / 4);
  });
}

/** The largest share of places whose brightness is nearly one. */
function mostOfOne(brightness: Uint8Array): number {
  const counts = new Int32Array(Math.ceil(256 / NEARLY));
  for (const value of brightness) counts[Math.floor(value / NEARLY)] = (counts[Math.floor(value / NEARLY)] ?? 0) + 1;
  return counts.reduce((most, n) => Math.max(most, n), 0) / brightness.length;
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
