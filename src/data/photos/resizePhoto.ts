import type { Photo } from './photo.js';
import type { Interpolation } from './preprocessing.js';

/** For each place of the result along one axis: the first source place, and a weight for it and each that follows. */
interface Taps {
  readonly first: Int32Array;
  /** [n, width] */
  readonly weights: Float32Array;
  readonly width: number;
}

/**
 * Another size of a photo, as Pillow's `resize` makes it: pixels have their middle at half, 'bicubic' is that of Keys with
 * a = −0.5. With `antialias` the filter grows with the reduction, so that every pixel counts; without it only the nearest
 * ones do, as in OpenCV and early TensorFlow. 'nearest' takes one pixel.
 */
export function resizePhoto(
  photo: Photo,
  height: number,
  width: number,
  interpolation: Interpolation = 'bilinear',
  antialias = true,
): Photo {
  if (photo.height === height && photo.width === width) return photo;
  const columns = tapsOf(photo.width, width, interpolation, antialias);
  const rows = tapsOf(photo.height, height, interpolation, antialias);
  // Rounded between the two directions, as Pillow does.
  const wide = new Uint8ClampedArray(photo.height * width * 3);
  for (let y = 0; y < photo.height; y++) {
    for (let x = 0; x < width; x++) {
      const first = columns.first[x] as number;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0, at = (y * photo.width + first) * 3 + c; k < columns.width; k++, at += 3) {
          sum += (columns.weights[x * columns.width + k] as number) * (photo.pixels[at] ?? 0);
        }
        wide[(y * width + x) * 3 + c] = sum;
      }
    }
  }
  const pixels = new Uint8Array(height * width * 3);
  const row = new Float32Array(width * 3);
  for (let y = 0; y < height; y++) {
    row.fill(0);
    for (let k = 0; k < rows.width; k++) {
      const weight = rows.weights[y * rows.width + k] as number;
      if (weight === 0) continue;
      const start = ((rows.first[y] as number) + k) * row.length;
      for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) + weight * (wide[start + i] as number);
    }
    for (let i = 0; i < row.length; i++) {
      pixels[y * row.length + i] = Math.min(255, Math.max(0, Math.round(row[i] as number)));
    }
  }
  return { pixels, height, width };
}

function tapsOf(from: number, to: number, interpolation: Interpolation, antialias: boolean): Taps {
  const scale = from / to;
  if (interpolation === 'nearest') {
    const first = Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor((i + 0.5) * scale)));
    return { first, weights: new Float32Array(to).fill(1), width: 1 };
  }
  const stretch = antialias ? Math.max(1, scale) : 1;
  const [reach, filter] = interpolation === 'bilinear' ? [1, triangle] : [2, keys];
  const width = Math.min(from, Math.ceil(reach * stretch) * 2 + 1);
  const first = new Int32Array(to);
  const weights = new Float32Array(to * width);
  for (let i = 0; i < to; i++) {
    const middle = (i + 0.5) * scale;
    const start = Math.min(from - width, Math.max(0, Math.floor(middle - reach * stretch)));
    first[i] = start;
    let sum = 0;
    for (let j = Math.floor(middle - reach * stretch); j < middle + reach * stretch; j++) {
      // Without antialiasing the pixels at the border go on beyond it; with it there is nothing beyond.
      const inside = Math.min(from - 1, Math.max(0, j));
      if (antialias && inside !== j) continue;
      const weight = filter((j + 0.5 - middle) / stretch);
      const at = i * width + inside - start;
      weights[at] = (weights[at] as number) + weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) weights[i * width + k] = (weights[i * width + k] as number) / sum;
  }
  return { first, weights, width };
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

function keys(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}
