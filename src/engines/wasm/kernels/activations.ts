import { float, fma, pointer, word } from './common';
import { CHUNK } from './elementwise';
import { exp4, expMinusOne4, loadPart, normalBelow4, sigmoid4, softplus4, storePart, tanh4 } from './math';

const RELU = 0;
const LEAKY_RELU = 1;
const RELU6 = 2;
const ELU = 3;
const GELU = 4;
const GELU_BY_TANH = 5;
const SILU = 6;
const SIGMOID = 7;
const TANH = 8;
const SOFTPLUS = 9;
const CLIP = 10;

/** Twice the √(2/π) of the tanh form: 1 + tanh u = 2 · sigmoid 2u. */
const GELU_SLOPE: f32 = 1.59576912160573071176;
const GELU_CUBE: f32 = 0.044715;
/** 1 / √(2π) */
const DENSITY: f32 = 0.39894228040143267794;

// @ts-ignore: decorator
@inline
function activate(op: i32, x: v128, a: v128): v128 {
  const zero = f32x4.splat(0);
  if (op == RELU) return f32x4.max(x, zero);
  if (op == LEAKY_RELU) return v128.bitselect(f32x4.mul(x, a), x, f32x4.lt(x, zero));
  if (op == RELU6) return f32x4.min(f32x4.max(x, zero), f32x4.splat(6));
  if (op == ELU) return v128.bitselect(f32x4.mul(a, expMinusOne4(x)), x, f32x4.lt(x, zero));
  if (op == GELU) return f32x4.mul(x, normalBelow4(x));
  if (op == GELU_BY_TANH) {
    const u = f32x4.mul(x, fma(f32x4.mul(x, x), f32x4.splat(GELU_CUBE * GELU_SLOPE), f32x4.splat(GELU_SLOPE)));
    return f32x4.mul(x, sigmoid4(u));
  }
  if (op == SILU) return f32x4.mul(x, sigmoid4(x));
  if (op == SIGMOID) return sigmoid4(x);
  if (op == TANH) return tanh4(x);
  return softplus4(x);
}

/** The slope's product with dy, from the input x or, where the formula allows, from the output y. */
// @ts-ignore: decorator
@inline
function slope(op: i32, s: v128, dy: v128, a: v128, b: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (op == RELU) return v128.and(dy, f32x4.gt(s, zero));
  if (op == LEAKY_RELU) return v128.bitselect(dy, f32x4.mul(dy, a), f32x4.gt(s, zero));
  if (op == RELU6) return v128.and(dy, v128.and(f32x4.gt(s, zero), f32x4.lt(s, f32x4.splat(6))));
  if (op == ELU) return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(s, a)), f32x4.gt(s, zero));
  if (op == GELU) {
    const density = f32x4.mul(f32x4.splat(DENSITY), exp4(f32x4.mul(f32x4.mul(s, s), f32x4.splat(-0.5))));
    return f32x4.mul(dy, fma(s, density, normalBelow4(s)));
  }
  if (op == GELU_BY_TANH) {
    // Beyond ±30 the slope is 0 or 1; staying inside keeps the square finite.
    const inside = f32x4.max(f32x4.min(s, f32x4.splat(30)), f32x4.splat(-30));
    const square = f32x4.mul(inside, inside);
    const g = sigmoid4(f32x4.mul(inside, fma(square, f32x4.splat(GELU_CUBE * GELU_SLOPE), f32x4.splat(GELU_SLOPE))));
    const du = fma(square, f32x4.splat(3 * GELU_CUBE * GELU_SLOPE), f32x4.splat(GELU_SLOPE));
    const bend = f32x4.mul(f32x4.mul(g, f32x4.sub(one, g)), f32x4.mul(inside, du));
    return f32x4.mul(dy, f32x4.add(g, bend));
  }
  if (op == SILU) {
    const g = sigmoid4(s);
    return f32x4.mul(dy, f32x4.mul(g, fma(s, f32x4.sub(one, g), one)));
  }
  if (op == SIGMOID) return f32x4.mul(dy, f32x4.mul(s, f32x4.sub(one, s)));
  if (op == TANH) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(s, s)));
  if (op == SOFTPLUS) return f32x4.mul(dy, sigmoid4(s));
  return v128.and(dy, v128.and(f32x4.ge(s, a), f32x4.le(s, b)));
}

