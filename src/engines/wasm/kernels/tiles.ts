import { fma } from './common';

/** Width of a tile: columns (output channels) that one panel of packed weights holds. */
export const PANEL: i32 = 8;
/** Height of a tile: rows (output pixels) that are computed together. 6 × 8 sums fill the 16 vector registers. */
export const ROWS: i32 = 6;

/**
 * y[r][0..8] = act(Σ_taps Σ_i a[r][tap + i] · b[tap][i][0..8] (+ y) (+ bias)) for six rows r.
 *
 * @param offsets six byte offsets of the rows of A from `a`.
 * @param tapTable a byte offset for each tap, added to every row.
 * @param inner floats that each tap reads, contiguous in A.
 * @param b the panel: taps × inner × 8 floats, contiguous.
 * @param yOffsets byte offsets of the rows of y; only `rows` of them are written, `columns` floats each.
 * @param accumulate 1: adds to what y holds.
 */
export function tileRows(
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
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  const row0 = a + load<u32>(offsets);
  const row1 = a + load<u32>(offsets, 4);
  const row2 = a + load<u32>(offsets, 8);
  const row3 = a + load<u32>(offsets, 12);
  const row4 = a + load<u32>(offsets, 16);
  const row5 = a + load<u32>(offsets, 20);
  const unrolled = <usize>(inner & ~3) << 5;
  const whole = <usize>inner << 5;
  for (let tap = 0; tap < taps; tap++) {
    const offset = <usize>load<u32>(tapTable + (<usize>tap << 2));
    let a0 = row0 + offset;
    let a1 = row1 + offset;
    let a2 = row2 + offset;
    let a3 = row3 + offset;
    let a4 = row4 + offset;
    let a5 = row5 + offset;
    const end4 = b + unrolled;
    const end = b + whole;
    while (b < end4) {
      let b0 = v128.load(b);
      let b1 = v128.load(b, 16);
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

      b0 = v128.load(b, 32);
      b1 = v128.load(b, 48);
      s = v128.load32_splat(a0, 4);
      c00 = fma(s, b0, c00);
      c01 = fma(s, b1, c01);
      s = v128.load32_splat(a1, 4);
      c10 = fma(s, b0, c10);
      c11 = fma(s, b1, c11);
      s = v128.load32_splat(a2, 4);
      c20 = fma(s, b0, c20);
      c21 = fma(s, b1, c21);
      s = v128.load32_splat(a3, 4);
      c30 = fma(s, b0, c30);
      c31 = fma(s, b1, c31);
      s = v128.load32_splat(a4, 4);
      c40 = fma(s, b0, c40);
      c41 = fma(s, b1, c41);
      s = v128.load32_splat(a5, 4);
      c50 = fma(s, b0, c50);
      c51 = fma(s, b1, c51);

      b0 = v128.load(b, 64);
      b1 = v128.load(b, 80);
      s = v128.load32_splat(a0, 8);
      c00 = fma(s, b0, c00);
      c01 = fma(s, b1, c01);
      s = v128.load32_splat(a1, 8);
      c10 = fma(s, b0, c10);
      c11 = fma(s, b1, c11);
      s = v128.load32_splat(a2, 8);
      c20 = fma(s, b0, c20);
      c21 = fma(s, b1, c21);
      s = v128.load32_splat(a3, 8);
      c30 = fma(s, b0, c30);
      c31 = fma(s, b1, c31);
      s = v128.load32_splat(a4, 8);
      c40 = fma(s, b0, c40);
      c41 = fma(s, b1, c41);
      s = v128.load32_splat(a5, 8);
      c50 = fma(s, b0, c50);
      c51 = fma(s, b1, c51);

      b0 = v128.load(b, 96);
      b1 = v128.load(b, 112);
      s = v128.load32_splat(a0, 12);
      c00 = fma(s, b0, c00);
      c01 = fma(s, b1, c01);
      s = v128.load32_splat(a1, 12);
      c10 = fma(s, b0, c10);
      c11 = fma(s, b1, c11);
      s = v128.load32_splat(a2, 12);
      c20 = fma(s, b0, c20);
      c21 = fma(s, b1, c21);
      s = v128.load32_splat(a3, 12);
      c30 = fma(s, b0, c30);
      c31 = fma(s, b1, c31);
      s = v128.load32_splat(a4, 12);
      c40 = fma(s, b0, c40);
      c41 = fma(s, b1, c41);
      s = v128.load32_splat(a5, 12);
      c50 = fma(s, b0, c50);
      c51 = fma(s, b1, c51);

      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      a4 += 16;
      a5 += 16;
      b += 128;
    }
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
  }
  storeRow(y + load<u32>(yOffsets), c00, c01, columns, bias, relu, accumulate);
  if (rows > 1) storeRow(y + load<u32>(yOffsets, 4), c10, c11, columns, bias, relu, accumulate);
  if (rows > 2) storeRow(y + load<u32>(yOffsets, 8), c20, c21, columns, bias, relu, accumulate);
  if (rows > 3) storeRow(y + load<u32>(yOffsets, 12), c30, c31, columns, bias, relu, accumulate);
  if (rows > 4) storeRow(y + load<u32>(yOffsets, 16), c40, c41, columns, bias, relu, accumulate);
  if (rows > 5) storeRow(y + load<u32>(yOffsets, 20), c50, c51, columns, bias, relu, accumulate);
}

