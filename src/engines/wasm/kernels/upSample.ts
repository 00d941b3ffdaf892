import { fma, fma1, pointer, word } from './common';

/**
 * Each pixel repeated sh × sw times: x [n, h, w, c] → y [n, h · sh, w · sw, c]. An item makes `rowsPerItem` of the
 * n · h rows of x.
 *
 * 0 x, 1 y, 2 rows, 3 w, 4 c, 5 sh, 6 sw, 7 rowsPerItem
 */
export function upSampleNearest(p: usize, item: i32, thread: i32): void {
  const w = word(p, 3);
  const c = word(p, 4);
  const sh = word(p, 5);
  const sw = word(p, 6);
  const bytes = <usize>c << 2;
  const rowBytes = <usize>(w * sw) * bytes;
  const first = item * word(p, 7);
  const last = min(word(p, 2), first + word(p, 7));
  let x = pointer(p, 0) + <usize>(first * w) * bytes;
  let y = pointer(p, 1) + <usize>(first * sh) * rowBytes;
  for (let row = first; row < last; row++) {
    const top = y;
    for (let column = 0; column < w; column++) {
      for (let i = 0; i < sw; i++) {
        copyPixel(y, x, c);
        y += bytes;
      }
      x += bytes;
    }
    for (let i = 1; i < sh; i++) {
      memory.copy(y, top, rowBytes);
      y += rowBytes;
    }
  }
}

/**
 * Sums of dy [n, h · sh, w · sw, c] over the pixels that show one of x: dx [n, h, w, c]. An item makes `rowsPerItem` of
 * the n · h rows of dx.
 *
 * 0 dy, 1 dx, 2 rows, 3 w, 4 c, 5 sh, 6 sw, 7 rowsPerItem
 */
export function upSampleNearestGradient(p: usize, item: i32, thread: i32): void {
  const w = word(p, 3);
  const c = word(p, 4);
  const sh = word(p, 5);
  const sw = word(p, 6);
  const bytes = <usize>c << 2;
  const rowBytes = <usize>(w * sw) * bytes;
  const first = item * word(p, 7);
  const last = min(word(p, 2), first + word(p, 7));
  for (let row = first; row < last; row++) {
    for (let column = 0; column < w; column++) {
      const dx = pointer(p, 1) + <usize>(row * w + column) * bytes;
      const dy = pointer(p, 0) + <usize>(row * sh) * rowBytes + <usize>(column * sw) * bytes;
      let channel = 0;
      for (; channel + 4 <= c; channel += 4) {
        let sum = f32x4.splat(0);
        for (let i = 0; i < sh; i++) {
          let at = dy + <usize>i * rowBytes + (<usize>channel << 2);
          for (let j = 0; j < sw; j++, at += bytes) sum = f32x4.add(sum, v128.load(at));
        }
        v128.store(dx + (<usize>channel << 2), sum);
      }
      for (; channel < c; channel++) {
        let sum: f32 = 0;
        for (let i = 0; i < sh; i++) {
          let at = dy + <usize>i * rowBytes + (<usize>channel << 2);
          for (let j = 0; j < sw; j++, at += bytes) sum += load<f32>(at);
        }
        store<f32>(dx + (<usize>channel << 2), sum);
      }
    }
  }
}

/** The pixel in front of output position `at`, by half-pixel centres; −1 where the position lies before the first. */
// @ts-ignore: decorator
@inline
function pixelBefore(at: i32, size: i32): i32 {
  const whole = at / size;
  return 2 * (at - whole * size) + 1 < size ? whole - 1 : whole;
}

/** The share of the pixel behind: (at + ½) / size − ½ − `pixelBefore`, a fraction of whole numbers rounded once. */
// @ts-ignore: decorator
@inline
function shareBehind(at: i32, size: i32): f32 {
  const double: i32 = 2 * size;
  const over: i32 = 2 * at + 1 - size - double * pixelBefore(at, size);
  return <f32>over / <f32>double;
}

/**
 * Bilinear interpolation with half-pixel centres, held at the border: x [n, h, w, c] → y [n, h · sh, w · sw, c]. An item
 * makes `rowsPerItem` of the n · h · sh rows of y.
 *
 * 0 x, 1 y, 2 rows, 3 w, 4 c, 5 sh, 6 sw, 7 rowsPerItem, 8 h
 */
