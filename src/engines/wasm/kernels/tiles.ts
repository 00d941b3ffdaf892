import { activated, between, leastOf, mostOf } from './activation';
import { fma } from './common';
import { WIDE } from './generated/build';

/** Width of a tile: columns (output channels) that one panel of packed weights holds. */
export const PANEL: i32 = WIDE ? 16 : 8;
/** Bytes of one row of a panel or of a tile. */
export const PANEL_BYTES: usize = WIDE ? 64 : 32;
/** Columns that one item packs or computes at least: the same in all builds, so that sizes do not depend on the build. */
export const COLUMNS: i32 = 16;
/**
 * Height of a tile: rows (output pixels) that are computed together. 6 × 8 sums fill twelve registers of 128 bits; in the
 * wide build V8 joins neighbouring vectors, and 6 × 16 sums fill twelve registers of 256 bits.
 */
export const ROWS: i32 = 6;
/** Bytes of a tile. */
export const TILE_BYTES: usize = 6 * PANEL_BYTES;

/** First address of the threads' tiles, in stretches of 512 bytes. The engine's heap begins behind. */
const TILES: usize = 4096;

/** Address of a tile of zeros, which nothing writes. */
export const ZERO_TILE: usize = TILES + 64 * 512;

/** Where a thread keeps the sums of its tile between the loops that add to them. */
// @ts-ignore: decorator
@inline
export function tileOf(thread: i32): usize {
  return TILES + (<usize>thread << 9);
}

/**
 * out[r][0..panel] (+)= tile[r][0..panel] for the first `rows` rows, `columns` floats each, with bias and activation.
 *
 * @param outRow bytes between rows of the output.
 */
export function storeTile(
  tile: usize,
  out: usize,
  outRow: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  activation: i32,
  accumulate: bool,
): void {
  for (let r = 0; r < rows; r++) {
    storeRow(tile, out, columns, bias, activation, accumulate);
    tile += PANEL_BYTES;
    out += outRow;
  }
}

// The two loops below hold the sums in registers. Each is a function of its own with a single loop and no call after
// it: with a second loop or a call, V8 11 (Node 20) keeps the sums in memory and runs at half the speed.

/** tile[r][0..panel] = from[r][0..panel] + Σ_i a[r][i] · b[i][0..panel], i until `b` reaches `end`. */
export function addRows(from: usize, tile: usize, a: usize, offsets: usize, b: usize, end: usize): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from, PANEL_BYTES);
  let c11 = v128.load(from, PANEL_BYTES + 16);
  let c20 = v128.load(from, 2 * PANEL_BYTES);
  let c21 = v128.load(from, 2 * PANEL_BYTES + 16);
  let c30 = v128.load(from, 3 * PANEL_BYTES);
  let c31 = v128.load(from, 3 * PANEL_BYTES + 16);
  let c40 = v128.load(from, 4 * PANEL_BYTES);
  let c41 = v128.load(from, 4 * PANEL_BYTES + 16);
  let c50 = v128.load(from, 5 * PANEL_BYTES);
  let c51 = v128.load(from, 5 * PANEL_BYTES + 16);
  let c02 = WIDE ? v128.load(from, 32) : c00;
  let c03 = WIDE ? v128.load(from, 48) : c01;
  let c12 = WIDE ? v128.load(from, PANEL_BYTES + 32) : c10;
  let c13 = WIDE ? v128.load(from, PANEL_BYTES + 48) : c11;
  let c22 = WIDE ? v128.load(from, 2 * PANEL_BYTES + 32) : c20;
  let c23 = WIDE ? v128.load(from, 2 * PANEL_BYTES + 48) : c21;
  let c32 = WIDE ? v128.load(from, 3 * PANEL_BYTES + 32) : c30;
  let c33 = WIDE ? v128.load(from, 3 * PANEL_BYTES + 48) : c31;
  let c42 = WIDE ? v128.load(from, 4 * PANEL_BYTES + 32) : c40;
  let c43 = WIDE ? v128.load(from, 4 * PANEL_BYTES + 48) : c41;
  let c52 = WIDE ? v128.load(from, 5 * PANEL_BYTES + 32) : c50;
  let c53 = WIDE ? v128.load(from, 5 * PANEL_BYTES + 48) : c51;
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
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  if (WIDE) {
    v128.store(tile, c02, 32);
    v128.store(tile, c03, 48);
  }
  v128.store(tile, c10, PANEL_BYTES);
  v128.store(tile, c11, PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c12, PANEL_BYTES + 32);
    v128.store(tile, c13, PANEL_BYTES + 48);
  }
  v128.store(tile, c20, 2 * PANEL_BYTES);
  v128.store(tile, c21, 2 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c22, 2 * PANEL_BYTES + 32);
    v128.store(tile, c23, 2 * PANEL_BYTES + 48);
  }
  v128.store(tile, c30, 3 * PANEL_BYTES);
  v128.store(tile, c31, 3 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c32, 3 * PANEL_BYTES + 32);
    v128.store(tile, c33, 3 * PANEL_BYTES + 48);
  }
  v128.store(tile, c40, 4 * PANEL_BYTES);
  v128.store(tile, c41, 4 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c42, 4 * PANEL_BYTES + 32);
    v128.store(tile, c43, 4 * PANEL_BYTES + 48);
  }
  v128.store(tile, c50, 5 * PANEL_BYTES);
  v128.store(tile, c51, 5 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c52, 5 * PANEL_BYTES + 32);
    v128.store(tile, c53, 5 * PANEL_BYTES + 48);
  }
}

