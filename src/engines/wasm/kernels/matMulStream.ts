import { activated, between, leastOf, mostOf } from './activation';
import { fma, fma1, pointer, word } from './common';
import { WIDE } from './generated/build';
import { sumOfLanes } from './lanes';
import { PANEL, PANEL_BYTES, tileOf, ZERO_TILE } from './tiles';

// Products with few rows of A, whose time is that of reading B: B is read once, where it lies, and never packed.

/** Rows of A that are computed together. */
const ROWS: i32 = 4;
/** Rows of B that are added before the next columns: as many streams as a processor follows. */
const STREAMS: i32 = 32;

/**
 * y [m, n] = act(a [m, k] · b [k, n] + bias). One item computes all rows of `columnsPerItem` columns.
 *
 * 0 a, 1 b, 2 y, 3 bias, 4 activation, 5 m, 6 n, 7 k, 8 columnsPerItem
 */
export function matMulStream(p: usize, item: i32, thread: i32): void {
  const m = word(p, 5);
  const n = word(p, 6);
  const k = word(p, 7);
  const bias = pointer(p, 3);
  const tile = tileOf(thread);
  const yRow = <usize>n << 2;
  const aRow = <usize>k << 2;
  const first = item * word(p, 8);
  const end = min(n, first + word(p, 8));
  for (let from = 0; from < k; from += STREAMS) {
    const count = min(STREAMS, k - from);
    const activation = from + count == k ? word(p, 4) : 0;
    for (let column = first; column < end; column += PANEL) {
      const at = <usize>column << 2;
      const b = pointer(p, 1) + <usize>from * yRow + at;
      const columns = min(PANEL, end - column);
      for (let row = 0; row < m; row += ROWS) {
        const rows = min(ROWS, m - row);
        const a = pointer(p, 0) + ((<usize>row * k + from) << 2);
        const y = pointer(p, 2) + <usize>row * yRow + at;
        let start = y;
        let startRow = yRow;
        if (from == 0) {
          start = bias == 0 ? ZERO_TILE : bias + at;
          startRow = 0;
        }
        if (rows == ROWS && columns == PANEL) {
          streamRows(start, startRow, a, aRow, aRow * 2, aRow * 3, b, yRow, count, y, yRow);
          if (activation != 0) activateRows(y, yRow, activation);
          continue;
        }
        for (let r = 0; r < rows; r++) copyFloats(start + startRow * r, tile + PANEL_BYTES * r, PANEL);
        const a1 = aRow * min(1, rows - 1);
        const a2 = aRow * min(2, rows - 1);
        const a3 = aRow * min(3, rows - 1);
        streamRows(tile, PANEL_BYTES, a, a1, a2, a3, b, yRow, count, tile, PANEL_BYTES);
        if (activation != 0) activateRows(tile, PANEL_BYTES, activation);
        for (let r = 0; r < rows; r++) copyFloats(tile + PANEL_BYTES * r, y + yRow * r, columns);
      }
    }
  }
}

function copyFloats(from: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
  for (; i < count; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
}

/** y[r][0..panel] = act(y[r][0..panel]) for four rows, `step` bytes apart. */
function activateRows(y: usize, step: usize, activation: i32): void {
  const least = leastOf(activation);
  const most = mostOf(activation);
  for (let r = 0; r < ROWS; r++) {
    for (let i: usize = 0; i < PANEL_BYTES; i += 16) v128.store(y + i, between(v128.load(y + i), least, most));
    y += step;
  }
}

/**
 * y[r][0..panel] = from[r][0..panel] + Σ_i a[r][i] · b[i][0..panel], `count` rows of b, for four rows r. A single loop and
 * nothing but stores behind it, as in tiles.ts.
 */
function streamRows(
  from: usize,
  fromStep: usize,
  a: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  b: usize,
  bStep: usize,
  count: i32,
  y: usize,
  yStep: usize,
): void {
  a1 += a;
  a2 += a;
  a3 += a;
  const end = a + (<usize>count << 2);
  const from1 = from + fromStep;
  const from2 = from1 + fromStep;
  const from3 = from2 + fromStep;
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from1);
  let c11 = v128.load(from1, 16);
  let c20 = v128.load(from2);
  let c21 = v128.load(from2, 16);
  let c30 = v128.load(from3);
  let c31 = v128.load(from3, 16);
  let c02 = WIDE ? v128.load(from, 32) : c00;
  let c03 = WIDE ? v128.load(from, 48) : c01;
  let c12 = WIDE ? v128.load(from1, 32) : c10;
  let c13 = WIDE ? v128.load(from1, 48) : c11;
  let c22 = WIDE ? v128.load(from2, 32) : c20;
  let c23 = WIDE ? v128.load(from2, 48) : c21;
  let c32 = WIDE ? v128.load(from3, 32) : c30;
  let c33 = WIDE ? v128.load(from3, 48) : c31;
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = WIDE ? v128.load(b, 32) : b0;
    const b3 = WIDE ? v128.load(b, 48) : b1;
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    if (WIDE) {
      c02 = fma(s, b2, c02);
      c03 = fma(s, b3, c03);
    }
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    if (WIDE) {
      c12 = fma(s, b2, c12);
      c13 = fma(s, b3, c13);
    }
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    if (WIDE) {
      c22 = fma(s, b2, c22);
      c23 = fma(s, b3, c23);
    }
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    if (WIDE) {
      c32 = fma(s, b2, c32);
      c33 = fma(s, b3, c33);
    }
    a += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    b += bStep;
  }
  const y1 = y + yStep;
  const y2 = y1 + yStep;
  const y3 = y2 + yStep;
  v128.store(y, c00);
  v128.store(y, c01, 16);
  if (WIDE) {
    v128.store(y, c02, 32);
    v128.store(y, c03, 48);
  }
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  if (WIDE) {
    v128.store(y1, c12, 32);
    v128.store(y1, c13, 48);
  }
  v128.store(y2, c20);
  v128.store(y2, c21, 16);
  if (WIDE) {
    v128.store(y2, c22, 32);
    v128.store(y2, c23, 48);
  }
  v128.store(y3, c30);
  v128.store(y3, c31, 16);
  if (WIDE) {
    v128.store(y3, c32, 32);
    v128.store(y3, c33, 48);
  }
}

