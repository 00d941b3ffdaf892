import { pointer, word } from './common';
import { storeLanes, wins } from './lanes';
import { endTap, endWindow, firstTap, firstWindow } from './windows';

/** How windows lie over an image; read from the words of a step. */
const H: i32 = 4;
const W: i32 = 5;
const C: i32 = 6;
const OH: i32 = 7;
const OW: i32 = 8;
const KH: i32 = 9;
const KW: i32 = 10;
const STRIDE_H: i32 = 11;
const STRIDE_W: i32 = 12;
const TOP: i32 = 13;
const LEFT: i32 = 14;
const DIL_H: i32 = 15;
const DIL_W: i32 = 16;
const ROWS: i32 = 17;
const ALL_ROWS: i32 = 18;

/**
 * Largest pixel of each window and, unless the pointer is 0, its number iy · w + ix: the first maximum in scan order,
 * or the first NaN. One item makes `rows` of all output rows.
 *
 *  0 x        1 y         2 switches  3 unused    4 h         5 w         6 c          7 oh        8 ow
 *  9 kh      10 kw       11 strideH  12 strideW  13 top      14 left     15 dilH      16 dilW     17 rows
 * 18 output rows in all (n · oh)
 */
export function maxPoolRows(p: usize, item: i32, thread: i32): void {
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  const plain =
    word(p, KH) == 2 && word(p, KW) == 2 && word(p, STRIDE_H) == 2 && word(p, STRIDE_W) == 2 &&
    word(p, TOP) == 0 && word(p, LEFT) == 0 && word(p, DIL_H) == 1 && word(p, DIL_W) == 1 &&
    word(p, OH) * 2 <= word(p, H) && word(p, OW) * 2 <= word(p, W);
  for (let row = item * word(p, ROWS); row < to; row++) {
    if (!plain) maxPoolRow(p, row);
    else if (pointer(p, 2) != 0) maxPoolRow2(p, row, true);
    else maxPoolRow2(p, row, false);
  }
}

/** A row of 2 × 2 windows side by side. */
// @ts-ignore: decorator
@inline
function maxPoolRow2(p: usize, row: i32, withSwitches: bool): void {
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const pixel = <usize>c << 2;
  const line = <usize>w * pixel;
  const image = row / oh;
  const oy = row - image * oh;
  let x = pointer(p, 0) + <usize>(image * word(p, H) + oy * 2) * line;
  const offset = <usize>(row * ow) * pixel;
  let y = pointer(p, 1) + offset;
  let switches = pointer(p, 2) + offset;
  for (let ox = 0; ox < ow; ox++) {
    const number = i32x4.splat(oy * 2 * w + ox * 2);
    const number1 = i32x4.add(number, i32x4.splat(1));
    const number2 = i32x4.add(number, i32x4.splat(w));
    const number3 = i32x4.add(number, i32x4.splat(w + 1));
    for (let i = 0; i < c; i += 4) {
      const at = <usize>i << 2;
      const below = x + at + line;
      let best = v128.load(x + at);
      let which = number;
      let v = v128.load(x + at + pixel);
      let win = wins(v, best);
      best = v128.bitselect(v, best, win);
      if (withSwitches) which = v128.bitselect(number1, which, win);
      v = v128.load(below);
      win = wins(v, best);
      best = v128.bitselect(v, best, win);
      if (withSwitches) which = v128.bitselect(number2, which, win);
      v = v128.load(below + pixel);
      win = wins(v, best);
      best = v128.bitselect(v, best, win);
      if (withSwitches) which = v128.bitselect(number3, which, win);
      storeLanes(y + at, best, c - i);
      if (withSwitches) storeLanes(switches + at, which, c - i);
    }
    x += pixel << 1;
    y += pixel;
    switches += pixel;
  }
}

