import { float, fma, pointer, word } from './common';
import { CHUNK } from './elementwise';
import { firstLanes, storeLanes, sumOfLanes } from './lanes';
import { exp4, logOnePlus4 } from './math';
import { expSum, log1, rowMax } from './softmax';

/**
 * loss[row] = Σ t' · (log Σ exp(x) − x) with t' = t · keep + spread. One item works on `rows` rows, here and below.
 *
 * 0 logits   1 targets   2 losses    3 rows in all           4 c        5 rows      6 keep (float)          7 spread (float)
 */
export function softmaxCrossEntropyRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 4);
  const keep = f32x4.splat(float(p, 6));
  const spread = f32x4.splat(float(p, 7));
  const to = min(word(p, 3), (item + 1) * word(p, 5));
  for (let row = item * word(p, 5); row < to; row++) {
    const offset = <usize>(row * c) << 2;
    const x = pointer(p, 0) + offset;
    const t = pointer(p, 1) + offset;
    const top = rowMax(x, c);
    const logSum = log1(expSum(x, 0, c, top));
    let sum = f32x4.splat(0);
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const surprise = f32x4.add(f32x4.sub(f32x4.splat(top), v128.load(x + at)), f32x4.splat(logSum));
      const term = f32x4.mul(fma(v128.load(t + at), keep, spread), surprise);
      sum = f32x4.add(sum, i + 4 > c ? v128.and(term, firstLanes(c - i)) : term);
    }
    store<f32>(pointer(p, 2) + (<usize>row << 2), sumOfLanes(sum));
  }
}

/**
 * dx = dy[row] · (softmax(x) · Σ t' − t').
 *
 * 0 logits   1 targets   2 dx        3 rows in all           4 c        5 rows      6 keep (float)          7 spread (float)
 * 8 dy
 */
export function softmaxCrossEntropyGradientRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 4);
  const keep = f32x4.splat(float(p, 6));
  const spread = f32x4.splat(float(p, 7));
  const to = min(word(p, 3), (item + 1) * word(p, 5));
  for (let row = item * word(p, 5); row < to; row++) {
    const offset = <usize>(row * c) << 2;
    const x = pointer(p, 0) + offset;
    const t = pointer(p, 1) + offset;
    const dx = pointer(p, 2) + offset;
    const dy = f32x4.splat(load<f32>(pointer(p, 8) + (<usize>row << 2)));
    const sum = expSum(x, dx, c, rowMax(x, c));
    let shares = f32x4.splat(0);
    for (let i = 0; i < c; i += 4) {
      const share = fma(v128.load(t + (<usize>i << 2)), keep, spread);
      shares = f32x4.add(shares, i + 4 > c ? v128.and(share, firstLanes(c - i)) : share);
    }
    const factor = f32x4.splat(sumOfLanes(shares) / sum);
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const share = fma(v128.load(t + at), keep, spread);
      storeLanes(dx + at, f32x4.mul(dy, f32x4.sub(f32x4.mul(v128.load(dx + at), factor), share)), c - i);
    }
  }
}

/**
 * As `softmaxCrossEntropyRows` with class numbers for targets; NaN where a number is no class.
 *
 * 0 logits   1 labels    2 losses    3 rows in all           4 c        5 rows      6 keep (float)          7 spread (float)
 */
export function sparseCrossEntropyRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 4);
  const keep = float(p, 6);
  const spread = float(p, 7);
  const to = min(word(p, 3), (item + 1) * word(p, 5));
  for (let row = item * word(p, 5); row < to; row++) {
    const x = pointer(p, 0) + (<usize>(row * c) << 2);
    const label = load<i32>(pointer(p, 1) + (<usize>row << 2));
    const top = rowMax(x, c);
    const logSum = log1(expSum(x, 0, c, top));
    let loss: f32 = f32(NaN);
    if (<u32>label < <u32>c) {
      loss = keep * (top - load<f32>(x + (<usize>label << 2)) + logSum);
      if (spread != 0) {
        let sum = f32x4.splat(0);
        for (let i = 0; i < c; i += 4) {
          const term = f32x4.add(f32x4.sub(f32x4.splat(top), v128.load(x + (<usize>i << 2))), f32x4.splat(logSum));
          sum = f32x4.add(sum, i + 4 > c ? v128.and(term, firstLanes(c - i)) : term);
        }
        loss += spread * sumOfLanes(sum);
      }
    }
    store<f32>(pointer(p, 2) + (<usize>row << 2), loss);
  }
}

/**
 * dx = dy[row] · (softmax(x) − t'); NaN in rows whose label is no class.
 *
 * 0 logits   1 labels    2 dx        3 rows in all           4 c        5 rows      6 keep (float)          7 spread (float)
 * 8 dy
 */
export function sparseCrossEntropyGradientRows(p: usize, item: i32, thread: i32): void {
  const c = word(p, 4);
  const keep = float(p, 6);
  const spread = f32x4.splat(float(p, 7));
  const to = min(word(p, 3), (item + 1) * word(p, 5));
  for (let row = item * word(p, 5); row < to; row++) {
    const x = pointer(p, 0) + (<usize>(row * c) << 2);
    const dx = pointer(p, 2) + (<usize>(row * c) << 2);
    const label = load<i32>(pointer(p, 1) + (<usize>row << 2));
    const isClass = <u32>label < <u32>c;
    const dy = f32x4.splat(isClass ? load<f32>(pointer(p, 8) + (<usize>row << 2)) : f32(NaN));
    const factor = f32x4.splat(1 / expSum(x, dx, c, rowMax(x, c)));
    const target = i32x4.splat(label);
    for (let i = 0; i < c; i += 4) {
      const at = dx + (<usize>i << 2);
      const here = i32x4.eq(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), target);
      const share = f32x4.add(v128.and(f32x4.splat(keep), here), spread);
      storeLanes(at, f32x4.mul(dy, f32x4.sub(f32x4.mul(v128.load(at), factor), share)), c - i);
    }
  }
}

/**
 * y = max(x, 0) − x · t' + log(1 + exp(−|x|)), element by element. One item works on CHUNK elements.
 *
 * 0 logits   1 targets   2 y         3 size      4 keep (float)         5 spread (float)
 */
export function binaryCrossEntropyElements(p: usize, item: i32, thread: i32): void {
  const to = min(word(p, 3), (item + 1) * CHUNK);
  const keep = f32x4.splat(float(p, 4));
  const spread = f32x4.splat(float(p, 5));
  for (let i = item * CHUNK; i < to; i += 4) {
    const at = <usize>i << 2;
    const x = v128.load(pointer(p, 0) + at);
    const t = fma(v128.load(pointer(p, 1) + at), keep, spread);
    const rest = logOnePlus4(exp4(f32x4.neg(f32x4.abs(x))));
    const y = f32x4.add(f32x4.sub(f32x4.max(x, f32x4.splat(0)), f32x4.mul(x, t)), rest);
    storeLanes(pointer(p, 2) + at, y, to - i);
  }
}
