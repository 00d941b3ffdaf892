import { fma } from './common';
import { WIDE } from './generated/build';

/**
 * The transforms of Winograd's F(4×4, 3×3) at the points 0, ±1, ±2, ∞ (Lavin and Gray, "Fast algorithms for
 * convolutional neural networks", 2016), four channels at a time. A transform of a square is one of its columns, kept
 * in `temp` (36 vectors), and then one of the rows of that.
 *
 * In the wide build input and output go eight channels at a time: V8 joins neighbouring vectors to one of 256 bits where they are
 * loaded, computed and stored side by side, which is what the functions with `Pair` in their names are written for. Narrow
 * builds have no registers for that.
 */

// @ts-ignore: decorator
@inline
function times(factor: f32, x: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), x);
}

// @ts-ignore: decorator
@inline
function addTimes(sum: v128, factor: f32, x: v128): v128 {
  return fma(f32x4.splat(factor), x, sum);
}

/** Bᵀd: six values at `x`, `step` bytes apart, become six at `y`. */
// @ts-ignore: decorator
@inline
function inputLine(x: usize, step: usize, y: usize, yStep: usize): void {
  const d0 = v128.load(x);
  const d1 = v128.load(x + step);
  const d2 = v128.load(x + step * 2);
  const d3 = v128.load(x + step * 3);
  const d4 = v128.load(x + step * 4);
  const d5 = v128.load(x + step * 5);
  v128.store(y, addTimes(addTimes(d4, -5, d2), 4, d0));
  const a = addTimes(d4, -4, d2);
  const b = addTimes(d3, -4, d1);
  v128.store(y + yStep, f32x4.add(a, b));
  v128.store(y + yStep * 2, f32x4.sub(a, b));
  const c = f32x4.sub(d4, d2);
  const d = f32x4.sub(d3, d1);
  v128.store(y + yStep * 3, addTimes(c, 2, d));
  v128.store(y + yStep * 4, addTimes(c, -2, d));
  v128.store(y + yStep * 5, addTimes(addTimes(d5, -5, d3), 4, d1));
}

/** The same of eight channels. */
// @ts-ignore: decorator
@inline
function inputLinePair(x: usize, step: usize, y: usize, yStep: usize): void {
  // One vector for both halves: two of the same number are not joined.
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const minusTwo = f32x4.splat(-2);
  const minusFour = f32x4.splat(-4);
  const minusFive = f32x4.splat(-5);
  const x1 = x + step;
  const x2 = x1 + step;
  const x3 = x2 + step;
  const x4 = x3 + step;
  const x5 = x4 + step;
  const d0 = v128.load(x);
  const e0 = v128.load(x, 16);
  const d1 = v128.load(x1);
  const e1 = v128.load(x1, 16);
  const d2 = v128.load(x2);
  const e2 = v128.load(x2, 16);
  const d3 = v128.load(x3);
  const e3 = v128.load(x3, 16);
  const d4 = v128.load(x4);
  const e4 = v128.load(x4, 16);
  const d5 = v128.load(x5);
  const e5 = v128.load(x5, 16);
  v128.store(y, fma(four, d0, fma(minusFive, d2, d4)));
  v128.store(y, fma(four, e0, fma(minusFive, e2, e4)), 16);
  const y1 = y + yStep;
  const y2 = y1 + yStep;
  const y3 = y2 + yStep;
  const y4 = y3 + yStep;
  const y5 = y4 + yStep;
  const a = fma(minusFour, d2, d4);
  const a1 = fma(minusFour, e2, e4);
  const b = fma(minusFour, d1, d3);
  const b1 = fma(minusFour, e1, e3);
  v128.store(y1, f32x4.add(a, b));
  v128.store(y1, f32x4.add(a1, b1), 16);
  v128.store(y2, f32x4.sub(a, b));
  v128.store(y2, f32x4.sub(a1, b1), 16);
  const c = f32x4.sub(d4, d2);
  const c1 = f32x4.sub(e4, e2);
  const d = f32x4.sub(d3, d1);
  const f = f32x4.sub(e3, e1);
  v128.store(y3, fma(two, d, c));
  v128.store(y3, fma(two, f, c1), 16);
  v128.store(y4, fma(minusTwo, d, c));
  v128.store(y4, fma(minusTwo, f, c1), 16);
  v128.store(y5, fma(four, d1, fma(minusFive, d3, d5)));
  v128.store(y5, fma(four, e1, fma(minusFive, e3, e5)), 16);
}

/**
 * BᵀdB of a 6 × 6 patch: `channels` (a multiple of 4) side by side in each pixel, each of the 36 results in a plane of
 * its own.
 */