/**
 * tile[r][0..panel] = from[r][0..panel] + Σ_k a[k][r] · b[k][0..panel] for six rows r that stand side by side in A, k
 * until `b` reaches `end`.
 *
 * @param a first position; the next one lies `step` bytes on.
 * @param skip bytes that A goes on further after each line of `lineBytes` of b.
 */
export function addOuter(
  from: usize,
  tile: usize,
  a: usize,
  step: usize,
  skip: usize,
  lineBytes: usize,
  b: usize,
  end: usize,
): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from, PANEL_BYTES);
  let c11 = v128.load(from, PANEL_BYTES + 16);
  let c20 = v128.load(from, 2 * PANEL_BYTES);
  let c21 = v128.load(from, 2 * PANEL_BYTES + 16);
  let c30 = v128.load(from, 3 * PANEL_BYTES);
  let c31 = v128.load(from, 3 * PANEL_BYTES + 16);
  let c40 = v128.load(from, 4 * PANEL_BYTES);
  let c41 = v128.load(from, 4 * PANEL_BYTES + 16);
  let c50 = v128.load(from, 5 * PANEL_BYTES);
  let c51 = v128.load(from, 5 * PANEL_BYTES + 16);
  let c02 = WIDE ? v128.load(from, 32) : c00;
  let c03 = WIDE ? v128.load(from, 48) : c01;
  let c12 = WIDE ? v128.load(from, PANEL_BYTES + 32) : c10;
  let c13 = WIDE ? v128.load(from, PANEL_BYTES + 48) : c11;
  let c22 = WIDE ? v128.load(from, 2 * PANEL_BYTES + 32) : c20;
  let c23 = WIDE ? v128.load(from, 2 * PANEL_BYTES + 48) : c21;
  let c32 = WIDE ? v128.load(from, 3 * PANEL_BYTES + 32) : c30;
  let c33 = WIDE ? v128.load(from, 3 * PANEL_BYTES + 48) : c31;
  let c42 = WIDE ? v128.load(from, 4 * PANEL_BYTES + 32) : c40;
  let c43 = WIDE ? v128.load(from, 4 * PANEL_BYTES + 48) : c41;
  let c52 = WIDE ? v128.load(from, 5 * PANEL_BYTES + 32) : c50;
  let c53 = WIDE ? v128.load(from, 5 * PANEL_BYTES + 48) : c51;
  let lineEnd = b + lineBytes;
  while (b < end) {
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
    s = v128.load32_splat(a, 4);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    if (WIDE) {
      c12 = fma(s, b2, c12);
      c13 = fma(s, b3, c13);
    }
    s = v128.load32_splat(a, 8);
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    if (WIDE) {
      c22 = fma(s, b2, c22);
      c23 = fma(s, b3, c23);
    }
    s = v128.load32_splat(a, 12);
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    if (WIDE) {
      c32 = fma(s, b2, c32);
      c33 = fma(s, b3, c33);
    }
    s = v128.load32_splat(a, 16);
    c40 = fma(s, b0, c40);
    c41 = fma(s, b1, c41);
    if (WIDE) {
      c42 = fma(s, b2, c42);
      c43 = fma(s, b3, c43);
    }
    s = v128.load32_splat(a, 20);
    c50 = fma(s, b0, c50);
    c51 = fma(s, b1, c51);
    if (WIDE) {
      c52 = fma(s, b2, c52);
      c53 = fma(s, b3, c53);
    }
    a += step;
    b += PANEL_BYTES;
    if (b == lineEnd) {
      a += skip;
      lineEnd += lineBytes;
    }
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  if (WIDE) {
    v128.store(tile, c02, 32);
    v128.store(tile, c03, 48);
  }
  v128.store(tile, c10, PANEL_BYTES);
  v128.store(tile, c11, PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c12, PANEL_BYTES + 32);
    v128.store(tile, c13, PANEL_BYTES + 48);
  }
  v128.store(tile, c20, 2 * PANEL_BYTES);
  v128.store(tile, c21, 2 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c22, 2 * PANEL_BYTES + 32);
    v128.store(tile, c23, 2 * PANEL_BYTES + 48);
  }
  v128.store(tile, c30, 3 * PANEL_BYTES);
  v128.store(tile, c31, 3 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c32, 3 * PANEL_BYTES + 32);
    v128.store(tile, c33, 3 * PANEL_BYTES + 48);
  }
  v128.store(tile, c40, 4 * PANEL_BYTES);
  v128.store(tile, c41, 4 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c42, 4 * PANEL_BYTES + 32);
    v128.store(tile, c43, 4 * PANEL_BYTES + 48);
  }
  v128.store(tile, c50, 5 * PANEL_BYTES);
  v128.store(tile, c51, 5 * PANEL_BYTES + 16);
  if (WIDE) {
    v128.store(tile, c52, 5 * PANEL_BYTES + 32);
    v128.store(tile, c53, 5 * PANEL_BYTES + 48);
  }
}