function maxPoolRow(p: usize, row: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kw = word(p, KW);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const pixel = <usize>c << 2;
  const image = row / oh;
  const iy0 = (row - image * oh) * word(p, STRIDE_H) - word(p, TOP);
  const fromY = firstTap(iy0, dilH);
  const toY = endTap(iy0, dilH, h, word(p, KH));
  const plane = pointer(p, 0) + <usize>(image * h * w) * pixel;
  const offset = <usize>(row * ow) * pixel;
  let y = pointer(p, 1) + offset;
  const withSwitches = pointer(p, 2) != 0;
  let switches = pointer(p, 2) + offset;
  for (let ox = 0; ox < ow; ox++) {
    const ix0 = ox * word(p, STRIDE_W) - word(p, LEFT);
    const fromX = firstTap(ix0, dilW);
    const toX = endTap(ix0, dilW, w, kw);
    for (let i = 0; i < c; i += 4) {
      const channel = plane + (<usize>i << 2);
      let number = (iy0 + fromY * dilH) * w + ix0 + fromX * dilW;
      let best = v128.load(channel + <usize>number * pixel);
      let which = i32x4.splat(number);
      for (let ky = fromY; ky < toY; ky++) {
        number = (iy0 + ky * dilH) * w + ix0 + fromX * dilW;
        for (let kx = fromX; kx < toX; kx++) {
          const v = v128.load(channel + <usize>number * pixel);
          const win = wins(v, best);
          best = v128.bitselect(v, best, win);
          which = v128.bitselect(i32x4.splat(number), which, win);
          number += dilW;
        }
      }
      storeLanes(y + (<usize>i << 2), best, c - i);
      if (withSwitches) storeLanes(switches + (<usize>i << 2), which, c - i);
    }
    y += pixel;
    switches += pixel;
  }
}

/**
 * dx[pixel] = sum of dy over the windows whose switch is that pixel, in scan order; with `assign` the last of them
 * instead of the sum. Windows are those of the pooling that made the switches. One item makes `rows` of all input rows.
 *
 *  0 dy       1 dx        2 switches  3 assign    4 h         5 w         6 c          7 oh        8 ow
 *  9 kh      10 kw       11 strideH  12 strideW  13 top      14 left     15 dilH      16 dilW     17 rows
 * 18 input rows in all (n · h)
 */
export function unpoolRows(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kh = word(p, KH);
  const kw = word(p, KW);
  const strideH = word(p, STRIDE_H);
  const strideW = word(p, STRIDE_W);
  const top = word(p, TOP);
  const left = word(p, LEFT);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const assign = word(p, 3) != 0;
  const pixel = <usize>c << 2;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / h;
    const iy = row - image * h;
    const fromY = firstWindow(iy + top, kh, strideH, dilH);
    const toY = endWindow(iy + top, strideH, oh);
    let dx = pointer(p, 1) + <usize>(row * w) * pixel;
    const plane = <usize>(image * oh * ow) * pixel;
    const dy = pointer(p, 0) + plane;
    const switches = pointer(p, 2) + plane;
    for (let ix = 0; ix < w; ix++) {
      const number = i32x4.splat(iy * w + ix);
      const fromX = firstWindow(ix + left, kw, strideW, dilW);
      const toX = endWindow(ix + left, strideW, ow);
      memory.fill(dx, 0, pixel);
      for (let oy = fromY; oy < toY; oy++) {
        if (dilH > 1 && (iy + top - oy * strideH) % dilH != 0) continue;
        for (let ox = fromX; ox < toX; ox++) {
          if (dilW > 1 && (ix + left - ox * strideW) % dilW != 0) continue;
          const window = <usize>(oy * ow + ox) * pixel;
          for (let i = 0; i < c; i += 4) {
            const at = <usize>i << 2;
            const v = v128.load(dy + window + at);
            const sum = v128.load(dx + at);
            const chosen = i32x4.eq(v128.load(switches + window + at), number);
            const next = assign ? v128.bitselect(v, sum, chosen) : f32x4.add(sum, v128.and(v, chosen));
            storeLanes(dx + at, next, c - i);
          }
        }
      }
      dx += pixel;
    }
  }
}

/**
 * The gradient of 2 × 2 windows side by side without padding: dy goes to the pixel that its switch names, zero to the
 * other three. One item spreads `rows` of all output rows; pixels that no window sees become zero.
 *
 * Words as of `unpoolRows`; 18 output rows in all (n · oh)
 */