// @ts-ignore: decorator
@inline
function map(p: usize, item: i32, op: i32): void {
  const from = item * CHUNK;
  const count = min(word(p, 2) - from, CHUNK);
  let x = pointer(p, 0) + (<usize>from << 2);
  let y = pointer(p, 1) + (<usize>from << 2);
  const a = f32x4.splat(float(p, 3));
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; x += 16, y += 16) v128.store(y, activate(op, v128.load(x), a));
  const rest = count & 3;
  if (rest > 0) storePart(y, activate(op, loadPart(x, rest), a), rest);
}

// @ts-ignore: decorator
@inline
function mapGradient(p: usize, item: i32, op: i32): void {
  const from = item * CHUNK;
  const count = min(word(p, 3) - from, CHUNK);
  let saved = pointer(p, 0) + (<usize>from << 2);
  let dy = pointer(p, 1) + (<usize>from << 2);
  let dx = pointer(p, 2) + (<usize>from << 2);
  const a = f32x4.splat(float(p, 4));
  const b = f32x4.splat(float(p, 5));
  const whole = dx + (<usize>(count & ~3) << 2);
  for (; dx < whole; saved += 16, dy += 16, dx += 16) {
    v128.store(dx, slope(op, v128.load(saved), v128.load(dy), a, b));
  }
  const rest = count & 3;
  if (rest > 0) storePart(dx, slope(op, loadPart(saved, rest), loadPart(dy, rest), a, b), rest);
}

// Activations, y[i] = f(x[i]): 0 x, 1 y, 2 size, 3 a (float); an item is a chunk.

/** max(0, x) */
export function relu(p: usize, item: i32, thread: i32): void {
  map(p, item, RELU);
}

/** x, below zero a · x */
export function leakyRelu(p: usize, item: i32, thread: i32): void {
  map(p, item, LEAKY_RELU);
}

/** x between 0 and 6 */
export function relu6(p: usize, item: i32, thread: i32): void {
  map(p, item, RELU6);
}

/** x, below zero a · (e^x − 1) */
export function elu(p: usize, item: i32, thread: i32): void {
  map(p, item, ELU);
}

/** x times the share of the standard normal distribution below x */
export function gelu(p: usize, item: i32, thread: i32): void {
  map(p, item, GELU);
}

/** the same with that share approximated by tanh */
export function geluByTanh(p: usize, item: i32, thread: i32): void {
  map(p, item, GELU_BY_TANH);
}

/** x · sigmoid x */
export function silu(p: usize, item: i32, thread: i32): void {
  map(p, item, SILU);
}

/** 1 / (1 + e^−x) */
export function sigmoid(p: usize, item: i32, thread: i32): void {
  map(p, item, SIGMOID);
}

/** hyperbolic tangent */
export function tanh(p: usize, item: i32, thread: i32): void {
  map(p, item, TANH);
}

/** log(1 + e^x) */
export function softplus(p: usize, item: i32, thread: i32): void {
  map(p, item, SOFTPLUS);
}

// Their gradients, dx[i] = f(saved[i], dy[i]): 0 saved, 1 dy, 2 dx, 3 size, 4 a (float), 5 b (float); an item is a chunk.

/** saved: y */
export function reluGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, RELU);
}

/** saved: y, a above 0 */
export function leakyReluGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, LEAKY_RELU);
}

/** saved: y */
export function relu6Gradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, RELU6);
}

/** saved: y */
export function eluGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, ELU);
}

/** saved: x */
export function geluGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, GELU);
}

/** saved: x */
export function geluByTanhGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, GELU_BY_TANH);
}

/** saved: x */
export function siluGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, SILU);
}

/** saved: y */
export function sigmoidGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, SIGMOID);
}

/** saved: y */
export function tanhGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, TANH);
}

/** saved: x */
export function softplusGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, SOFTPLUS);
}

/** saved: x; dy where x lies between a and b */
export function clipGradient(p: usize, item: i32, thread: i32): void {
  mapGradient(p, item, CLIP);
}
