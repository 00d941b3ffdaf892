import { RELAXED } from './generated/build';

/** Word number `i` of a step's parameters. */
// @ts-ignore: decorator
@inline
export function word(p: usize, i: i32): i32 {
  return load<i32>(p + (<usize>i << 2));
}

/** Word number `i` of a step's parameters, as a pointer. */
// @ts-ignore: decorator
@inline
export function pointer(p: usize, i: i32): usize {
  return <usize>load<u32>(p + (<usize>i << 2));
}

/** Word number `i` of a step's parameters, as a float. */
// @ts-ignore: decorator
@inline
export function float(p: usize, i: i32): f32 {
  return load<f32>(p + (<usize>i << 2));
}

/** a · b + c: one rounding in the relaxed build (where the machine has it), two in the plain one. */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** a · b + c on single numbers, rounded as `fma` rounds. */
// @ts-ignore: decorator
@inline
export function fma1(a: f32, b: f32, c: f32): f32 {
  if (RELAXED) return f32x4.extract_lane(f32x4.relaxed_madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
  return a * b + c;
}