/** Adds bias, applies the activation and writes one row of a tile. */
function storeRow(tile: usize, y: usize, columns: i32, bias: usize, activation: i32, accumulate: bool): void {
  if (columns == PANEL) {
    storeFour(tile, y, bias, activation, accumulate);
    storeFour(tile + 16, y + 16, bias == 0 ? 0 : bias + 16, activation, accumulate);
    if (WIDE) {
      storeFour(tile + 32, y + 32, bias == 0 ? 0 : bias + 32, activation, accumulate);
      storeFour(tile + 48, y + 48, bias == 0 ? 0 : bias + 48, activation, accumulate);
    }
    return;
  }
  for (let i = 0; i < columns; i++) {
    const at = <usize>i << 2;
    let value = load<f32>(tile + at);
    if (accumulate) value += load<f32>(y + at);
    if (bias != 0) value += load<f32>(bias + at);
    store<f32>(y + at, activated(value, activation));
  }
}

// @ts-ignore: decorator
@inline
function storeFour(tile: usize, y: usize, bias: usize, activation: i32, accumulate: bool): void {
  let value = v128.load(tile);
  if (accumulate) value = f32x4.add(value, v128.load(y));
  if (bias != 0) value = f32x4.add(value, v128.load(bias));
  v128.store(y, between(value, leastOf(activation), mostOf(activation)));
}
