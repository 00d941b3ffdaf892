import { float, fma, pointer, word } from './common';
import { storeLanes } from './lanes';

// Sums over a whole batch go in blocks of rows: each block is summed apart (with its own mean, so that nothing cancels),
// and the blocks are combined in double precision, first to last.

/** Channels whose blocks one item combines. */
const GROUP: i32 = 16;

/** means[channel] over `rows` rows of c numbers, `step` bytes apart; good to a few digits where the mean is large. */
function roughMeans(x: usize, rows: i32, c: i32, step: usize, means: usize): void {
  const share = f32x4.splat(1 / <f32>rows);
  let i = 0;
  for (; i + 16 <= c; i += 16) {
    let at = x + (<usize>i << 2);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (let row = 0; row < rows; row++) {
      a0 = f32x4.add(a0, v128.load(at));
      a1 = f32x4.add(a1, v128.load(at, 16));
      a2 = f32x4.add(a2, v128.load(at, 32));
      a3 = f32x4.add(a3, v128.load(at, 48));
      at += step;
    }
    const target = means + (<usize>i << 2);
    v128.store(target, f32x4.mul(a0, share));
    v128.store(target, f32x4.mul(a1, share), 16);
    v128.store(target, f32x4.mul(a2, share), 32);
    v128.store(target, f32x4.mul(a3, share), 48);
  }
  for (; i < c; i += 4) {
    let at = x + (<usize>i << 2);
    let sum = f32x4.splat(0);
    for (let row = 0; row < rows; row++) {
      sum = f32x4.add(sum, v128.load(at));
      at += step;
    }
    storeLanes(means + (<usize>i << 2), f32x4.mul(sum, share), c - i);
  }
}

/** Makes rough means exact by the mean distance from them; squares[channel] = Σ (x − mean)². */
function exactMoments(x: usize, rows: i32, c: i32, step: usize, means: usize, squares: usize): void {
  const share = f32x4.splat(1 / <f32>rows);
  let i = 0;
  for (; i + 8 <= c; i += 8) {
    let at = x + (<usize>i << 2);
    const mean = means + (<usize>i << 2);
    const square = squares + (<usize>i << 2);
    const m0 = v128.load(mean);
    const m1 = v128.load(mean, 16);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let q0 = s0;
    let q1 = s0;
    for (let row = 0; row < rows; row++) {
      const d0 = f32x4.sub(v128.load(at), m0);
      const d1 = f32x4.sub(v128.load(at, 16), m1);
      s0 = f32x4.add(s0, d0);
      s1 = f32x4.add(s1, d1);
      q0 = fma(d0, d0, q0);
      q1 = fma(d1, d1, q1);
      at += step;
    }
    const d0 = f32x4.mul(s0, share);
    const d1 = f32x4.mul(s1, share);
    v128.store(mean, f32x4.add(m0, d0));
    v128.store(mean, f32x4.add(m1, d1), 16);
    v128.store(square, f32x4.sub(q0, f32x4.mul(s0, d0)));
    v128.store(square, f32x4.sub(q1, f32x4.mul(s1, d1)), 16);
  }
  for (; i < c; i += 4) {
    let at = x + (<usize>i << 2);
    const mean = means + (<usize>i << 2);
    const m = v128.load(mean);
    let s = f32x4.splat(0);
    let q = s;
    for (let row = 0; row < rows; row++) {
      const d = f32x4.sub(v128.load(at), m);
      s = f32x4.add(s, d);
      q = fma(d, d, q);
      at += step;
    }
    const d = f32x4.mul(s, share);
    storeLanes(mean, f32x4.add(m, d), c - i);
    storeLanes(squares + (<usize>i << 2), f32x4.sub(q, f32x4.mul(s, d)), c - i);
  }
}

/**
 * For one block of rows, its means and the sums of squared distances from them: partials [blocks, 2, c].
 *
 *  0 x        1 partials  2 rows      3 c         4 rows of a block
 */
export function channelMoments(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const from = item * word(p, 4);
  const rows = min(word(p, 4), word(p, 2) - from);
  const x = pointer(p, 0) + (<usize>(from * c) << 2);
  const means = pointer(p, 1) + (<usize>(item * 2 * c) << 2);
  const step = <usize>c << 2;
  roughMeans(x, rows, c, step, means);
  exactMoments(x, rows, c, step, means, means + step);
}

/**
 * Combines the blocks of `channelMoments`: mean, biased variance, and factor = gamma / √(variance + ε). One item
 * combines 16 channels.
 *
 *  0 partials 1 mean      2 rows      3 c         4 rows of a block       5 variance  6 gamma     7 factor
 *  8 epsilon (float)
 */
