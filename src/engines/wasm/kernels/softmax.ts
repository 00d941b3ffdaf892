import { pointer, word } from './common';
import { firstLanes, maxOfLanes, storeLanes, sumOfLanes } from './lanes';
import { exp4, log4 } from './math';

/** Largest of `c` numbers; NaN where one is. */
export function rowMax(x: usize, c: i32): f32 {
  let best = f32x4.splat(load<f32>(x));
  let i = 0;
  for (; i + 4 <= c; i += 4) best = f32x4.max(best, v128.load(x + (<usize>i << 2)));
  if (i < c) best = f32x4.max(best, v128.bitselect(v128.load(x + (<usize>i << 2)), best, firstLanes(c - i)));
  return maxOfLanes(best);
}

/** Σ exp(x − top) over `c` numbers; each is also written to `y` unless that is 0. */
export function expSum(x: usize, y: usize, c: i32, top: f32): f32 {
  const shift = f32x4.splat(top);
  let sum = f32x4.splat(0);
  for (let i = 0; i < c; i += 4) {
    const at = <usize>i << 2;
    let e = exp4(f32x4.sub(v128.load(x + at), shift));
    if (i + 4 > c) e = v128.and(e, firstLanes(c - i));
    if (y != 0) storeLanes(y + at, e, c - i);
    sum = f32x4.add(sum, e);
  }
  return sumOfLanes(sum);
}

/** Natural logarithm of one number. */
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/**
 * y = exp(x) / Σ exp(x) over rows of `c`. One item works on `rows` rows, here and below.
 *
 * 0 x        1 y         2 rows in all           3 c         4 rows
 */
export function softmaxRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const x = pointer(p, 0) + (<usize>(row * c) << 2);
    const y = pointer(p, 1) + (<usize>(row * c) << 2);
    const sum = expSum(x, y, c, rowMax(x, c));
    const factor = f32x4.splat(1 / sum);
    for (let i = 0; i < c; i += 4) {
      const at = y + (<usize>i << 2);
      storeLanes(at, f32x4.mul(v128.load(at), factor), c - i);
    }
  }
}

/**
 * y = x − log Σ exp(x) over rows of `c`.
 *
 * 0 x        1 y         2 rows in all           3 c         4 rows
 */
export function logSoftmaxRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const x = pointer(p, 0) + (<usize>(row * c) << 2);
    const y = pointer(p, 1) + (<usize>(row * c) << 2);
    const top = rowMax(x, c);
    const shift = f32x4.splat(top);
    const logSum = f32x4.splat(log1(expSum(x, 0, c, top)));
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      storeLanes(y + at, f32x4.sub(f32x4.sub(v128.load(x + at), shift), logSum), c - i);
    }
  }
}

/**
 * dx = y · (dy − Σ dy · y) over rows of `c`; y is the softmax.
 *
 * 0 y        1 dx        2 rows in all           3 c         4 rows     5 dy
 */
export function softmaxGradientRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const offset = <usize>(row * c) << 2;
    const y = pointer(p, 0) + offset;
    const dx = pointer(p, 1) + offset;
    const dy = pointer(p, 5) + offset;
    let sums = f32x4.splat(0);
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const product = f32x4.mul(v128.load(y + at), v128.load(dy + at));
      sums = f32x4.add(sums, i + 4 > c ? v128.and(product, firstLanes(c - i)) : product);
    }
    const sum = f32x4.splat(sumOfLanes(sums));
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      storeLanes(dx + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), sum)), c - i);
    }
  }
}

/**
 * dx = dy − exp(y) · Σ dy over rows of `c`; y is the logarithm of the softmax.
 *
 * 0 y        1 dx        2 rows in all           3 c         4 rows     5 dy
 */
export function logSoftmaxGradientRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const to = min(word(p, 2), (item + 1) * word(p, 4));
  for (let row = item * word(p, 4); row < to; row++) {
    const offset = <usize>(row * c) << 2;
    const y = pointer(p, 0) + offset;
    const dx = pointer(p, 1) + offset;
    const dy = pointer(p, 5) + offset;
    let sums = f32x4.splat(0);
    for (let i = 0; i < c; i += 4) {
      const g = v128.load(dy + (<usize>i << 2));
      sums = f32x4.add(sums, i + 4 > c ? v128.and(g, firstLanes(c - i)) : g);
    }
    const sum = f32x4.splat(sumOfLanes(sums));
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      storeLanes(dx + at, f32x4.sub(v128.load(dy + at), f32x4.mul(exp4(v128.load(y + at)), sum)), c - i);
    }
  }
}
