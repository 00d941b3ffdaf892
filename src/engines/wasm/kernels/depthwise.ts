import { between, leastOf, mostOf } from './activation';
import { fma, pointer, word } from './common';
import { storeLanes } from './lanes';
import { endTap, endWindow, firstTap, firstWindow } from './windows';

// Convolutions whose filters each see one channel: output channel o belongs to input channel o / m. Vectors run over
// channels. The words have the same places in all three kernels:
//
//  4 h        5 w         6 c (input channels)    7 oh        8 ow       9 kh        10 kw       11 strideH  12 strideW
// 13 top     14 left     15 dilH     16 dilW     17 rows of an item      18 rows in all          19 m
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
const M: i32 = 19;

/** Output channels whose filter gradients one item sums; the same number stands in lowerings/depthwise.ts. */
const BLOCK: i32 = 16;

/** Input channels under output channels o … o + 3, from a pixel's first channel. */
// @ts-ignore: decorator
@inline
function spread(pixel: usize, o: i32, m: i32, c: i32): v128 {
  if (m == 1) return v128.load(pixel + (<usize>o << 2));
  const last = c - 1;
  let v = v128.load32_zero(pixel + (<usize>(o / m) << 2));
  v = v128.load32_lane(pixel + (<usize>min(last, (o + 1) / m) << 2), v, 1);
  v = v128.load32_lane(pixel + (<usize>min(last, (o + 2) / m) << 2), v, 2);
  return v128.load32_lane(pixel + (<usize>min(last, (o + 3) / m) << 2), v, 3);
}

/** Every m-th float from `at`, four of them. */
// @ts-ignore: decorator
@inline
function everyMth(at: usize, m: i32): v128 {
  if (m == 1) return v128.load(at);
  const step = <usize>m << 2;
  let v = v128.load32_zero(at);
  v = v128.load32_lane(at + step, v, 1);
  v = v128.load32_lane(at + step * 2, v, 2);
  return v128.load32_lane(at + step * 3, v, 3);
}

/**
 * y = act(x ∗ w + bias). With `tapStep` negative the taps are read backwards: the gradient by the input at stride 1.
 * One item makes some rows of all n · oh output rows.
 *
 *  0 x        1 y         2 first tap of w        3 bias or 0             20 activation    21 tapStep (floats)
 */
export function depthwiseForward(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kw = word(p, KW);
  const strideW = word(p, STRIDE_W);
  const left = word(p, LEFT);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const m = word(p, M);
  const pixel = <usize>word(p, C) << 2;
  const outPixel = pixel * m;
  const reach = (kw - 1) * dilW;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / oh;
    const iy0 = (row - image * oh) * word(p, STRIDE_H) - word(p, TOP);
    const fromY = firstTap(iy0, dilH);
    const toY = endTap(iy0, dilH, h, word(p, KH));
    const line = pointer(p, 0) + <usize>((image * h + iy0) * w) * pixel;
    const y = pointer(p, 1) + <usize>(row * ow) * outPixel;
    let ox = 0;
    while (ox < ow) {
      const ix0 = ox * strideW - left;
      const x = line + <usize>ix0 * pixel;
      if (m == 1 && ix0 >= 0 && ox + 4 <= ow && ix0 + 3 * strideW + reach < w) {
        fourPixels(p, x, y + <usize>ox * outPixel, fromY, toY);
        ox += 4;
      } else {
        const fromX = firstTap(ix0, dilW);
        const toX = endTap(ix0, dilW, w, kw);
        onePixel(p, x, y + <usize>ox * outPixel, fromY, toY, fromX, toX);
        ox++;
      }
    }
  }
}