export function combineMoments(p: usize, item: i32, thread: i32): void {
  const rows = word(p, 2);
  const c = word(p, 3);
  const block = word(p, 4);
  const step = <usize>c << 3;
  const to = min(c, (item + 1) * GROUP);
  for (let i = item * GROUP; i < to; i++) {
    const first = pointer(p, 0) + (<usize>i << 2);
    let at = first;
    let sum: f64 = 0;
    for (let row = 0; row < rows; row += block) {
      sum += <f64>min(block, rows - row) * <f64>load<f32>(at);
      at += step;
    }
    const mean = sum / <f64>rows;
    at = first;
    let squares: f64 = 0;
    for (let row = 0; row < rows; row += block) {
      const count = <f64>min(block, rows - row);
      const distance = <f64>load<f32>(at) - mean;
      squares += <f64>load<f32>(at + (step >> 1)) + count * distance * distance;
      at += step;
    }
    const variance = squares / <f64>rows;
    const channel = <usize>i << 2;
    store<f32>(pointer(p, 1) + channel, <f32>mean);
    store<f32>(pointer(p, 5) + channel, <f32>variance);
    const factor = <f64>load<f32>(pointer(p, 6) + channel) / sqrt<f64>(variance + <f64>float(p, 8));
    store<f32>(pointer(p, 7) + channel, <f32>factor);
  }
}

/**
 * factor = gamma / √(variance + ε). One item makes 16 channels.
 *
 *  0 gamma    1 variance  2 factor    3 c         4 epsilon (float)
 */
export function channelFactors(p: usize, item: i32, thread: i32): void {
  const to = min(word(p, 3), (item + 1) * GROUP);
  for (let i = item * GROUP; i < to; i++) {
    const channel = <usize>i << 2;
    const variance = <f64>load<f32>(pointer(p, 1) + channel);
    const factor = <f64>load<f32>(pointer(p, 0) + channel) / sqrt<f64>(variance + <f64>float(p, 4));
    store<f32>(pointer(p, 2) + channel, <f32>factor);
  }
}

/**
 * y = (x − mean) · factor + beta. One item makes `perItem` rows; y may be x.
 *
 *  0 x        1 y         2 rows      3 c         4 perItem   5 mean      6 factor    7 beta
 */
export function normalizeChannels(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const mean = pointer(p, 5);
  const factor = pointer(p, 6);
  const beta = pointer(p, 7);
  const from = item * word(p, 4);
  const rows = min(word(p, 4), word(p, 2) - from);
  let x = pointer(p, 0) + (<usize>(from * c) << 2);
  let y = pointer(p, 1) + (<usize>(from * c) << 2);
  const whole = <usize>(c & ~3) << 2;
  for (let row = 0; row < rows; row++) {
    let at: usize = 0;
    for (; at < whole; at += 16) {
      const centred = f32x4.sub(v128.load(x + at), v128.load(mean + at));
      v128.store(y + at, fma(centred, v128.load(factor + at), v128.load(beta + at)));
    }
    if ((c & 3) != 0) {
      const centred = f32x4.sub(v128.load(x + at), v128.load(mean + at));
      storeLanes(y + at, fma(centred, v128.load(factor + at), v128.load(beta + at)), c & 3);
    }
    x += <usize>c << 2;
    y += <usize>c << 2;
  }
}

/**
 * For one block of rows, Σ dy and Σ dy · (x − mean): partials [blocks, 2, c].
 *
 *  0 x        1 partials  2 rows      3 c         4 rows of a block       5 dy        6 mean
 */
