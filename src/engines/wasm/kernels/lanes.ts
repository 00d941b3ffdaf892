import { storePart } from './math';

/** Stores the first `count` lanes of `v`, all four where `count` is larger. */
// @ts-ignore: decorator
@inline
export function storeLanes(target: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(target, v);
  else storePart(target, v, count);
}

/** All ones in the first `count` lanes. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** The sum of the four lanes, in an order that never changes. */
// @ts-ignore: decorator
@inline
export function sumOfLanes(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest of the four lanes; NaN where one is. */
// @ts-ignore: decorator
@inline
export function maxOfLanes(v: v128): f32 {
  const pairs = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Lanes where `v` takes over from `best` in a search for maxima: it is greater, or the first NaN. */
// @ts-ignore: decorator
@inline
export function wins(v: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
}
