import { fma } from './common';

/** Width of a tile: columns (output channels) that one panel of packed weights holds. */
export const PANEL: i32 = 8;
/** Height of a tile: rows (output pixels) that are computed together. 6 × 8 sums fill twelve of the vector registers. */
export const ROWS: i32 = 6;

/** First address of the threads' tiles: 6 × 8 sums each, in a stretch of 256 bytes. The engine's heap begins behind. */
const TILES: usize = 4096;

/** Address of a tile of zeros, which nothing writes. */
export const ZERO_TILE: usize = TILES + 64 * 256;

/** Where a thread keeps the sums of its tile between the loops that add to them. */
// @ts-ignore: decorator
@inline
export function tileOf(thread: i32): usize {
  return TILES + (<usize>thread << 8);
}

/**
 * y[r][0..8] = act(Σ_taps Σ_i a[r][tap + i] · b[tap][i][0..8] (+ y) (+ bias)) for six rows r.
 *
 * @param offsets six byte offsets of the rows of A from `a`.
 * @param tapTable a byte offset for each tap, added to every row.
 * @param inner floats that each tap reads, contiguous in A.
 * @param b the panel: taps × inner × 8 floats, contiguous.
 * @param yOffsets byte offsets of the rows of y; only `rows` of them are written, `columns` floats each.
 * @param accumulate adds to what y holds.
 */
export function tileRows(
  tile: usize,
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
  bias: usize,
  relu: bool,
  accumulate: bool,
): void {
  const bytes = <usize>inner << 5;
  for (let tap = 0; tap < taps; tap++) {
    addRows(tap == 0 ? ZERO_TILE : tile, tile, a + load<u32>(tapTable + (<usize>tap << 2)), offsets, b, b + bytes);
    b += bytes;
  }
  for (let r = 0; r < rows; r++) {
    storeRow(tile, y + load<u32>(yOffsets), columns, bias, relu, accumulate);
    tile += 32;
    yOffsets += 4;
  }
}

/**
 * out[r][0..8] (+)= tile[r][0..8] for the first `rows` rows, `columns` floats each, with bias and activation.
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
  relu: bool,
  accumulate: bool,
): void {
  for (let r = 0; r < rows; r++) {
    storeRow(tile, out, columns, bias, relu, accumulate);
    tile += 32;
    out += outRow;
  }
}

// The two loops below hold the sums in registers. Each is a function of its own with a single loop and no call after
// it: with a second loop or a call, V8 11 (Node 20) keeps the sums in memory and runs at half the speed.

/** tile[r][0..8] = from[r][0..8] + Σ_i a[r][i] · b[i][0..8], i until `b` reaches `end`. */
export function addRows(from: usize, tile: usize, a: usize, offsets: usize, b: usize, end: usize): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c10 = v128.load(from, 32);
  let c11 = v128.load(from, 48);
  let c20 = v128.load(from, 64);
  let c21 = v128.load(from, 80);
  let c30 = v128.load(from, 96);
  let c31 = v128.load(from, 112);
  let c40 = v128.load(from, 128);
  let c41 = v128.load(from, 144);
  let c50 = v128.load(from, 160);
  let c51 = v128.load(from, 176);
  let a0 = a + load<u32>(offsets);
  let a1 = a + load<u32>(offsets, 4);
  let a2 = a + load<u32>(offsets, 8);
  let a3 = a + load<u32>(offsets, 12);
  let a4 = a + load<u32>(offsets, 16);
  let a5 = a + load<u32>(offsets, 20);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a0);
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    s = v128.load32_splat(a4);
    c40 = fma(s, b0, c40);
    c41 = fma(s, b1, c41);
    s = v128.load32_splat(a5);
    c50 = fma(s, b0, c50);
    c51 = fma(s, b1, c51);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
    b += 32;
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  v128.store(tile, c40, 128);
  v128.store(tile, c41, 144);
  v128.store(tile, c50, 160);
  v128.store(tile, c51, 176);
}

/**
 * tile[r][0..8] = from[r][0..8] + Σ_k a[k][r] · b[k][0..8] for six rows r that stand side by side in A, k until `b` reaches `end`.
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
  let c10 = v128.load(from, 32);
  let c11 = v128.load(from, 48);
  let c20 = v128.load(from, 64);
  let c21 = v128.load(from, 80);
  let c30 = v128.load(from, 96);
  let c31 = v128.load(from, 112);
  let c40 = v128.load(from, 128);
  let c41 = v128.load(from, 144);
  let c50 = v128.load(from, 160);
  let c51 = v128.load(from, 176);
  let lineEnd = b + lineBytes;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = fma(s, b0, c00);
    c01 = fma(s, b1, c01);
    s = v128.load32_splat(a, 4);
    c10 = fma(s, b0, c10);
    c11 = fma(s, b1, c11);
    s = v128.load32_splat(a, 8);
    c20 = fma(s, b0, c20);
    c21 = fma(s, b1, c21);
    s = v128.load32_splat(a, 12);
    c30 = fma(s, b0, c30);
    c31 = fma(s, b1, c31);
    s = v128.load32_splat(a, 16);
    c40 = fma(s, b0, c40);
    c41 = fma(s, b1, c41);
    s = v128.load32_splat(a, 20);
    c50 = fma(s, b0, c50);
    c51 = fma(s, b1, c51);
    a += step;
    b += 32;
    if (b == lineEnd) {
      a += skip;
      lineEnd += lineBytes;
    }
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  v128.store(tile, c40, 128);
  v128.store(tile, c41, 144);
  v128.store(tile, c50, 160);
  v128.store(tile, c51, 176);
}

/** Adds bias, applies the activation and writes one row of a tile. */
function storeRow(tile: usize, y: usize, columns: i32, bias: usize, relu: bool, accumulate: bool): void {
  if (columns == PANEL) {
    let low = v128.load(tile);
    let high = v128.load(tile, 16);
    if (accumulate) {
      low = f32x4.add(low, v128.load(y));
      high = f32x4.add(high, v128.load(y, 16));
    }
    if (bias != 0) {
      low = f32x4.add(low, v128.load(bias));
      high = f32x4.add(high, v128.load(bias, 16));
    }
    if (relu) {
      low = f32x4.max(low, f32x4.splat(0));
      high = f32x4.max(high, f32x4.splat(0));
    }
    v128.store(y, low);
    v128.store(y, high, 16);
    return;
  }
  for (let i = 0; i < columns; i++) {
    const at = <usize>i << 2;
    let value = load<f32>(tile + at);
    if (accumulate) value += load<f32>(y + at);
    if (bias != 0) value += load<f32>(bias + at);
    store<f32>(y + at, relu ? max<f32>(value, 0) : value);
  }
}
