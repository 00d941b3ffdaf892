import { pointer, word } from './common';
import { CHUNK } from './elementwise';
import { loadPart, power1, storePart } from './math';

const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;
const DIVIDE = 3;
const MAXIMUM = 4;
const MINIMUM = 5;
const POWER = 6;
const GREATER_EQUAL = 7;
const SQUARED_DIFFERENCE = 8;

/** Number of the word that holds the number of outer axes; three words for each axis follow. */
const AXES = 7;

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUBTRACT) return f32x4.sub(a, b);
  if (op == MULTIPLY) return f32x4.mul(a, b);
  if (op == DIVIDE) return f32x4.div(a, b);
  if (op == MAXIMUM) return f32x4.max(a, b);
  if (op == MINIMUM) return f32x4.min(a, b);
  if (op == POWER) return power4(a, b);
  if (op == GREATER_EQUAL) return v128.and(f32x4.ge(a, b), f32x4.splat(1));
  const difference = f32x4.sub(a, b);
  return f32x4.mul(difference, difference);
}

function power4(a: v128, b: v128): v128 {
  let y = f32x4.splat(power1(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  y = f32x4.replace_lane(y, 1, power1(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  y = f32x4.replace_lane(y, 2, power1(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  return f32x4.replace_lane(y, 3, power1(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
}

/** `count` elements of y where both factors lie as densely as y does. */
// @ts-ignore: decorator
@inline
function rowBoth(op: i32, a: usize, b: usize, y: usize, count: i32): void {
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; a += 16, b += 16, y += 16) v128.store(y, apply(op, v128.load(a), v128.load(b)));
  const rest = count & 3;
  if (rest > 0) storePart(y, apply(op, loadPart(a, rest), loadPart(b, rest)), rest);
}

/** `count` elements of y for one element of b. */
// @ts-ignore: decorator
@inline
function rowLeft(op: i32, a: usize, b: usize, y: usize, count: i32): void {
  const right = v128.load32_splat(b);
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; a += 16, y += 16) v128.store(y, apply(op, v128.load(a), right));
  const rest = count & 3;
  if (rest > 0) storePart(y, apply(op, loadPart(a, rest), right), rest);
}

/** `count` elements of y for one element of a. */
// @ts-ignore: decorator
@inline
function rowRight(op: i32, a: usize, b: usize, y: usize, count: i32): void {
  const left = v128.load32_splat(a);
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; b += 16, y += 16) v128.store(y, apply(op, left, v128.load(b)));
  const rest = count & 3;
  if (rest > 0) storePart(y, apply(op, left, loadPart(b, rest)), rest);
}

// @ts-ignore: decorator
@inline
function combine(p: usize, item: i32, op: i32): void {
  const inner = word(p, 4);
  const aStep = word(p, 5);
  const bStep = word(p, 6);
  const axes = word(p, AXES);
  let at = item * CHUNK;
  const end = min(word(p, 3), at + CHUNK);
  let y = pointer(p, 2) + (<usize>at << 2);
  let row = at / inner;
  let column = at - row * inner;
  while (at < end) {
    let a = column * aStep;
    let b = column * bStep;
    let rest = row;
    for (let axis = 0; axis < axes; axis++) {
      const size = word(p, AXES + 1 + axis * 3);
      const index = rest % size;
      rest /= size;
      a += index * word(p, AXES + 2 + axis * 3);
      b += index * word(p, AXES + 3 + axis * 3);
    }
    const count = min(inner - column, end - at);
    const left = pointer(p, 0) + (<usize>a << 2);
    const right = pointer(p, 1) + (<usize>b << 2);
    if (bStep == 0) rowLeft(op, left, right, y, count);
    else if (aStep == 0) rowRight(op, left, right, y, count);
    else rowBoth(op, left, right, y, count);
    at += count;
    y += <usize>count << 2;
    row++;
    column = 0;
  }
}

// The kernels of two inputs that broadcast: y is walked in rows of `inner` elements, along which a and b take steps of
// 1 or 0; what follows says how the row's number picks the start of both. An item is a chunk of y.
//
// 0 a, 1 b, 2 y, 3 size, 4 inner, 5 aStep, 6 bStep, 7 outer axes, then for each from the last to the first: its size and
// the floats by which a and b advance along it

/** a + b */
export function broadcastAdd(p: usize, item: i32, thread: i32): void {
  combine(p, item, ADD);
}

/** a − b */
export function broadcastSubtract(p: usize, item: i32, thread: i32): void {
  combine(p, item, SUBTRACT);
}

/** a · b */
export function broadcastMultiply(p: usize, item: i32, thread: i32): void {
  combine(p, item, MULTIPLY);
}

/** a / b */
export function broadcastDivide(p: usize, item: i32, thread: i32): void {
  combine(p, item, DIVIDE);
}

/** the larger; NaN where one is */
export function broadcastMaximum(p: usize, item: i32, thread: i32): void {
  combine(p, item, MAXIMUM);
}

/** the smaller; NaN where one is */
export function broadcastMinimum(p: usize, item: i32, thread: i32): void {
  combine(p, item, MINIMUM);
}

/** a to the power of b */
export function broadcastPower(p: usize, item: i32, thread: i32): void {
  combine(p, item, POWER);
}

/** 1 where a ≥ b, else 0 */
export function broadcastGreaterEqual(p: usize, item: i32, thread: i32): void {
  combine(p, item, GREATER_EQUAL);
}

/** (a − b)² */
export function broadcastSquaredDifference(p: usize, item: i32, thread: i32): void {
  combine(p, item, SQUARED_DIFFERENCE);
}
