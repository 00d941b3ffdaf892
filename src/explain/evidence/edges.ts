import type { Tensor } from '../../tensor/tensor.js';
import type { MapGrid } from './masks.js';

/** How much a photo [1, h, w, c] changes at each pixel: Sobel's operator on the mean of the channels. A map of a network should be more. */
export function edgeMap(x: Tensor<'float32'>): MapGrid {
  const [, height, width, c] = x.shape as [number, number, number, number];
  const grey = new Float32Array(height * width);
  for (let i = 0; i < x.size; i++) {
    const pixel = Math.floor(i / c);
    grey[pixel] = (grey[pixel] as number) + (x.data[i] as number) / c;
  }
  const at = (y: number, column: number): number =>
    grey[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, column))] as number;
  const values = grey.map((_, i) => {
    const [y, column] = [Math.floor(i / width), i % width];
    const side = (dx: number): number => at(y - 1, column + dx) + 2 * at(y, column + dx) + at(y + 1, column + dx);
    const row = (dy: number): number => at(y + dy, column - 1) + 2 * at(y + dy, column) + at(y + dy, column + 1);
    return Math.hypot(side(1) - side(-1), row(1) - row(-1));
  });
  return { values, height, width };
}

/** The mean of a map in each cell of a coarser grid. */
export function meanCells({ values, height, width }: MapGrid, rows: number, columns: number): Float32Array {
  const sums = new Float64Array(rows * columns);
  const counts = new Uint32Array(rows * columns);
  for (const [i, value] of values.entries()) {
    const cell =
      Math.floor((Math.floor(i / width) * rows) / height) * columns + Math.floor(((i % width) * columns) / width);
    sums[cell] = (sums[cell] as number) + value;
    counts[cell] = (counts[cell] as number) + 1;
  }
  return Float32Array.from(sums, (sum, cell) => sum / Math.max(1, counts[cell] as number));
}
