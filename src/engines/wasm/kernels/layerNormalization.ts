import { float, fma, pointer, word } from './common';
import { firstLanes, storeLanes, sumOfLanes } from './lanes';

/** Numbers that are summed in single precision before they are added to the row's sum in double precision. */
const STRETCH: i32 = 1024;
/** Columns that one item of `columnSums` works on; the same number stands in lowerings/normalization.ts. */
const COLUMNS: i32 = 256;

/** Σ (x − shift) over a row, or Σ (x − shift)² where `squared`. */
// @ts-ignore: decorator
@inline
function rowSum(x: usize, length: i32, shift: v128, squared: bool): f64 {
  let total: f64 = 0;
  for (let start = 0; start < length; start += STRETCH) {
    const end = min(length, start + STRETCH);
    let even = f32x4.splat(0);
    let odd = even;
    let i = start;
    for (; i + 8 <= end; i += 8) {
      const at = x + (<usize>i << 2);
      const u = f32x4.sub(v128.load(at), shift);
      const v = f32x4.sub(v128.load(at, 16), shift);
      even = squared ? fma(u, u, even) : f32x4.add(even, u);
      odd = squared ? fma(v, v, odd) : f32x4.add(odd, v);
    }
    for (; i < end; i += 4) {
      const u = v128.and(f32x4.sub(v128.load(x + (<usize>i << 2)), shift), firstLanes(end - i));
      even = squared ? fma(u, u, even) : f32x4.add(even, u);
    }
    total += <f64>sumOfLanes(f32x4.add(even, odd));
  }
  return total;
}

/**
 * y = (x − mean) / √(variance + ε) · gamma + beta, row by row; also the mean and 1 / √(variance + ε) of each row.
 * One item makes `perItem` rows.
 *
 *  0 x        1 y         2 rows      3 length    4 perItem   5 gamma     6 beta      7 mean      8 inverse deviation
 *  9 epsilon (float)
 */
export function layerNormalizationRows(p: usize, item: i32, thread: i32): void {
  const length = word(p, 3);
  const gamma = pointer(p, 5);
  const beta = pointer(p, 6);
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const x = pointer(p, 0) + (<usize>(row * length) << 2);
    const y = pointer(p, 1) + (<usize>(row * length) << 2);
    // The second sum makes up for the digits that a mean far from zero costs the first.
    const rough = <f32>(rowSum(x, length, f32x4.splat(0), false) / <f64>length);
    const mean = <f32>(<f64>rough + rowSum(x, length, f32x4.splat(rough), false) / <f64>length);
    const centre = f32x4.splat(mean);
    const variance = rowSum(x, length, centre, true) / <f64>length;
    const inverse = <f32>(1 / sqrt<f64>(variance + <f64>float(p, 9)));
    const factor = f32x4.splat(inverse);
    for (let i = 0; i < length; i += 4) {
      const at = <usize>i << 2;
      const normalized = f32x4.mul(f32x4.sub(v128.load(x + at), centre), factor);
      storeLanes(y + at, fma(normalized, v128.load(gamma + at), v128.load(beta + at)), length - i);
    }
    store<f32>(pointer(p, 7) + (<usize>row << 2), mean);
    store<f32>(pointer(p, 8) + (<usize>row << 2), inverse);
  }
}

/**
 * dx = inverse · (g − Σ g / length − x' · Σ g · x' / length) with g = dy · gamma and x' = (x − mean) · inverse, row by
 * row. One item makes `perItem` rows.
 *
 *  0 x        1 dx        2 rows      3 length    4 perItem   5 gamma     6 dy        7 mean      8 inverse deviation
 */
