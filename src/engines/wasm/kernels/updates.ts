import { float, fma, pointer, word } from './common';
import { CHUNK } from './elementwise';
import { loadPart, storePart } from './math';

const SGD = 0;
const MOMENTUM = 1;
const NESTEROV = 2;
const RMSPROP = 3;
const RMSPROP_MOMENTUM = 4;
const ADAM = 5;

// @ts-ignore: decorator
@inline
function read(at: usize, count: i32): v128 {
  if (count == 4) return v128.load(at);
  return loadPart(at, count);
}

// @ts-ignore: decorator
@inline
function write(at: usize, v: v128, count: i32): void {
  if (count == 4) v128.store(at, v);
  else storePart(at, v, count);
}

/** One step for `count` (1 to 4) weights: `kept` is what decay leaves of them. States that the op lacks are not touched. */
// @ts-ignore: decorator
@inline
function step(
  op: i32,
  count: i32,
  w: usize,
  dw: usize,
  newW: usize,
  state: usize,
  newState: usize,
  state2: usize,
  newState2: usize,
  kept: v128,
  scale: v128,
  rate: v128,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
): void {
  const decayed = f32x4.mul(read(w, count), kept);
  const g = f32x4.mul(read(dw, count), scale);
  if (op == SGD) {
    write(newW, f32x4.sub(decayed, f32x4.mul(rate, g)), count);
    return;
  }
  const s = read(state, count);
  if (op == MOMENTUM || op == NESTEROV) {
    const move = f32x4.mul(rate, g);
    const v = f32x4.sub(f32x4.mul(a, s), move);
    write(newState, v, count);
    const change = op == MOMENTUM ? v : f32x4.sub(f32x4.mul(a, v), move);
    write(newW, f32x4.add(decayed, change), count);
    return;
  }
  if (op == ADAM) {
    const v = read(state2, count);
    const m = fma(f32x4.sub(g, s), a, s);
    const square = fma(fma(g, g, f32x4.neg(v)), b, v);
    write(newState, m, count);
    write(newState2, square, count);
    const size = f32x4.add(f32x4.sqrt(square), c);
    write(newW, f32x4.sub(decayed, f32x4.div(f32x4.mul(rate, m), size)), count);
    return;
  }
  const square = fma(a, s, f32x4.mul(f32x4.mul(b, g), g));
  write(newState, square, count);
  let move = f32x4.div(f32x4.mul(rate, g), f32x4.sqrt(f32x4.add(square, c)));
  if (op == RMSPROP_MOMENTUM) {
    move = fma(d, read(state2, count), move);
    write(newState2, move, count);
  }
  write(newW, f32x4.sub(decayed, move), count);
}

// @ts-ignore: decorator
@inline
function update(p: usize, item: i32, op: i32): void {
  const hyper = pointer(p, 2);
  let lr = load<f32>(hyper);
  const kept = f32x4.splat(1 - load<f32>(hyper, 4) * lr);
  const scale = v128.load32_splat(pointer(p, 3));
  if (op == ADAM) lr = (lr * sqrt<f32>(load<f32>(hyper, 12))) / load<f32>(hyper, 8);
  const rate = f32x4.splat(lr);
  const a = f32x4.splat(float(p, 10));
  const b = f32x4.splat(float(p, 11));
  const c = f32x4.splat(float(p, 12));
  const d = f32x4.splat(float(p, 13));
  const from = item * CHUNK;
  const size = min(word(p, 5) - from, CHUNK);
  const start = <usize>from << 2;
  let w = pointer(p, 0) + start;
  const dw = pointer(p, 1) + start - w;
  const newW = pointer(p, 4) + start - w;
  const s = pointer(p, 6) + start - w;
  const newS = pointer(p, 7) + start - w;
  const s2 = pointer(p, 8) + start - w;
  const newS2 = pointer(p, 9) + start - w;
  const whole = w + (<usize>(size & ~3) << 2);
  for (; w < whole; w += 16) {
    step(op, 4, w, w + dw, w + newW, w + s, w + newS, w + s2, w + newS2, kept, scale, rate, a, b, c, d);
  }
  const rest = size & 3;
  if (rest > 0) {
    step(op, rest, w, w + dw, w + newW, w + s, w + newS, w + s2, w + newS2, kept, scale, rate, a, b, c, d);
  }
}

// One optimizer step: everything that belongs to a weight is read once and written once, possibly in place.
//
// 0 w, 1 dw, 2 hyper (learning rate, weight decay, two corrections), 3 gradient scale, 4 new w, 5 size, 6 state,
// 7 new state, 8 second state, 9 new second state, 10 a (float), 11 b (float), 12 c (float), 13 d (float); an item is a
// chunk

/** w − lr · g */
export function sgdUpdate(p: usize, item: i32, thread: i32): void {
  update(p, item, SGD);
}

/** State: velocity; a momentum. */
export function momentumUpdate(p: usize, item: i32, thread: i32): void {
  update(p, item, MOMENTUM);
}

/** State: velocity; a momentum. */
export function nesterovUpdate(p: usize, item: i32, thread: i32): void {
  update(p, item, NESTEROV);
}

/** State: square; a rho, b 1 − rho, c epsilon. */
export function rmspropUpdate(p: usize, item: i32, thread: i32): void {
  update(p, item, RMSPROP);
}

/** States: square, momentum; a rho, b 1 − rho, c epsilon, d momentum. */
export function rmspropMomentumUpdate(p: usize, item: i32, thread: i32): void {
  update(p, item, RMSPROP_MOMENTUM);
}

/** States: m, v; a 1 − beta1, b 1 − beta2, c epsilon. */
export function adamUpdate(p: usize, item: i32, thread: i32): void {
  update(p, item, ADAM);
}

/**
 * y = old · a + new · b; an item is a chunk.
 *
 * 0 old, 1 new, 2 y, 3 size, 4 a (float), 5 b (float)
 */
export function movingAverage(p: usize, item: i32, thread: i32): void {
  const from = item * CHUNK;
  const count = min(word(p, 3) - from, CHUNK);
  let y = pointer(p, 2) + (<usize>from << 2);
  const old = pointer(p, 0) + (<usize>from << 2) - y;
  const next = pointer(p, 1) + (<usize>from << 2) - y;
  const a = f32x4.splat(float(p, 4));
  const b = f32x4.splat(float(p, 5));
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; y += 16) average(y + old, y + next, y, a, b, 4);
  const rest = count & 3;
  if (rest > 0) average(y + old, y + next, y, a, b, rest);
}

// @ts-ignore: decorator
@inline
function average(old: usize, next: usize, y: usize, a: v128, b: v128, count: i32): void {
  write(y, fma(read(next, count), b, f32x4.mul(read(old, count), a)), count);
}
