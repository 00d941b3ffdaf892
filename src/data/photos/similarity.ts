import { BRIGHTNESS_SIDE } from './photoFingerprint.js';

const SIDE = BRIGHTNESS_SIDE;
const SIZE = SIDE * SIDE;
/** Parts of the height or width that may be cropped away. */
const CROPS = [0, 0.05, 0.1];
/** Where what is left of a crop may lie: at the beginning, in the middle, at the end. */
const PLACES = [0, 0.5, 1];
/** Below this a crop does not help any more: photos that were cropped by a tenth correlate by more. */
const HOPELESS = 0.5;

/** For each place of a side, the place that a crop leaves there. */
const SHIFTS: readonly Float64Array[] = CROPS.flatMap((crop) =>
  (crop === 0 ? [0] : PLACES).map((place) =>
    Float64Array.from({ length: SIDE }, (_, i) => {
      const from = (i + 0.5) * (1 - crop) + place * crop * SIDE - 0.5;
      return Math.min(SIDE - 1, Math.max(0, from));
    }),
  ),
);

/**
 * How much two photos look alike, −1 to 1: the correlation of their brightness [16, 16], so that light and contrast do not
 * matter, at its best when either photo may have been cropped by up to a tenth in each direction. Stops where it is `enough`.
 */
export function similarity(a: Uint8Array, b: Uint8Array, enough = 1): number {
  let best = correlation(a, b);
  if (best < HOPELESS || best >= enough) return best;
  for (const rows of SHIFTS) {
    for (const columns of SHIFTS) {
      best = Math.max(best, correlation(shifted(a, rows, columns), b), correlation(a, shifted(b, rows, columns)));
      if (best >= enough) return best;
    }
  }
  return best;
}

/** Brightness [16, 16] seen in a mirror. */
export function mirror(brightness: Uint8Array): Uint8Array {
  return brightness.map((_, i) => brightness[i - (i % SIDE) + SIDE - 1 - (i % SIDE)] as number);
}

function shifted(from: Uint8Array, rows: Float64Array, columns: Float64Array): Float64Array {
  const result = new Float64Array(SIZE);
  for (let y = 0; y < SIDE; y++) {
    const [above, down] = parts(rows[y] as number);
    const below = Math.min(SIDE - 1, above + 1);
    for (let x = 0; x < SIDE; x++) {
      const [left, across] = parts(columns[x] as number);
      const right = Math.min(SIDE - 1, left + 1);
      const at = (row: number): number =>
        (from[row * SIDE + left] as number) * (1 - across) + (from[row * SIDE + right] as number) * across;
      result[y * SIDE + x] = at(above) * (1 - down) + at(below) * down;
    }
  }
  return result;
}

function parts(place: number): [whole: number, rest: number] {
  const whole = Math.floor(place);
  return [whole, place - whole];
}

/** How much the brightness [16, 16] of two photos correlates as it is (Pearson), −1 to 1. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let i = 0; i < SIZE; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    sumA += x;
    sumB += y;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  const spread = Math.sqrt((squaresA - (sumA * sumA) / SIZE) * (squaresB - (sumB * sumB) / SIZE));
  return spread === 0 ? 0 : (products - (sumA * sumB) / SIZE) / spread;
}