export function upSampleBilinear(p: usize, item: i32, thread: i32): void {
  const w = word(p, 3);
  const c = word(p, 4);
  const sh = word(p, 5);
  const sw = word(p, 6);
  const h = word(p, 8);
  const bytes = <usize>c << 2;
  const first = item * word(p, 7);
  const last = min(word(p, 2), first + word(p, 7));
  let y = pointer(p, 1) + <usize>(first * w * sw) * bytes;
  for (let row = first; row < last; row++) {
    const image = row / (h * sh);
    const line = row - image * h * sh;
    const above = pixelBefore(line, sh);
    const v = shareBehind(line, sh);
    const top = pointer(p, 0) + <usize>((image * h + max(above, 0)) * w) * bytes;
    const bottom = pointer(p, 0) + <usize>((image * h + min(above + 1, h - 1)) * w) * bytes;
    for (let column = 0; column < w * sw; column++) {
      const before = pixelBefore(column, sw);
      const left = <usize>max(before, 0) * bytes;
      const right = <usize>min(before + 1, w - 1) * bytes;
      blend(y, top + left, top + right, bottom + left, bottom + right, v, shareBehind(column, sw), c);
      y += bytes;
    }
  }
}

/** One pixel out of four. */
// @ts-ignore: decorator
@inline
function blend(y: usize, x00: usize, x01: usize, x10: usize, x11: usize, v: f32, u: f32, c: i32): void {
  const one: f32 = 1;
  const w11 = v * u;
  const w10 = v * (one - u);
  const w01 = (one - v) * u;
  const w00 = (one - v) * (one - u);
  const whole = <usize>(c & ~3) << 2;
  const end = <usize>c << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    let sum = f32x4.mul(v128.load(x00 + at), f32x4.splat(w00));
    sum = fma(v128.load(x01 + at), f32x4.splat(w01), sum);
    sum = fma(v128.load(x10 + at), f32x4.splat(w10), sum);
    sum = fma(v128.load(x11 + at), f32x4.splat(w11), sum);
    v128.store(y + at, sum);
  }
  for (; at < end; at += 4) {
    let sum: f32 = load<f32>(x00 + at) * w00;
    sum = fma1(load<f32>(x01 + at), w01, sum);
    sum = fma1(load<f32>(x10 + at), w10, sum);
    sum = fma1(load<f32>(x11 + at), w11, sum);
    store<f32>(y + at, sum);
  }
}

/** The weight with which output position `at` reads pixel `i` of `count`. */
// @ts-ignore: decorator
@inline
function weightOf(at: i32, i: i32, size: i32, count: i32): f32 {
  const before = pixelBefore(at, size);
  const behind = shareBehind(at, size);
  let weight: f32 = 0;
  if (max(before, 0) == i) weight += 1 - behind;
  if (min(before + 1, count - 1) == i) weight += behind;
  return weight;
}

/**
 * Gradient of bilinear interpolation: each pixel of dx [n, h, w, c] collects the pixels of dy [n, h · sh, w · sw, c] that
 * read it. An item makes `rowsPerItem` of the n · h rows of dx.
 *
 * 0 dy, 1 dx, 2 rows, 3 w, 4 c, 5 sh, 6 sw, 7 rowsPerItem, 8 h
 */
export function upSampleBilinearGradient(p: usize, item: i32, thread: i32): void {
  const w = word(p, 3);
  const c = word(p, 4);
  const sh = word(p, 5);
  const sw = word(p, 6);
  const h = word(p, 8);
  const bytes = <usize>c << 2;
  const first = item * word(p, 7);
  const last = min(word(p, 2), first + word(p, 7));
  for (let row = first; row < last; row++) {
    const image = row / h;
    const line = row - image * h;
    const top = max(0, (line - 1) * sh);
    const bottom = min(h * sh, (line + 2) * sh);
    for (let column = 0; column < w; column++) {
      const dx = pointer(p, 1) + <usize>(row * w + column) * bytes;
      memory.fill(dx, 0, bytes);
      const from = max(0, (column - 1) * sw);
      const to = min(w * sw, (column + 2) * sw);
      for (let i = top; i < bottom; i++) {
        const v = weightOf(i, line, sh, h);
        if (v == 0) continue;
        for (let j = from; j < to; j++) {
          const weight = v * weightOf(j, column, sw, w);
          if (weight == 0) continue;
          addWeighted(dx, pointer(p, 0) + <usize>((image * h * sh + i) * w * sw + j) * bytes, weight, c);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addWeighted(y: usize, x: usize, weight: f32, c: i32): void {
  const end = y + (<usize>c << 2);
  const whole = y + (<usize>(c & ~3) << 2);
  for (; y < whole; x += 16, y += 16) v128.store(y, fma(v128.load(x), f32x4.splat(weight), v128.load(y)));
  for (; y < end; x += 4, y += 4) store<f32>(y, fma1(load<f32>(x), weight, load<f32>(y)));
}

// @ts-ignore: decorator
@inline
function copyPixel(y: usize, x: usize, c: i32): void {
  const end = y + (<usize>c << 2);
  const whole = y + (<usize>(c & ~3) << 2);
  for (; y < whole; x += 16, y += 16) v128.store(y, v128.load(x));
  for (; y < end; x += 4, y += 4) store<u32>(y, load<u32>(x));
}
