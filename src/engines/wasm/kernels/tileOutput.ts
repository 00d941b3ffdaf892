import { between, leastOf, mostOf } from './activation';
import { fma } from './common';
import { WIDE } from './generated/build';
import { addRows, PANEL, PANEL_BYTES, ROWS, storeTile } from './tiles';

/** Where a thread's stretch of tiles keeps byte offsets of a tile's rows. */
const TILE_ROWS: usize = 448;

/**
 * y[r][0..panel] = from[r][0..panel] + Σ_taps Σ_i a[r][tap + i] · b[tap][i][0..panel]) for six rows r.
 *
 * @param tile the thread's.
 * @param from what the sums begin with, rows `fromStep` bytes apart: a bias with 0, or what y holds.
 * @param offsets six byte offsets of the rows of A from `a`.
 * @param tapTable a byte offset for each tap, added to every row.
 * @param inner floats that each tap reads, contiguous in A.
 * @param b the panel: taps × inner × PANEL floats, contiguous.
 * @param yOffsets byte offsets of the rows of y; only `rows` of them are written, `columns` floats each.
 */
export function tileRows(
  tile: usize,
  from: usize,
  fromStep: usize,
  a: usize,
  offsets: usize,
  taps: i32,
  tapTable: usize,
  inner: i32,
  b: usize,
  y: usize,
  yOffsets: usize,
  rows: i32,
  columns: i32,
  activation: i32,
): void {
  const bytes = <usize>inner * PANEL_BYTES;
  const whole = rows == ROWS && columns == PANEL;
  if (taps > 1 || !whole) {
    copyRows(from, fromStep, rows, tile);
    from = tile;
    fromStep = PANEL_BYTES;
  }
  for (let tap = 0; tap < taps - 1; tap++) {
    addRows(tile, tile, a + load<u32>(tapTable + (<usize>tap << 2)), offsets, b, b + bytes);
    b += bytes;
  }
  const last = a + load<u32>(tapTable + (<usize>(taps - 1) << 2));
  if (whole) {
    outputRows(from, fromStep, last, offsets, b, b + bytes, y, yOffsets);
    if (activation != 0) activateRows(y, yOffsets, activation);
    return;
  }
  const tileOffsets = tile + TILE_ROWS;
  for (let r = 0; r < ROWS; r++) store<u32>(tileOffsets + (<usize>r << 2), r * <i32>PANEL_BYTES);
  outputRows(tile, PANEL_BYTES, last, offsets, b, b + bytes, tile, tileOffsets);
  if (activation != 0) activateRows(tile, tileOffsets, activation);
  for (let r = 0; r < rows; r++) {
    storeTile(tile, y + load<u32>(yOffsets), 0, 1, columns, 0, 0, false);
    tile += PANEL_BYTES;
    yOffsets += 4;
  }
}

/** Copies `rows` rows of a panel's width into a tile; the last one fills the rest of it. */
function copyRows(from: usize, step: usize, rows: i32, tile: usize): void {
  for (let r = 0; r < ROWS; r++) {
    for (let i: usize = 0; i < PANEL_BYTES; i += 16) v128.store(tile + i, v128.load(from + i));
    if (r + 1 < rows) from += step;
    tile += PANEL_BYTES;
  }
}

/**
 * y[r][0..panel] = from[r][0..panel] + Σ_i a[r][i] · b[i][0..panel], i until `b` reaches `end`: as `addRows`, with
 * the sums written where they belong.
 *
 * @param fromStep bytes between rows of `from`; 0 where all begin with the same numbers.
 */