/**
 * y [m, n] = act(a [m, k] · bᵀ + bias) for b [n, k]: each number is a sum over two rows that lie side by side. One item
 * computes all rows of `columnsPerItem` columns.
 *
 * Words as of `matMulStream`
 */
export function matMulDots(p: usize, item: i32, thread: i32): void {
  const m = word(p, 5);
  const n = word(p, 6);
  const k = word(p, 7);
  const bias = pointer(p, 3);
  const activation = word(p, 4);
  const tile = tileOf(thread);
  const row = <usize>k << 2;
  const whole = row & ~15;
  const first = item * word(p, 8);
  const end = min(n, first + word(p, 8));
  for (let column = first; column < end; column += 3) {
    const b = pointer(p, 1) + <usize>column * row;
    const b1 = row * min(1, end - 1 - column);
    const b2 = row * min(2, end - 1 - column);
    for (let i = 0; i < m; i += ROWS) {
      const a = pointer(p, 0) + <usize>i * row;
      const a1 = row * min(1, m - 1 - i);
      const a2 = row * min(2, m - 1 - i);
      const a3 = row * min(3, m - 1 - i);
      dotRows(a, a1, a2, a3, b, b1, b2, whole, tile);
      for (let r = 0; r < min(ROWS, m - i); r++) {
        for (let j = 0; j < min(3, end - column); j++) {
          let sum = sumOfLanes(v128.load(tile + (<usize>(r * 3 + j) << 4)));
          for (let at = whole; at < row; at += 4) {
            sum = fma1(load<f32>(a + row * r + at), load<f32>(b + row * j + at), sum);
          }
          if (bias != 0) sum += load<f32>(bias + (<usize>(column + j) << 2));
          store<f32>(pointer(p, 2) + (<usize>((i + r) * n + column + j) << 2), activated(sum, activation));
        }
      }
    }
  }
}

/** tile[r][j] = four sums over every fourth product of a row r of four and a row j of three, `bytes` of each. */
function dotRows(
  a: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  b: usize,
  b1: usize,
  b2: usize,
  bytes: usize,
  tile: usize,
): void {
  a1 += a;
  a2 += a;
  a3 += a;
  b1 += b;
  b2 += b;
  const end = a + bytes;
  const zero = f32x4.splat(0);
  let c00 = zero;
  let c01 = zero;
  let c02 = zero;
  let c10 = zero;
  let c11 = zero;
  let c12 = zero;
  let c20 = zero;
  let c21 = zero;
  let c22 = zero;
  let c30 = zero;
  let c31 = zero;
  let c32 = zero;
  while (a < end) {
    const x0 = v128.load(b);
    const x1 = v128.load(b1);
    const x2 = v128.load(b2);
    let s = v128.load(a);
    c00 = fma(s, x0, c00);
    c01 = fma(s, x1, c01);
    c02 = fma(s, x2, c02);
    s = v128.load(a1);
    c10 = fma(s, x0, c10);
    c11 = fma(s, x1, c11);
    c12 = fma(s, x2, c12);
    s = v128.load(a2);
    c20 = fma(s, x0, c20);
    c21 = fma(s, x1, c21);
    c22 = fma(s, x2, c22);
    s = v128.load(a3);
    c30 = fma(s, x0, c30);
    c31 = fma(s, x1, c31);
    c32 = fma(s, x2, c32);
    a += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    b += 16;
    b1 += 16;
    b2 += 16;
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c02, 32);
  v128.store(tile, c10, 48);
  v128.store(tile, c11, 64);
  v128.store(tile, c12, 80);
  v128.store(tile, c20, 96);
  v128.store(tile, c21, 112);
  v128.store(tile, c22, 128);
  v128.store(tile, c30, 144);
  v128.store(tile, c31, 160);
  v128.store(tile, c32, 176);
}
