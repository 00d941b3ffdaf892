import type { RandomStream } from '../../tensor/random.js';
import { Tensor } from '../../tensor/tensor.js';
import { blur } from '../fill.js';

/** A map [height, width] of any resolution over a photo. */
export interface MapGrid {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * A map as it is used to cover parts of a photo: one that has a value for each pixel is smoothed (a Gaussian of 1/28 of the
 * shorter side), for single pixels cover nothing that can be seen.
 */
export function coveringGrid(map: MapGrid, height: number, width: number): MapGrid {
  if (map.height < height / 2 || map.width < width / 2) return map;
  const sigma = Math.min(map.height, map.width) / 28;
  return { ...map, values: blur(map.values, map.height, map.width, 1, sigma) };
}

/** A map stretched to another size, bilinear between the middles of its cells. */
export function stretch({ values, height, width }: MapGrid, toHeight: number, toWidth: number): Float32Array {
  const taps = (from: number, to: number) =>
    Array.from({ length: to }, (_, i) => {
      const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
      const low = Math.floor(at);
      return [low, Math.min(from - 1, low + 1), at - low] as const;
    });
  const [rows, columns] = [taps(height, toHeight), taps(width, toWidth)];
  const result = new Float32Array(toHeight * toWidth);
  for (const [y, [top, bottom, down]] of rows.entries()) {
    for (const [x, [left, right, across]] of columns.entries()) {
      const at = (row: number, column: number): number => values[row * width + column] as number;
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      result[y * toWidth + x] = upper * (1 - down) + lower * down;
    }
  }
  return result;
}

/** The largest values of a map, as many as a share of the pixels says: 1 where covered, [height, width]. */
export function topMask(map: MapGrid, height: number, width: number, share: number): Uint8Array {
  const values = stretch(map, height, width);
  const count = Math.round(share * values.length);
  const order = Uint32Array.from(values, (_, i) => i).sort(
    (a, b) => (values[b] as number) - (values[a] as number) || a - b,
  );
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < count; i++) mask[order[i] as number] = 1;
  return mask;
}

/**
 * The same map moved round a torus by a random distance, and mirrored or not: as large and as smooth everywhere, but without
 * its place on the photo.
 */
export function displaced({ values, height, width }: MapGrid, random: RandomStream): MapGrid {
  const [dy, dx] = [random.below(height), random.below(width)];
  const [flipY, flipX] = [random.below(2) === 1, random.below(2) === 1];
  const moved = values.map((_, i) => {
    const y = (Math.floor(i / width) + dy) % height;
    const x = ((i % width) + dx) % width;
    return values[(flipY ? height - 1 - y : y) * width + (flipX ? width - 1 - x : x)] as number;
  });
  return { values: moved, height, width };
}

/** Copies of a photo [1, h, w, c], each with a part covered by what `fill` has there: [masks, h, w, c]. */
export function covered(
  x: Tensor<'float32'>,
  fill: Tensor<'float32'>,
  masks: readonly Uint8Array[],
): Tensor<'float32'> {
  const c = x.shape[3] as number;
  const data = new Float32Array(masks.length * x.size);
  for (const [i, mask] of masks.entries()) {
    for (let j = 0; j < x.size; j++) {
      data[i * x.size + j] = (mask[Math.floor(j / c)] === 1 ? fill : x).data[j] as number;
    }
  }
  return new Tensor(data, [masks.length, ...x.shape.slice(1)]);
}