function outputRows(
  from: usize,
  fromStep: usize,
  a: usize,
  offsets: usize,
  b: usize,
  end: usize,
  y: usize,
  yOffsets: usize,
): void {
  const from1 = from + fromStep;
  const from2 = from1 + fromStep;
  const from3 = from2 + fromStep;
  const from4 = from3 + fromStep;
  const from5 = from4 + fromStep;
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from1);
  let c11 = v128.load(from1, 16);
  let c20 = v128.load(from2);
  let c21 = v128.load(from2, 16);
  let c30 = v128.load(from3);
  let c31 = v128.load(from3, 16);
  let c40 = v128.load(from4);
  let c41 = v128.load(from4, 16);
  let c50 = v128.load(from5);
  let c51 = v128.load(from5, 16);
  let c02 = WIDE ? v128.load(from, 32) : c00;
  let c03 = WIDE ? v128.load(from, 48) : c01;
  let c12 = WIDE ? v128.load(from1, 32) : c10;
  let c13 = WIDE ? v128.load(from1, 48) : c11;
  let c22 = WIDE ? v128.load(from2, 32) : c20;
  let c23 = WIDE ? v128.load(from2, 48) : c21;
  let c32 = WIDE ? v128.load(from3, 32) : c30;
  let c33 = WIDE ? v128.load(from3, 48) : c31;
  let c42 = WIDE ? v128.load(from4, 32) : c40;
  let c43 = WIDE ? v128.load(from4, 48) : c41;
  let c52 = WIDE ? v128.load(from5, 32) : c50;
  let c53 = WIDE ? v128.load(from5, 48) : c51;
  let a0 = a + load<u32>(offsets);
  let a1 = a + load<u32>(offsets, 4);
  let a2 = a + load<u32>(offsets, 8);
  let a3 = a + load<u32>(offsets, 12);
  let a4 = a + load<u32>(offsets, 16);
  let a5 = a + load<u32>(offsets, 20);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = WIDE ? v128.load(b, 32) : b0;
    const b3 = WIDE ? v128.load(b, 48) : b1;
    let s = v128.load32_splat(a0);
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
    s = v128.load32_splat(a4);
    c40 = fma(s, b0, c40);
    c41 = fma(s, b1, c41);
    if (WIDE) {
      c42 = fma(s, b2, c42);
      c43 = fma(s, b3, c43);
    }
    s = v128.load32_splat(a5);
    c50 = fma(s, b0, c50);
    c51 = fma(s, b1, c51);
    if (WIDE) {
      c52 = fma(s, b2, c52);
      c53 = fma(s, b3, c53);
    }
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
    b += PANEL_BYTES;
  }
  let to = y + load<u32>(yOffsets);
  v128.store(to, c00);
  v128.store(to, c01, 16);
  if (WIDE) {
    v128.store(to, c02, 32);
    v128.store(to, c03, 48);
  }
  to = y + load<u32>(yOffsets, 4);
  v128.store(to, c10);
  v128.store(to, c11, 16);
  if (WIDE) {
    v128.store(to, c12, 32);
    v128.store(to, c13, 48);
  }
  to = y + load<u32>(yOffsets, 8);
  v128.store(to, c20);
  v128.store(to, c21, 16);
  if (WIDE) {
    v128.store(to, c22, 32);
    v128.store(to, c23, 48);
  }
  to = y + load<u32>(yOffsets, 12);
  v128.store(to, c30);
  v128.store(to, c31, 16);
  if (WIDE) {
    v128.store(to, c32, 32);
    v128.store(to, c33, 48);
  }
  to = y + load<u32>(yOffsets, 16);
  v128.store(to, c40);
  v128.store(to, c41, 16);
  if (WIDE) {
    v128.store(to, c42, 32);
    v128.store(to, c43, 48);
  }
  to = y + load<u32>(yOffsets, 20);
  v128.store(to, c50);
  v128.store(to, c51, 16);
  if (WIDE) {
    v128.store(to, c52, 32);
    v128.store(to, c53, 48);
  }
}

/** y[r][0..panel] = act(y[r][0..panel]) for six rows r. */
function activateRows(y: usize, yOffsets: usize, activation: i32): void {
  const least = leastOf(activation);
  const most = mostOf(activation);
  for (let r = 0; r < ROWS; r++) {
    const row = y + load<u32>(yOffsets + (<usize>r << 2));
    v128.store(row, between(v128.load(row), least, most));
    v128.store(row, between(v128.load(row, 16), least, most), 16);
    if (WIDE) {
      v128.store(row, between(v128.load(row, 32), least, most), 32);
      v128.store(row, between(v128.load(row, 48), least, most), 48);
    }
  }
}
