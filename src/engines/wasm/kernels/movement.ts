import { pointer, word } from './common';
import { CHUNK } from './elementwise';

/** Number of the word that holds the number of outer axes; two words for each axis follow. */
const AXES = 5;
/** Rows and columns of the squares in which matrices are transposed: source and target stay in the cache. */
const SQUARE: i32 = 32;

/** `count` floats: copied (step 1), repeated (step 0) or picked, `step` floats apart. */
// @ts-ignore: decorator
@inline
function pick(x: usize, y: usize, count: i32, step: i32): void {
  const end = y + (<usize>count << 2);
  if (step == 1) {
    memory.copy(y, x, <usize>count << 2);
  } else if (step == 0) {
    const value = v128.load32_splat(x);
    const whole = y + (<usize>(count & ~3) << 2);
    for (; y < whole; y += 16) v128.store(y, value);
    for (; y < end; y += 4) v128.store32_lane(y, value, 0);
  } else {
    for (; y < end; y += 4, x += <usize>step << 2) store<u32>(y, load<u32>(x));
  }
}

/**
 * y, walked in rows of `inner` elements, taken from places in x that advance by a fixed step along each axis of y:
 * slices, broadcasts and transpositions. An item is a chunk of y.
 *
 * 0 x, 1 y, 2 size, 3 inner, 4 innerStep, 5 outer axes, then for each from the last to the first: its size and step
 */
export function gatherStrided(p: usize, item: i32, thread: i32): void {
  const inner = word(p, 3);
  const innerStep = word(p, 4);
  const axes = word(p, AXES);
  let at = item * CHUNK;
  const end = min(word(p, 2), at + CHUNK);
  let y = pointer(p, 1) + (<usize>at << 2);
  let row = at / inner;
  let column = at - row * inner;
  while (at < end) {
    let offset = column * innerStep;
    let rest = row;
    for (let axis = 0; axis < axes; axis++) {
      const size = word(p, AXES + 1 + axis * 2);
      offset += (rest % size) * word(p, AXES + 2 + axis * 2);
      rest /= size;
    }
    const count = min(inner - column, end - at);
    pick(pointer(p, 0) + (<usize>offset << 2), y, count, innerStep);
    at += count;
    y += <usize>count << 2;
    row++;
    column = 0;
  }
}

/**
 * Copies rows of `length` floats, which stand at fixed distances in x and in y. An item copies `rowsPerItem` rows of
 * `columnsPerItem` floats.
 *
 * 0 x, 1 y, 2 rows, 3 length, 4 xStep, 5 yStep, 6 rowsPerItem, 7 columnsPerItem
 */
export function copyRows(p: usize, item: i32, thread: i32): void {
  const rows = word(p, 2);
  const length = word(p, 3);
  const columnBlocks = (length + word(p, 7) - 1) / word(p, 7);
  const firstRow = (item / columnBlocks) * word(p, 6);
  const firstColumn = (item % columnBlocks) * word(p, 7);
  const lastRow = min(rows, firstRow + word(p, 6));
  const bytes = <usize>min(word(p, 7), length - firstColumn) << 2;
  for (let row = firstRow; row < lastRow; row++) {
    const x = pointer(p, 0) + (<usize>(row * word(p, 4) + firstColumn) << 2);
    const y = pointer(p, 1) + (<usize>(row * word(p, 5) + firstColumn) << 2);
    memory.copy(y, x, bytes);
  }
}

/**
 * y [count, columns, rows] = x [count, rows, columns] with each matrix transposed. An item makes 32 rows of y, which
 * are 32 columns of x.
 *
 * 0 x, 1 y, 2 count, 3 rows, 4 columns
 */
export function transposeMatrices(p: usize, item: i32, thread: i32): void {
  const rows = word(p, 3);
  const columns = word(p, 4);
  const strips = (columns + SQUARE - 1) / SQUARE;
  const matrix = item / strips;
  const first = (item - matrix * strips) * SQUARE;
  const width = min(SQUARE, columns - first);
  const x = pointer(p, 0) + ((<usize>matrix * rows * columns + first) << 2);
  const y = pointer(p, 1) + ((<usize>matrix * rows * columns + <usize>first * rows) << 2);
  const xStep = <usize>columns << 2;
  const yStep = <usize>rows << 2;
  for (let top = 0; top < rows; top += SQUARE) {
    const bottom = min(rows, top + SQUARE);
    let row = top;
    for (; row + 4 <= bottom; row += 4) {
      let column = 0;
      const source = x + <usize>row * xStep;
      const target = y + (<usize>row << 2);
      for (; column + 4 <= width; column += 4) {
        turn4(source + (<usize>column << 2), xStep, target + <usize>column * yStep, yStep);
      }
      for (; column < width; column++) {
        for (let i: usize = 0; i < 4; i++) {
          store<u32>(target + <usize>column * yStep + (i << 2), load<u32>(source + i * xStep + (<usize>column << 2)));
        }
      }
    }
    for (; row < bottom; row++) {
      for (let column = 0; column < width; column++) {
        const value = load<u32>(x + <usize>row * xStep + (<usize>column << 2));
        store<u32>(y + <usize>column * yStep + (<usize>row << 2), value);
      }
    }
  }
}

/** Four rows of four numbers become four columns. */
// @ts-ignore: decorator
@inline
function turn4(x: usize, xStep: usize, y: usize, yStep: usize): void {
  const a = v128.load(x);
  const b = v128.load(x + xStep);
  const c = v128.load(x + xStep * 2);
  const d = v128.load(x + xStep * 3);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(y + yStep, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
  v128.store(y + yStep * 2, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5));
  v128.store(y + yStep * 3, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7));
}