export function transformInput(
  x: usize,
  row: usize,
  pixel: usize,
  channels: i32,
  v: usize,
  plane: usize,
  temp: usize,
): void {
  let c = 0;
  if (WIDE) {
    for (; c + 8 <= channels; c += 8) {
      for (let j: usize = 0; j < 6; j++) inputLinePair(x + pixel * j, row, temp + (j << 5), 192);
      for (let i: usize = 0; i < 6; i++) inputLinePair(temp + 192 * i, 32, v + plane * 6 * i, plane);
      x += 32;
      v += 32;
    }
  }
  for (; c < channels; c += 4) {
    for (let j: usize = 0; j < 6; j++) inputLine(x + pixel * j, row, temp + (j << 4), 96);
    for (let i: usize = 0; i < 6; i++) inputLine(temp + 96 * i, 16, v + plane * 6 * i, plane);
    x += 16;
    v += 16;
  }
}

/** Gw: three values become six. */
// @ts-ignore: decorator
@inline
function filterLine(w0: v128, w1: v128, w2: v128, y: usize, step: usize): void {
  v128.store(y, times(0.25, w0));
  const a = times(<f32>(-1.0 / 6.0), f32x4.add(w0, w2));
  const b = times(<f32>(1.0 / 6.0), w1);
  v128.store(y + step, f32x4.sub(a, b));
  v128.store(y + step * 2, f32x4.add(a, b));
  const c = addTimes(times(<f32>(1.0 / 6.0), w2), <f32>(1.0 / 24.0), w0);
  const d = times(<f32>(1.0 / 12.0), w1);
  v128.store(y + step * 3, f32x4.add(c, d));
  v128.store(y + step * 4, f32x4.sub(c, d));
  v128.store(y + step * 5, w2);
}

/** GwGᵀ of a 3 × 3 filter whose nine values lie `step` bytes apart; results a plane apart. */
export function transformFilter(w: usize, step: usize, u: usize, plane: usize, temp: usize): void {
  for (let j: usize = 0; j < 3; j++) {
    const at = w + step * j;
    filterLine(v128.load(at), v128.load(at + step * 3), v128.load(at + step * 6), temp + (j << 4), 48);
  }
  for (let i: usize = 0; i < 6; i++) {
    const at = temp + 48 * i;
    filterLine(v128.load(at), v128.load(at, 16), v128.load(at, 32), u + plane * 6 * i, plane);
  }
}

/** Aᵀm: six values become four. */
// @ts-ignore: decorator
@inline
function outputLine(m: usize, step: usize, y: usize, yStep: usize): void {
  const m0 = v128.load(m);
  const m1 = v128.load(m + step);
  const m2 = v128.load(m + step * 2);
  const m3 = v128.load(m + step * 3);
  const m4 = v128.load(m + step * 4);
  const m5 = v128.load(m + step * 5);
  const s1 = f32x4.add(m1, m2);
  const d1 = f32x4.sub(m1, m2);
  const s2 = f32x4.add(m3, m4);
  const d2 = f32x4.sub(m3, m4);
  v128.store(y, f32x4.add(m0, f32x4.add(s1, s2)));
  v128.store(y + yStep, addTimes(d1, 2, d2));
  v128.store(y + yStep * 2, addTimes(s1, 4, s2));
  v128.store(y + yStep * 3, f32x4.add(m5, addTimes(d1, 8, d2)));
}

/** The same of eight channels. */
// @ts-ignore: decorator
@inline
function outputLinePair(m: usize, step: usize, y: usize, yStep: usize): void {
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const eight = f32x4.splat(8);
  const at1 = m + step;
  const at2 = at1 + step;
  const at3 = at2 + step;
  const at4 = at3 + step;
  const at5 = at4 + step;
  const m0 = v128.load(m);
  const n0 = v128.load(m, 16);
  const m1 = v128.load(at1);
  const n1 = v128.load(at1, 16);
  const m2 = v128.load(at2);
  const n2 = v128.load(at2, 16);
  const m3 = v128.load(at3);
  const n3 = v128.load(at3, 16);
  const m4 = v128.load(at4);
  const n4 = v128.load(at4, 16);
  const m5 = v128.load(at5);
  const n5 = v128.load(at5, 16);
  const s1 = f32x4.add(m1, m2);
  const t1 = f32x4.add(n1, n2);
  const d1 = f32x4.sub(m1, m2);
  const e1 = f32x4.sub(n1, n2);
  const s2 = f32x4.add(m3, m4);
  const t2 = f32x4.add(n3, n4);
  const d2 = f32x4.sub(m3, m4);
  const e2 = f32x4.sub(n3, n4);
  const y1 = y + yStep;
  const y2 = y1 + yStep;
  const y3 = y2 + yStep;
  v128.store(y, f32x4.add(m0, f32x4.add(s1, s2)));
  v128.store(y, f32x4.add(n0, f32x4.add(t1, t2)), 16);
  v128.store(y1, fma(two, d2, d1));
  v128.store(y1, fma(two, e2, e1), 16);
  v128.store(y2, fma(four, s2, s1));
  v128.store(y2, fma(four, t2, t1), 16);
  v128.store(y3, f32x4.add(m5, fma(eight, d2, d1)));
  v128.store(y3, f32x4.add(n5, fma(eight, e2, e1)), 16);
}