/** Four neighbouring output pixels whose taps all lie within the row. */
function fourPixels(p: usize, x: usize, y: usize, fromY: i32, toY: i32): void {
  const c = word(p, C);
  const pixel = <usize>c << 2;
  const next = <usize>word(p, STRIDE_W) * pixel;
  const kw = word(p, KW);
  const tapStep = <usize>word(p, 21) << 2;
  const column = <usize>word(p, DIL_W) * pixel;
  const line = <usize>(word(p, DIL_H) * word(p, W)) * pixel;
  const bias = pointer(p, 3);
  const least = leastOf(word(p, 20));
  const most = mostOf(word(p, 20));
  const firstLine = x + <usize>fromY * line;
  const firstFilter = pointer(p, 2) + <usize>(fromY * kw) * tapStep;
  for (let i = 0; i < c; i += 4) {
    const channel = <usize>i << 2;
    let a0 = bias == 0 ? f32x4.splat(0) : v128.load(bias + channel);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let start = firstLine + channel;
    let filter = firstFilter + channel;
    for (let ky = fromY; ky < toY; ky++) {
      let at = start;
      for (let kx = 0; kx < kw; kx++) {
        const weight = v128.load(filter);
        a0 = fma(v128.load(at), weight, a0);
        a1 = fma(v128.load(at + next), weight, a1);
        a2 = fma(v128.load(at + next * 2), weight, a2);
        a3 = fma(v128.load(at + next * 3), weight, a3);
        at += column;
        filter += tapStep;
      }
      start += line;
    }
    const target = y + channel;
    storeLanes(target, between(a0, least, most), c - i);
    storeLanes(target + pixel, between(a1, least, most), c - i);
    storeLanes(target + pixel * 2, between(a2, least, most), c - i);
    storeLanes(target + pixel * 3, between(a3, least, most), c - i);
  }
}

function onePixel(p: usize, x: usize, y: usize, fromY: i32, toY: i32, fromX: i32, toX: i32): void {
  const c = word(p, C);
  const m = word(p, M);
  const outputs = c * m;
  const kw = word(p, KW);
  const tapStep = <usize>word(p, 21) << 2;
  const pixel = <usize>c << 2;
  const column = <usize>word(p, DIL_W) * pixel;
  const line = <usize>(word(p, DIL_H) * word(p, W)) * pixel;
  const bias = pointer(p, 3);
  const least = leastOf(word(p, 20));
  const most = mostOf(word(p, 20));
  for (let i = 0; i < outputs; i += 4) {
    const channel = <usize>i << 2;
    let sum = bias == 0 ? f32x4.splat(0) : v128.load(bias + channel);
    for (let ky = fromY; ky < toY; ky++) {
      let at = x + <usize>ky * line + <usize>fromX * column;
      let filter = pointer(p, 2) + <usize>(ky * kw + fromX) * tapStep + channel;
      for (let kx = fromX; kx < toX; kx++) {
        sum = fma(spread(at, i, m, c), v128.load(filter), sum);
        at += column;
        filter += tapStep;
      }
    }
    storeLanes(y + channel, between(sum, least, most), outputs - i);
  }
}

/**
 * dx[pixel] = Σ dy · w over the windows that see the pixel. One item makes some rows of all n · h input rows.
 *
 *  0 dy       1 dx        2 w         3 unused
 */
export function depthwiseInputGradient(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kh = word(p, KH);
  const kw = word(p, KW);
  const strideH = word(p, STRIDE_H);
  const strideW = word(p, STRIDE_W);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const m = word(p, M);
  const pixel = <usize>c << 2;
  const outPixel = pixel * m;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / h;
    const atY = row - image * h + word(p, TOP);
    const fromY = firstWindow(atY, kh, strideH, dilH);
    const toY = endWindow(atY, strideH, oh);
    const plane = pointer(p, 0) + <usize>(image * oh * ow) * outPixel;
    let dx = pointer(p, 1) + <usize>(row * w) * pixel;
    for (let ix = 0; ix < w; ix++) {
      const atX = ix + word(p, LEFT);
      const fromX = firstWindow(atX, kw, strideW, dilW);
      const toX = endWindow(atX, strideW, ow);
      memory.fill(dx, 0, pixel);
      for (let oy = fromY; oy < toY; oy++) {
        const ky = (atY - oy * strideH) / dilH;
        if (ky * dilH + oy * strideH != atY) continue;
        for (let ox = fromX; ox < toX; ox++) {
          const kx = (atX - ox * strideW) / dilW;
          if (kx * dilW + ox * strideW != atX) continue;
          const dy = plane + <usize>(oy * ow + ox) * outPixel;
          const filter = pointer(p, 2) + <usize>(ky * kw + kx) * outPixel;
          for (let i = 0; i < c; i += 4) {
            const channel = <usize>i << 2;
            let sum = v128.load(dx + channel);
            for (let j = 0; j < m; j++) {
              const at = channel * m + (<usize>j << 2);
              sum = fma(everyMth(dy + at, m), everyMth(filter + at, m), sum);
            }
            storeLanes(dx + channel, sum, c - i);
          }
        }
      }
      dx += pixel;
    }
  }
}

