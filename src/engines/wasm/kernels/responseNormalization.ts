import { float, fma, pointer, word } from './common';
import { firstLanes, storeLanes } from './lanes';
import { exp4, log4 } from './math';

// A pixel's channels are first squared (or multiplied) into scratch memory with zeros on both sides, so that no window
// reaches past the end. The rows of scratch memory are `size` floats before and `size` + 4 behind the channels.

/** d^−beta for d > 0. */
// @ts-ignore: decorator
@inline
function powerOf(d: v128, beta: v128): v128 {
  return exp4(f32x4.neg(f32x4.mul(beta, log4(d))));
}

/** Sum of the window that starts at `at`. */
// @ts-ignore: decorator
@inline
function windowSum(at: usize, size: i32): v128 {
  let sum = v128.load(at);
  for (let k = 1; k < size; k++) {
    at += 4;
    sum = f32x4.add(sum, v128.load(at));
  }
  return sum;
}

/** Writes x² of one pixel; up to three zeros follow where c is not a multiple of four. */
// @ts-ignore: decorator
@inline
function squareRow(x: usize, c: i32, target: usize): void {
  for (let i = 0; i < c; i += 4) {
    const at = <usize>i << 2;
    const v = v128.load(x + at);
    const square = f32x4.mul(v, v);
    v128.store(target + at, i + 4 > c ? v128.and(square, firstLanes(c - i)) : square);
  }
}

/**
 * y = x · (bias + scale · Σ x²)^−beta over windows of channels. One item makes `perItem` pixels.
 *
 *  0 x        1 y         2 pixels    3 c         4 perItem   5 size      6 scale (float)         7 beta (float)
 *  8 bias (float)         9 scratch  10 bytes of scratch for each thread (4 · (c + 2 · size + 8) at least)
 */
export function responseNormalizationRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const size = word(p, 5);
  const scale = f32x4.splat(float(p, 6));
  const beta = f32x4.splat(float(p, 7));
  const bias = f32x4.splat(float(p, 8));
  const scratch = pointer(p, 9) + <usize>(thread * word(p, 10));
  memory.fill(scratch, 0, <usize>(c + 2 * size + 8) << 2);
  const squares = scratch + (<usize>size << 2);
  const before = <usize>((size - 1) >> 1) << 2;
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const x = pointer(p, 0) + (<usize>(row * c) << 2);
    const y = pointer(p, 1) + (<usize>(row * c) << 2);
    squareRow(x, c, squares);
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const d = fma(windowSum(squares + at - before, size), scale, bias);
      storeLanes(y + at, f32x4.mul(v128.load(x + at), powerOf(d, beta)), c - i);
    }
  }
}

/**
 * dx = dy · d^−beta − 2 · scale · beta · x · Σ dy · x · d^(−beta − 1), the sum over the windows that x lies in. One item
 * makes `perItem` pixels.
 *
 *  0 to 10 as of `responseNormalizationRows`, with twice the scratch; y is dx; 11 dy
 */
export function responseNormalizationGradientRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const size = word(p, 5);
  const scale = f32x4.splat(float(p, 6));
  const beta = f32x4.splat(float(p, 7));
  const bias = f32x4.splat(float(p, 8));
  const slope = f32x4.splat(2 * float(p, 6) * float(p, 7));
  const scratch = pointer(p, 9) + <usize>(thread * word(p, 10));
  const half = <usize>(c + 2 * size + 8) << 2;
  memory.fill(scratch, 0, half << 1);
  const squares = scratch + (<usize>size << 2);
  const products = squares + half;
  const before = <usize>((size - 1) >> 1) << 2;
  const behind = <usize>(size >> 1) << 2;
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const offset = <usize>(row * c) << 2;
    const x = pointer(p, 0) + offset;
    const dx = pointer(p, 1) + offset;
    const dy = pointer(p, 11) + offset;
    squareRow(x, c, squares);
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const d = fma(windowSum(squares + at - before, size), scale, bias);
      const direct = f32x4.mul(v128.load(dy + at), powerOf(d, beta));
      const product = f32x4.div(f32x4.mul(direct, v128.load(x + at)), d);
      v128.store(products + at, i + 4 > c ? v128.and(product, firstLanes(c - i)) : product);
      storeLanes(dx + at, direct, c - i);
    }
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const shared = f32x4.mul(slope, windowSum(products + at - behind, size));
      storeLanes(dx + at, f32x4.sub(v128.load(dx + at), f32x4.mul(v128.load(x + at), shared)), c - i);
    }
  }
}
