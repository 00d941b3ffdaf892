import { pointer, word } from './common';
import { CHUNK } from './elementwise';
import { storeLanes } from './lanes';

/** Rotates each lane left; whole bytes in one shuffle. */
// @ts-ignore: decorator
@inline
function turn(x: v128, left: i32): v128 {
  if (left == 16) return v128.shuffle<i16>(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
  if (left == 24) return v128.shuffle<i8>(x, x, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
  return v128.or(i32x4.shl(x, left), i32x4.shr_u(x, 32 - left));
}

/**
 * Threefry-2x32 with 20 rounds for eight counters (c0, c1) and (d0, c1) at once. Writes 16 words in the order in which
 * draws use them: both words of the first counter, both of the second, and so on.
 */
function threefry(k0: i32, k1: i32, c0: v128, d0: v128, c1: v128, target: usize): void {
  let a = i32x4.splat(k1);
  let b = i32x4.splat(0x1bd11bda ^ k0 ^ k1);
  let c = i32x4.splat(k0);
  let x0 = i32x4.add(c0, c);
  let y0 = i32x4.add(d0, c);
  let x1 = i32x4.add(c1, a);
  let y1 = x1;
  for (let block = 1; block <= 5; block++) {
    x0 = i32x4.add(x0, x1);
    y0 = i32x4.add(y0, y1);
    if ((block & 1) != 0) {
      x1 = v128.xor(turn(x1, 13), x0);
      y1 = v128.xor(turn(y1, 13), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(turn(x1, 15), x0);
      y1 = v128.xor(turn(y1, 15), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(turn(x1, 26), x0);
      y1 = v128.xor(turn(y1, 26), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(turn(x1, 6), x0);
      y1 = v128.xor(turn(y1, 6), y0);
    } else {
      x1 = v128.xor(turn(x1, 17), x0);
      y1 = v128.xor(turn(y1, 17), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(turn(x1, 29), x0);
      y1 = v128.xor(turn(y1, 29), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(turn(x1, 16), x0);
      y1 = v128.xor(turn(y1, 16), y0);
      x0 = i32x4.add(x0, x1);
      y0 = i32x4.add(y0, y1);
      x1 = v128.xor(turn(x1, 24), x0);
      y1 = v128.xor(turn(y1, 24), y0);
    }
    const injected = i32x4.add(b, i32x4.splat(block));
    x0 = i32x4.add(x0, a);
    y0 = i32x4.add(y0, a);
    x1 = i32x4.add(x1, injected);
    y1 = i32x4.add(y1, injected);
    const first = a;
    a = b;
    b = c;
    c = first;
  }
  v128.store(target, v128.shuffle<i32>(x0, x1, 0, 4, 1, 5));
  v128.store(target, v128.shuffle<i32>(x0, x1, 2, 6, 3, 7), 16);
  v128.store(target, v128.shuffle<i32>(y0, y1, 0, 4, 1, 5), 32);
  v128.store(target, v128.shuffle<i32>(y0, y1, 2, 6, 3, 7), 48);
}

/** The 16 words of draws 2 · counter and on. */
// @ts-ignore: decorator
@inline
function draw(key: u64, counter: i32, target: usize): void {
  const c0 = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
  threefry(<i32>key, <i32>(key >> 32), c0, i32x4.add(c0, i32x4.splat(4)), i32x4.splat(0), target);
}

/** Key of a stream: the block of (stream, step) under the seed; `random` points to seedLow, seedHigh, step. */
function streamKey(random: usize, stream: i32, scratch: usize): u64 {
  const c0 = i32x4.splat(stream);
  threefry(load<i32>(random), load<i32>(random, 4), c0, c0, i32x4.splat(load<i32>(random, 8)), scratch);
  return load<u64>(scratch);
}

/** Words below this are dropped: floor(rate · 2^32). */
// @ts-ignore: decorator
@inline
function threshold(rate: f32): v128 {
  return i32x4.splat(<i32>(<u32>(<f64>rate * 4294967296)));
}

// @ts-ignore: decorator
@inline
function factorOf(rate: f32): v128 {
  return f32x4.splat(rate < 1 ? <f32>(1 / (1 - <f64>rate)) : 0);
}

/**
 * y[i] = x[i] / (1 − rate) where draw i is at least rate · 2^32, else 0. One item makes CHUNK elements.
 *
 *  0 x        1 y         2 size      3 rate pointer          4 random pointer        5 stream
 *  6 scratch  7 bytes of scratch for each thread (64 at least)
 */
export function dropoutElements(p: usize, item: i32, thread: i32): void {
  const rate = load<f32>(pointer(p, 3));
  const from = item * CHUNK;
  const to = min(word(p, 2), from + CHUNK);
  let x = pointer(p, 0) + (<usize>from << 2);
  let y = pointer(p, 1) + (<usize>from << 2);
  if (!(rate > 0)) {
    memory.copy(y, x, <usize>(to - from) << 2);
    return;
  }
  const scratch = pointer(p, 6) + <usize>(thread * word(p, 7));
  const key = streamKey(pointer(p, 4), word(p, 5), scratch);
  const least = threshold(rate);
  const factor = factorOf(rate);
  for (let i = from; i < to; i += 16) {
    draw(key, i >>> 1, scratch);
    if (i + 16 <= to) {
      v128.store(y, v128.and(f32x4.mul(v128.load(x), factor), i32x4.ge_u(v128.load(scratch), least)));
      v128.store(y, v128.and(f32x4.mul(v128.load(x, 16), factor), i32x4.ge_u(v128.load(scratch, 16), least)), 16);
      v128.store(y, v128.and(f32x4.mul(v128.load(x, 32), factor), i32x4.ge_u(v128.load(scratch, 32), least)), 32);
      v128.store(y, v128.and(f32x4.mul(v128.load(x, 48), factor), i32x4.ge_u(v128.load(scratch, 48), least)), 48);
    } else {
      for (let j = 0; j < to - i; j += 4) {
        const at = <usize>j << 2;
        const kept = i32x4.ge_u(v128.load(scratch + at), least);
        storeLanes(y + at, v128.and(f32x4.mul(v128.load(x + at), factor), kept), to - i - j);
      }
    }
    x += 64;
    y += 64;
  }
}

/**
 * Drops whole channels: draw image · c + channel decides for all pixels. One item makes `rows` pixels of one image.
 *
 *  0 x        1 y         2 pixels of an image    3 rate pointer          4 random pointer        5 stream
 *  6 scratch  7 bytes of scratch for each thread (4 · c + 128 at least)   8 c         9 rows     10 items of an image
 */
export function dropoutChannels(p: usize, item: i32, thread: i32): void {
  const rate = load<f32>(pointer(p, 3));
  const c = word(p, 8);
  const image = item / word(p, 10);
  const from = (item - image * word(p, 10)) * word(p, 9);
  const to = min(word(p, 2), from + word(p, 9));
  const offset = <usize>((image * word(p, 2) + from) * c) << 2;
  let x = pointer(p, 0) + offset;
  let y = pointer(p, 1) + offset;
  if (!(rate > 0)) {
    memory.copy(y, x, <usize>((to - from) * c) << 2);
    return;
  }
  const scratch = pointer(p, 6) + <usize>(thread * word(p, 7));
  const key = streamKey(pointer(p, 4), word(p, 5), scratch);
  const least = threshold(rate);
  const factor = factorOf(rate);
  const first = (image * c) & ~1;
  const words = scratch + (<usize>(image * c - first) << 2);
  for (let i = 0; i < c + 1; i += 16) draw(key, (first + i) >>> 1, scratch + (<usize>i << 2));
  for (let row = from; row < to; row++) {
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const kept = i32x4.ge_u(v128.load(words + at), least);
      storeLanes(y + at, v128.and(f32x4.mul(v128.load(x + at), factor), kept), c - i);
    }
    x += <usize>c << 2;
    y += <usize>c << 2;
  }
}