export function channelGradientSums(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const from = item * word(p, 4);
  const rows = min(word(p, 4), word(p, 2) - from);
  const offset = <usize>(from * c) << 2;
  const sums = pointer(p, 1) + (<usize>(item * 2 * c) << 2);
  const step = <usize>c << 2;
  let i = 0;
  for (; i + 8 <= c; i += 8) {
    const channel = <usize>i << 2;
    let x = pointer(p, 0) + offset + channel;
    let dy = pointer(p, 5) + offset + channel;
    const m0 = v128.load(pointer(p, 6) + channel);
    const m1 = v128.load(pointer(p, 6) + channel, 16);
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let dot0 = sum0;
    let dot1 = sum0;
    for (let row = 0; row < rows; row++) {
      const g0 = v128.load(dy);
      const g1 = v128.load(dy, 16);
      sum0 = f32x4.add(sum0, g0);
      sum1 = f32x4.add(sum1, g1);
      dot0 = fma(g0, f32x4.sub(v128.load(x), m0), dot0);
      dot1 = fma(g1, f32x4.sub(v128.load(x, 16), m1), dot1);
      x += step;
      dy += step;
    }
    v128.store(sums + channel, sum0);
    v128.store(sums + channel, sum1, 16);
    v128.store(sums + step + channel, dot0);
    v128.store(sums + step + channel, dot1, 16);
  }
  for (; i < c; i += 4) {
    const channel = <usize>i << 2;
    let x = pointer(p, 0) + offset + channel;
    let dy = pointer(p, 5) + offset + channel;
    const mean = v128.load(pointer(p, 6) + channel);
    let sum = f32x4.splat(0);
    let dot = sum;
    for (let row = 0; row < rows; row++) {
      const g = v128.load(dy);
      sum = f32x4.add(sum, g);
      dot = fma(g, f32x4.sub(v128.load(x), mean), dot);
      x += step;
      dy += step;
    }
    storeLanes(sums + channel, sum, c - i);
    storeLanes(sums + step + channel, dot, c - i);
  }
}

/**
 * Combines the blocks of `channelGradientSums`: dgamma, dbeta, and three rows of coefficients [3, c] with which
 * dx = a · (dy − d − b · (x − mean)). One item combines 16 channels.
 *
 *  0 partials 1 dgamma    2 rows      3 c         4 rows of a block       5 dbeta     6 gamma     7 variance
 *  8 epsilon (float)      9 coefficients
 */
export function combineGradientSums(p: usize, item: i32, thread: i32): void {
  const rows = word(p, 2);
  const c = word(p, 3);
  const block = word(p, 4);
  const row = <usize>c << 2;
  const to = min(c, (item + 1) * GROUP);
  for (let i = item * GROUP; i < to; i++) {
    const channel = <usize>i << 2;
    let at = pointer(p, 0) + channel;
    let sum: f64 = 0;
    let dot: f64 = 0;
    for (let r = 0; r < rows; r += block) {
      sum += <f64>load<f32>(at);
      dot += <f64>load<f32>(at + row);
      at += row << 1;
    }
    const inverse = 1 / sqrt<f64>(<f64>load<f32>(pointer(p, 7) + channel) + <f64>float(p, 8));
    store<f32>(pointer(p, 1) + channel, <f32>(dot * inverse));
    store<f32>(pointer(p, 5) + channel, <f32>sum);
    const a = <f64>load<f32>(pointer(p, 6) + channel) * inverse;
    const coefficients = pointer(p, 9) + channel;
    store<f32>(coefficients, <f32>a);
    store<f32>(coefficients + row, <f32>((inverse * inverse * dot) / <f64>rows));
    store<f32>(coefficients + row * 2, <f32>(sum / <f64>rows));
  }
}

/**
 * dx = a · (dy − d − b · (x − mean)) with the coefficients of `combineGradientSums`; dx = a · dy where x is 0. One item
 * makes `perItem` rows.
 *
 *  0 x        1 dx        2 rows      3 c         4 perItem   5 dy        6 mean      7 coefficients
 */
export function normalizeChannelsGradient(p: usize, item: i32, thread: i32): void {
  const c = word(p, 3);
  const mean = pointer(p, 6);
  const step = <usize>c << 2;
  const a = pointer(p, 7);
  const b = a + step;
  const d = b + step;
  const from = item * word(p, 4);
  const rows = min(word(p, 4), word(p, 2) - from);
  let x = pointer(p, 0) + <usize>from * step;
  let dx = pointer(p, 1) + <usize>from * step;
  let dy = pointer(p, 5) + <usize>from * step;
  const constant = pointer(p, 0) == 0;
  for (let row = 0; row < rows; row++) {
    if (constant) {
      for (let i = 0; i < c; i += 4) {
        const at = <usize>i << 2;
        storeLanes(dx + at, f32x4.mul(v128.load(dy + at), v128.load(a + at)), c - i);
      }
    } else {
      for (let i = 0; i < c; i += 4) {
        const at = <usize>i << 2;
        const centred = f32x4.sub(v128.load(mean + at), v128.load(x + at));
        const rest = fma(centred, v128.load(b + at), f32x4.sub(v128.load(dy + at), v128.load(d + at)));
        storeLanes(dx + at, f32x4.mul(rest, v128.load(a + at)), c - i);
      }
    }
    x += step;
    dx += step;
    dy += step;
  }
}