export function unpoolRows2(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const pixel = <usize>c << 2;
  const line = <usize>w * pixel;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / oh;
    const oy = row - image * oh;
    let dx = pointer(p, 1) + <usize>(image * h + oy * 2) * line;
    let dy = pointer(p, 0) + <usize>(row * ow) * pixel;
    let switches = pointer(p, 2) + <usize>(row * ow) * pixel;
    for (let ox = 0; ox < ow; ox++) {
      const number = i32x4.splat(oy * 2 * w + ox * 2);
      const number1 = i32x4.add(number, i32x4.splat(1));
      const number2 = i32x4.add(number, i32x4.splat(w));
      const number3 = i32x4.add(number, i32x4.splat(w + 1));
      for (let i = 0; i < c; i += 4) {
        const at = <usize>i << 2;
        const below = dx + at + line;
        const v = v128.load(dy + at);
        const which = v128.load(switches + at);
        storeLanes(dx + at, v128.and(v, i32x4.eq(which, number)), c - i);
        storeLanes(dx + at + pixel, v128.and(v, i32x4.eq(which, number1)), c - i);
        storeLanes(below, v128.and(v, i32x4.eq(which, number2)), c - i);
        storeLanes(below + pixel, v128.and(v, i32x4.eq(which, number3)), c - i);
      }
      dx += pixel << 1;
      dy += pixel;
      switches += pixel;
    }
    if (w > ow * 2) {
      memory.fill(dx, 0, pixel);
      memory.fill(dx + line, 0, pixel);
      dx += pixel;
    }
    if (oy == oh - 1 && h > oh * 2) memory.fill(dx + line, 0, line);
  }
}

/**
 * As `unpoolRows` where nothing is known of the windows: every element goes where its switch says. One item works on
 * `block` channels of one image.
 *
 *  0 dy       1 dx        2 switches  3 assign    4 h · w     5 oh · ow   6 c          7 block     8 blocks
 */
export function scatterSwitches(p: usize, item: i32, thread: i32): void {
  const assign = word(p, 3) != 0;
  const inputs = word(p, 4);
  const outputs = word(p, 5);
  const c = word(p, 6);
  const image = item / word(p, 8);
  const from = (item - image * word(p, 8)) * word(p, 7);
  const to = min(c, from + word(p, 7));
  const dx = pointer(p, 1) + (<usize>(image * inputs * c) << 2);
  for (let i = 0; i < inputs; i++) memory.fill(dx + (<usize>(i * c + from) << 2), 0, <usize>(to - from) << 2);
  let at = <usize>(image * outputs * c) << 2;
  for (let o = 0; o < outputs; o++) {
    for (let i = from; i < to; i++) {
      const channel = at + (<usize>i << 2);
      const number = load<i32>(pointer(p, 2) + channel);
      if (<u32>number >= <u32>inputs) continue;
      const target = dx + (<usize>(number * c + i) << 2);
      const v = load<f32>(pointer(p, 0) + channel);
      store<f32>(target, assign ? v : load<f32>(target) + v);
    }
    at += <usize>c << 2;
  }
}

/**
 * y[pixel] = x[switch of pixel]. One item makes `pixels` of the n · oh · ow output pixels.
 *
 *  0 x        1 y         2 switches  3 pixels    4 h · w     5 oh · ow   6 c          7 output pixels in all
 */
export function gatherSwitchPixels(p: usize, item: i32, thread: i32): void {
  const inputs = word(p, 4);
  const outputs = word(p, 5);
  const c = word(p, 6);
  const to = min(word(p, 7), (item + 1) * word(p, 3));
  for (let o = item * word(p, 3); o < to; o++) {
    const x = pointer(p, 0) + (<usize>((o / outputs) * inputs * c) << 2);
    const y = pointer(p, 1) + (<usize>(o * c) << 2);
    const switches = pointer(p, 2) + (<usize>(o * c) << 2);
    for (let i = 0; i < c; i++) {
      const number = load<i32>(switches + (<usize>i << 2));
      const inside = <u32>number < <u32>inputs;
      store<f32>(y + (<usize>i << 2), inside ? load<f32>(x + (<usize>(number * c + i) << 2)) : 0);
    }
  }
}