/**
 * dw[tap] = Σ x · dy over pixels. The n · oh output rows are divided into partials, `rows` in each, which `addPartials`
 * adds up. One item sums one partial for 16 output channels.
 *
 *  0 x        1 partials  2 dy        3 floats from one partial to the next           20 channel blocks
 */
export function depthwiseFilterGradient(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const c = word(p, C);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const kh = word(p, KH);
  const kw = word(p, KW);
  const strideW = word(p, STRIDE_W);
  const dilH = word(p, DIL_H);
  const dilW = word(p, DIL_W);
  const m = word(p, M);
  const outputs = c * m;
  const pixel = <usize>c << 2;
  const outPixel = pixel * m;
  const partial = item / word(p, 20);
  const first = (item - partial * word(p, 20)) * BLOCK;
  const count = min(BLOCK, outputs - first);
  const block = <usize>first << 2;
  const sums = pointer(p, 1) + (<usize>(partial * word(p, 3)) << 2) + block;
  for (let tap = 0; tap < kh * kw; tap++) memory.fill(sums + <usize>tap * outPixel, 0, <usize>count << 2);
  const to = min(word(p, ALL_ROWS), (partial + 1) * word(p, ROWS));
  for (let row = partial * word(p, ROWS); row < to; row++) {
    const image = row / oh;
    const iy0 = (row - image * oh) * word(p, STRIDE_H) - word(p, TOP);
    const toY = endTap(iy0, dilH, h, kh);
    const dy = pointer(p, 2) + <usize>(row * ow) * outPixel + block;
    for (let ky = firstTap(iy0, dilH); ky < toY; ky++) {
      const line = pointer(p, 0) + <usize>((image * h + iy0 + ky * dilH) * w) * pixel;
      for (let kx = 0; kx < kw; kx++) {
        // Output pixels whose tap kx lies in the image.
        const offset = kx * dilW - word(p, LEFT);
        const fromX = offset >= 0 ? 0 : (strideW - 1 - offset) / strideW;
        const toX = offset >= w ? 0 : min(ow, (w - 1 - offset) / strideW + 1);
        const target = sums + <usize>(ky * kw + kx) * outPixel;
        const x = line + <usize>(fromX * strideW + offset) * pixel;
        const g = dy + <usize>fromX * outPixel;
        const step = <usize>strideW * pixel;
        if (m == 1 && count == BLOCK) sumTap16(x + block, g, toX - fromX, step, outPixel, target);
        else sumTap(x, g, toX - fromX, step, outPixel, target, first, count, m, c);
      }
    }
  }
}

/** target[0..16] += Σ x · dy over `pixels` pixels. */
function sumTap16(x: usize, dy: usize, pixels: i32, step: usize, outStep: usize, target: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  for (let i = 0; i < pixels; i++) {
    a0 = fma(v128.load(x), v128.load(dy), a0);
    a1 = fma(v128.load(x, 16), v128.load(dy, 16), a1);
    a2 = fma(v128.load(x, 32), v128.load(dy, 32), a2);
    a3 = fma(v128.load(x, 48), v128.load(dy, 48), a3);
    x += step;
    dy += outStep;
  }
  v128.store(target, f32x4.add(v128.load(target), a0));
  v128.store(target, f32x4.add(v128.load(target, 16), a1), 16);
  v128.store(target, f32x4.add(v128.load(target, 32), a2), 32);
  v128.store(target, f32x4.add(v128.load(target, 48), a3), 48);
}

/** The same for any number of channels; x points to the pixel's first channel. */
function sumTap(
  x: usize,
  dy: usize,
  pixels: i32,
  step: usize,
  outStep: usize,
  target: usize,
  first: i32,
  count: i32,
  m: i32,
  c: i32,
): void {
  for (let j = 0; j < count; j += 4) {
    let at = x;
    let g = dy + (<usize>j << 2);
    let sum = f32x4.splat(0);
    for (let i = 0; i < pixels; i++) {
      sum = fma(spread(at, first + j, m, c), v128.load(g), sum);
      at += step;
      g += outStep;
    }
    const channel = target + (<usize>j << 2);
    storeLanes(channel, f32x4.add(v128.load(channel), sum), count - j);
  }
}