export function layerNormalizationGradientRows(p: usize, item: i32, thread: i32): void {
  const length = word(p, 3);
  const gamma = pointer(p, 5);
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const offset = <usize>(row * length) << 2;
    const x = pointer(p, 0) + offset;
    const dx = pointer(p, 1) + offset;
    const dy = pointer(p, 6) + offset;
    const mean = f32x4.splat(load<f32>(pointer(p, 7) + (<usize>row << 2)));
    const inverse = f32x4.splat(load<f32>(pointer(p, 8) + (<usize>row << 2)));
    let sum: f64 = 0;
    let dot: f64 = 0;
    for (let start = 0; start < length; start += STRETCH) {
      const end = min(length, start + STRETCH);
      let sums = f32x4.splat(0);
      let dots = sums;
      for (let i = start; i < end; i += 4) {
        const at = <usize>i << 2;
        const normalized = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
        const g = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
        const product = f32x4.mul(g, normalized);
        sums = f32x4.add(sums, i + 4 > end ? v128.and(g, firstLanes(end - i)) : g);
        dots = f32x4.add(dots, i + 4 > end ? v128.and(product, firstLanes(end - i)) : product);
      }
      sum += <f64>sumOfLanes(sums);
      dot += <f64>sumOfLanes(dots);
    }
    const meanSum = f32x4.splat(<f32>(sum / <f64>length));
    const meanDot = f32x4.splat(<f32>(dot / <f64>length));
    for (let i = 0; i < length; i += 4) {
      const at = <usize>i << 2;
      const normalized = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
      const g = f32x4.mul(v128.load(dy + at), v128.load(gamma + at));
      const rest = f32x4.sub(f32x4.sub(g, meanSum), f32x4.mul(normalized, meanDot));
      storeLanes(dx + at, f32x4.mul(inverse, rest), length - i);
    }
  }
}

/**
 * For one block of rows and 256 columns, Σ dy and Σ dy · (x − mean) · inverse over the rows: partials [blocks, 2, length].
 *
 *  0 x        1 partials  2 rows      3 length    4 rows of a block       5 dy        6 mean      7 inverse deviation
 *  8 column blocks
 */
export function columnSums(p: usize, item: i32, thread: i32): void {
  const length = word(p, 3);
  const block = item / word(p, 8);
  const firstColumn = (item - block * word(p, 8)) * COLUMNS;
  const lastColumn = min(length, firstColumn + COLUMNS);
  const from = block * word(p, 4);
  const to = min(word(p, 2), from + word(p, 4));
  const sums = pointer(p, 1) + (<usize>(block * 2 * length) << 2);
  const step = <usize>length << 2;
  for (let i = firstColumn; i < lastColumn; i += 8) {
    const column = <usize>i << 2;
    let x = pointer(p, 0) + <usize>from * step + column;
    let dy = pointer(p, 5) + <usize>from * step + column;
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let dot0 = sum0;
    let dot1 = sum0;
    for (let row = from; row < to; row++) {
      const mean = v128.load32_splat(pointer(p, 6) + (<usize>row << 2));
      const inverse = v128.load32_splat(pointer(p, 7) + (<usize>row << 2));
      const g0 = v128.load(dy);
      const g1 = v128.load(dy, 16);
      sum0 = f32x4.add(sum0, g0);
      sum1 = f32x4.add(sum1, g1);
      dot0 = fma(g0, f32x4.mul(f32x4.sub(v128.load(x), mean), inverse), dot0);
      dot1 = fma(g1, f32x4.mul(f32x4.sub(v128.load(x, 16), mean), inverse), dot1);
      x += step;
      dy += step;
    }
    storeLanes(sums + column, sum0, lastColumn - i);
    storeLanes(sums + step + column, dot0, lastColumn - i);
    if (lastColumn - i > 4) {
      storeLanes(sums + column + 16, sum1, lastColumn - i - 4);
      storeLanes(sums + step + column + 16, dot1, lastColumn - i - 4);
    }
  }
}

/**
 * Adds the blocks of `columnSums` in order, in double precision. One item adds 256 columns.
 *
 *  0 partials 1 dgamma    2 dbeta     3 length    4 blocks
 */
export function combineColumns(p: usize, item: i32, thread: i32): void {
  const length = word(p, 3);
  const blocks = word(p, 4);
  const step = <usize>length << 2;
  const to = min(length, (item + 1) * COLUMNS);
  for (let i = item * COLUMNS; i < to; i++) {
    const column = <usize>i << 2;
    let at = pointer(p, 0) + column;
    let sum: f64 = 0;
    let dot: f64 = 0;
    for (let block = 0; block < blocks; block++) {
      sum += <f64>load<f32>(at);
      dot += <f64>load<f32>(at + step);
      at += step << 1;
    }
    store<f32>(pointer(p, 1) + column, <f32>dot);
    store<f32>(pointer(p, 2) + column, <f32>sum);
  }
}