/** AᵀmA: 36 planes become 4 × 4 pixels at `temp` + 384, row by row. */
export function transformOutput(m: usize, plane: usize, temp: usize): void {
  for (let j: usize = 0; j < 6; j++) outputLine(m + plane * j, plane * 6, temp + (j << 4), 96);
  for (let i: usize = 0; i < 4; i++) outputLine(temp + 96 * i, 16, temp + 384 + (i << 6), 16);
}

/** The same of eight channels, at `temp` + 768. */
export function transformOutputPair(m: usize, plane: usize, temp: usize): void {
  for (let j: usize = 0; j < 6; j++) outputLinePair(m + plane * j, plane * 6, temp + (j << 5), 192);
  for (let i: usize = 0; i < 4; i++) outputLinePair(temp + 192 * i, 32, temp + 768 + (i << 7), 32);
}

/** G₄d: four values of an output gradient become six. */
// @ts-ignore: decorator
@inline
function gradientLine(x: usize, step: usize, y: usize, yStep: usize): void {
  const d0 = v128.load(x);
  const d1 = v128.load(x + step);
  const d2 = v128.load(x + step * 2);
  const d3 = v128.load(x + step * 3);
  v128.store(y, times(0.25, d0));
  const a = times(<f32>(-1.0 / 6.0), f32x4.add(d0, d2));
  const b = times(<f32>(1.0 / 6.0), f32x4.add(d1, d3));
  v128.store(y + yStep, f32x4.sub(a, b));
  v128.store(y + yStep * 2, f32x4.add(a, b));
  const c = times(<f32>(1.0 / 24.0), addTimes(d0, 4, d2));
  const d = times(<f32>(1.0 / 12.0), addTimes(d1, 4, d3));
  v128.store(y + yStep * 3, f32x4.add(c, d));
  v128.store(y + yStep * 4, f32x4.sub(c, d));
  v128.store(y + yStep * 5, d3);
}

/** G₄dG₄ᵀ of four channels of a 4 × 4 square of an output gradient; results a plane apart. */
export function transformGradient(x: usize, row: usize, pixel: usize, d: usize, plane: usize, temp: usize): void {
  for (let j: usize = 0; j < 4; j++) gradientLine(x + pixel * j, row, temp + (j << 4), 64);
  for (let i: usize = 0; i < 6; i++) gradientLine(temp + (i << 6), 16, d + plane * 6 * i, plane);
}

/** A₃ᵀm: six values become three. */
// @ts-ignore: decorator
@inline
function filterGradientLine(m: usize, step: usize, y: usize, yStep: usize): void {
  const m0 = v128.load(m);
  const m1 = v128.load(m + step);
  const m2 = v128.load(m + step * 2);
  const m3 = v128.load(m + step * 3);
  const m4 = v128.load(m + step * 4);
  const m5 = v128.load(m + step * 5);
  const s1 = f32x4.add(m1, m2);
  const d1 = f32x4.sub(m1, m2);
  const s2 = f32x4.add(m3, m4);
  const d2 = f32x4.sub(m3, m4);
  v128.store(y, f32x4.add(m0, f32x4.add(s1, s2)));
  v128.store(y + yStep, addTimes(d1, 2, d2));
  v128.store(y + yStep * 2, f32x4.add(m5, addTimes(s1, 4, s2)));
}

/** A₃ᵀmA₃: 36 planes become 3 × 3 taps at `temp` + 384, row by row. */
export function transformFilterGradient(m: usize, plane: usize, temp: usize): void {
  for (let j: usize = 0; j < 6; j++) filterGradientLine(m + plane * j, plane * 6, temp + (j << 4), 96);
  for (let i: usize = 0; i < 3; i++) filterGradientLine(temp + 96 * i, 16, temp + 384 + 48 * i, 16);
}