/**
 * out[r][0..8] (+)= Σ_k a[k][r] · b[k][0..8] for six rows r that stand side by side in A, where k runs over `count`
 * lines of `length` positions each.
 *
 * @param a first position; the next one lies `aStep` bytes on, the next line `aLine` bytes on.
 * @param b the panel: count × length × 8 floats, contiguous.
 * @param outRow bytes between rows of the output.
 */
export function tileOuter(
  a: usize,
  aStep: usize,
  aLine: usize,
  count: i32,
  length: i32,
  b: usize,
  out: usize,
  outRow: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  relu: bool,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (let line = 0; line < count; line++) {
    let at = a;
    const end = b + (<usize>length << 5);
    while (b < end) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load32_splat(at);
      c00 = fma(s, b0, c00);
      c01 = fma(s, b1, c01);
      s = v128.load32_splat(at, 4);
      c10 = fma(s, b0, c10);
      c11 = fma(s, b1, c11);
      s = v128.load32_splat(at, 8);
      c20 = fma(s, b0, c20);
      c21 = fma(s, b1, c21);
      s = v128.load32_splat(at, 12);
      c30 = fma(s, b0, c30);
      c31 = fma(s, b1, c31);
      s = v128.load32_splat(at, 16);
      c40 = fma(s, b0, c40);
      c41 = fma(s, b1, c41);
      s = v128.load32_splat(at, 20);
      c50 = fma(s, b0, c50);
      c51 = fma(s, b1, c51);
      at += aStep;
      b += 32;
    }
    a += aLine;
  }
  storeRow(out, c00, c01, columns, bias, relu, accumulate);
  if (rows > 1) storeRow(out + outRow, c10, c11, columns, bias, relu, accumulate);
  if (rows > 2) storeRow(out + outRow * 2, c20, c21, columns, bias, relu, accumulate);
  if (rows > 3) storeRow(out + outRow * 3, c30, c31, columns, bias, relu, accumulate);
  if (rows > 4) storeRow(out + outRow * 4, c40, c41, columns, bias, relu, accumulate);
  if (rows > 5) storeRow(out + outRow * 5, c50, c51, columns, bias, relu, accumulate);
}

// @ts-ignore: decorator
@inline
function storeRow(
  y: usize,
  low: v128,
  high: v128,
  columns: i32,
  bias: usize,
  relu: bool,
  accumulate: bool,
): void {
  if (columns == PANEL) {
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
  } else {
    storePart(y, low, high, columns, bias, relu, accumulate);
  }
}

/** The last panel of a matrix whose width is not a multiple of 8. */
function storePart(
  y: usize,
  low: v128,
  high: v128,
  columns: i32,
  bias: usize,
  relu: bool,
  accumulate: bool,
): void {
  for (let i = 0; i < columns; i++) {
    let value = f32x4.extract_lane(low, 0);
    if (accumulate) value += load<f32>(y);
    if (bias != 0) {
      value += load<f32>(bias);
      bias += 4;
    }
    store<f32>(y, relu ? max<f32>(value, 0) : value);
    y += 4;
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4);
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 3);
  }
}
