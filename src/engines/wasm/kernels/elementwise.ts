import { float, fma, pointer, word } from './common';
import { exp4, loadPart, log4, storePart } from './math';

/** Elements that one item of an element-wise kernel works on. */
export const CHUNK: i32 = 16384;

/** 0 y, 1 size, 2 value (float) */
export function fill(p: usize, item: i32, thread: i32): void {
  const from = item * CHUNK;
  const to = min(word(p, 1), from + CHUNK);
  const value = f32x4.splat(float(p, 2));
  let y = pointer(p, 0) + (<usize>from << 2);
  const whole = y + (<usize>((to - from) & ~3) << 2);
  for (; y < whole; y += 16) v128.store(y, value);
  const rest = (to - from) & 3;
  if (rest > 0) storePart(y, value, rest);
}

const EXP = 0;
const LOG = 1;
const SQRT = 2;
const SQUARE = 3;
const ABS = 4;
const NEGATE = 5;
const SIGN = 6;
const SCALE = 7;
const CLIP = 8;

// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128, a: v128, b: v128): v128 {
  if (op == EXP) return exp4(x);
  if (op == LOG) return log4(x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == SQUARE) return f32x4.mul(x, x);
  if (op == ABS) return f32x4.abs(x);
  if (op == NEGATE) return f32x4.neg(x);
  if (op == SIGN) {
    // ±1 beside zero; zeros and NaN stay what they are.
    const zero = f32x4.splat(0);
    const one = v128.or(f32x4.splat(1), v128.and(x, i32x4.splat(0x80000000)));
    return v128.bitselect(one, x, v128.or(f32x4.lt(x, zero), f32x4.gt(x, zero)));
  }
  if (op == SCALE) return fma(x, a, b);
  return f32x4.min(f32x4.max(x, a), b);
}

// @ts-ignore: decorator
@inline
function map(p: usize, item: i32, op: i32): void {
  const from = item * CHUNK;
  const count = min(word(p, 2) - from, CHUNK);
  let x = pointer(p, 0) + (<usize>from << 2);
  let y = pointer(p, 1) + (<usize>from << 2);
  const a = f32x4.splat(float(p, 3));
  const b = f32x4.splat(float(p, 4));
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; x += 16, y += 16) v128.store(y, apply(op, v128.load(x), a, b));
  const rest = count & 3;
  if (rest > 0) storePart(y, apply(op, loadPart(x, rest), a, b), rest);
}

// The kernels of one input, y[i] = f(x[i]): 0 x, 1 y, 2 size, 3 a (float), 4 b (float); an item is a chunk.

/** e^x */
export function mapExp(p: usize, item: i32, thread: i32): void {
  map(p, item, EXP);
}

/** log x */
export function mapLog(p: usize, item: i32, thread: i32): void {
  map(p, item, LOG);
}

/** √x */
export function mapSqrt(p: usize, item: i32, thread: i32): void {
  map(p, item, SQRT);
}

/** x² */
export function mapSquare(p: usize, item: i32, thread: i32): void {
  map(p, item, SQUARE);
}

/** |x| */
export function mapAbs(p: usize, item: i32, thread: i32): void {
  map(p, item, ABS);
}

/** −x */
export function mapNegate(p: usize, item: i32, thread: i32): void {
  map(p, item, NEGATE);
}

/** −1, 0 or 1 */
export function mapSign(p: usize, item: i32, thread: i32): void {
  map(p, item, SIGN);
}

/** x · a + b */
export function mapScale(p: usize, item: i32, thread: i32): void {
  map(p, item, SCALE);
}

/** x, but not below a nor above b */
export function mapClip(p: usize, item: i32, thread: i32): void {
  map(p, item, CLIP);
}
