// An activation that a product applies on the way out: 0 none, 1 ReLU, 2 ReLU6. The same numbers stand in ../lowering.ts.

/** What results are raised to at least. */
// @ts-ignore: decorator
@inline
export function leastOf(activation: i32): v128 {
  return f32x4.splat(activation != 0 ? 0 : -Infinity);
}

/** What results are lowered to at most. */
// @ts-ignore: decorator
@inline
export function mostOf(activation: i32): v128 {
  return f32x4.splat(activation == 2 ? 6 : Infinity);
}

/** The activation of four numbers, by what they are raised and lowered to: one instruction each, and NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function between(value: v128, least: v128, most: v128): v128 {
  return f32x4.pmin(f32x4.pmax(value, least), most);
}

/** The activation of one number, to the same bits. */
// @ts-ignore: decorator
@inline
export function activated(value: f32, activation: i32): f32 {
  if (activation == 0) return value;
  const raised: f32 = value < 0 ? 0 : value;
  return activation == 2 && raised > 6 ? 6 : raised;
}