/**
 * Mean of each window. One item makes `rows` of all output rows.
 *
 *  0 x        1 y         2 unused    3 include padding in the divisor    4 to 18 as of `maxPoolRows`
 */
export function averagePoolRows(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kh = word(p, KH);
  const kw = word(p, KW);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const pixel = <usize>c << 2;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / oh;
    const iy0 = (row - image * oh) * word(p, STRIDE_H) - word(p, TOP);
    const fromY = firstTap(iy0, dilH);
    const toY = endTap(iy0, dilH, h, kh);
    const plane = pointer(p, 0) + <usize>(image * h * w) * pixel;
    let y = pointer(p, 1) + <usize>(row * ow) * pixel;
    for (let ox = 0; ox < ow; ox++) {
      const ix0 = ox * word(p, STRIDE_W) - word(p, LEFT);
      const fromX = firstTap(ix0, dilW);
      const toX = endTap(ix0, dilW, w, kw);
      const count = word(p, 3) != 0 ? kh * kw : (toY - fromY) * (toX - fromX);
      const divisor = f32x4.splat(<f32>count);
      const start = plane + <usize>((iy0 + fromY * dilH) * w + ix0 + fromX * dilW) * pixel;
      for (let i = 0; i < c; i += 4) {
        let line = start + (<usize>i << 2);
        let sum = f32x4.splat(0);
        for (let ky = fromY; ky < toY; ky++) {
          let at = line;
          for (let kx = fromX; kx < toX; kx++) {
            sum = f32x4.add(sum, v128.load(at));
            at += <usize>dilW * pixel;
          }
          line += <usize>(dilH * w) * pixel;
        }
        storeLanes(y + (<usize>i << 2), f32x4.div(sum, divisor), c - i);
      }
      y += pixel;
    }
  }
}

/**
 * dx[pixel] = Σ dy / divisor over the windows that see the pixel. One item makes `rows` of all input rows.
 *
 *  0 dy       1 dx        2 unused    3 include padding in the divisor    4 to 18 as of `unpoolRows`
 */
export function averagePoolGradientRows(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kh = word(p, KH);
  const kw = word(p, KW);
  const strideH = word(p, STRIDE_H);
  const strideW = word(p, STRIDE_W);
  const top = word(p, TOP);
  const left = word(p, LEFT);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const include = word(p, 3) != 0;
  const pixel = <usize>c << 2;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / h;
    const iy = row - image * h;
    const fromY = firstWindow(iy + top, kh, strideH, dilH);
    const toY = endWindow(iy + top, strideH, oh);
    const plane = pointer(p, 0) + <usize>(image * oh * ow) * pixel;
    let dx = pointer(p, 1) + <usize>(row * w) * pixel;
    for (let ix = 0; ix < w; ix++) {
      memory.fill(dx, 0, pixel);
      const fromX = firstWindow(ix + left, kw, strideW, dilW);
      const toX = endWindow(ix + left, strideW, ow);
      for (let oy = fromY; oy < toY; oy++) {
        if (dilH > 1 && (iy + top - oy * strideH) % dilH != 0) continue;
        const iy0 = oy * strideH - top;
        const rows = endTap(iy0, dilH, h, kh) - firstTap(iy0, dilH);
        for (let ox = fromX; ox < toX; ox++) {
          if (dilW > 1 && (ix + left - ox * strideW) % dilW != 0) continue;
          const ix0 = ox * strideW - left;
          const columns = endTap(ix0, dilW, w, kw) - firstTap(ix0, dilW);
          const factor = f32x4.splat(<f32>1 / <f32>(include ? kh * kw : rows * columns));
          const dy = plane + <usize>(oy * ow + ox) * pixel;
          for (let i = 0; i < c; i += 4) {
            const at = <usize>i << 2;
            const share = f32x4.mul(v128.load(dy + at), factor);
            storeLanes(dx + at, f32x4.add(v128.load(dx + at), share), c - i);
          }
        }
      }
      dx += pixel;
    }
  }
}
