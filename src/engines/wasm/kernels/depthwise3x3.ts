import { between, leastOf, mostOf } from './activation';
import { fma, pointer, word } from './common';
import { storeLanes } from './lanes';

const H: i32 = 4;
const W: i32 = 5;
const C: i32 = 6;
const OH: i32 = 7;
const OW: i32 = 8;
const STRIDE_W: i32 = 12;
const TOP: i32 = 13;
const LEFT: i32 = 14;
const ROWS: i32 = 17;
const ALL_ROWS: i32 = 18;

/**
 * y = act(x ∗ w + bias) for a 3 × 3 filter on each channel, without dilation and with stride 1 or 2 in both directions: four
 * output pixels of a row at a time. No window reaches further than one pixel past the image, and rows have at least four
 * output pixels; the last four may be four of which some were made before.
 *
 * Words as of `depthwiseForward`
 */
export function depthwise3x3(p: usize, item: i32, thread: i32): void {
  const h = word(p, H);
  const w = word(p, W);
  const oh = word(p, OH);
  const ow = word(p, OW);
  const stride = word(p, STRIDE_W);
  const pixel = <usize>word(p, C) << 2;
  const to = min(word(p, ALL_ROWS), (item + 1) * word(p, ROWS));
  for (let row = item * word(p, ROWS); row < to; row++) {
    const image = row / oh;
    const iy = (row - image * oh) * stride - word(p, TOP);
    const line = pointer(p, 0) + <usize>((image * h + iy) * w) * pixel;
    const above = iy >= 0;
    const below = iy + 2 < h;
    for (let ox = 0; ox < ow; ox += 4) {
      const from = min(ox, ow - 4);
      const ix = from * stride - word(p, LEFT);
      const x = line + <usize>ix * pixel;
      const y = pointer(p, 1) + <usize>(row * ow + from) * pixel;
      const last = ix + 3 * stride + 2 < w;
      if (stride == 1) fourBeside(p, x, y, ix >= 0, last, above, below);
      else fourApart(p, x, y, ix >= 0, last, above, below);
    }
  }
}

/**
 * Four output pixels of a 3 × 3 filter with stride 1: 6 input pixels of up to three rows, each read once.
 *
 * @param x the pixel under the first tap, perhaps outside the image; \`first\` and \`last\` say whether the outermost columns
 * lie inside, \`above\` and \`below\` the outermost rows.
 */
function fourBeside(p: usize, x: usize, y: usize, first: bool, last: bool, above: bool, below: bool): void {
  const c = word(p, C);
  const pixel = <usize>c << 2;
  const line = <usize>word(p, W) * pixel;
  const tapStep = <usize>word(p, 21) << 2;
  const bias = pointer(p, 3);
  const least = leastOf(word(p, 20));
  const most = mostOf(word(p, 20));
  let filter = pointer(p, 2);
  for (let i = 0; i < c; i += 4) {
    let a0 = bias == 0 ? f32x4.splat(0) : v128.load(bias + (<usize>i << 2));
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    if (above) {
      const row0 = x;
      const taps0 = filter;
      const w00 = v128.load(taps0);
      const w01 = v128.load(taps0 + tapStep);
      const w02 = v128.load(taps0 + tapStep * 2);
      if (first) a0 = fma(v128.load(row0), w00, a0);
      const x01 = v128.load(row0 + pixel);
      a0 = fma(x01, w01, a0);
      a1 = fma(x01, w00, a1);
      const x02 = v128.load(row0 + pixel * 2);
      a0 = fma(x02, w02, a0);
      a1 = fma(x02, w01, a1);
      a2 = fma(x02, w00, a2);
      const x03 = v128.load(row0 + pixel * 3);
      a1 = fma(x03, w02, a1);
      a2 = fma(x03, w01, a2);
      a3 = fma(x03, w00, a3);
      const x04 = v128.load(row0 + pixel * 4);
      a2 = fma(x04, w02, a2);
      a3 = fma(x04, w01, a3);
      if (last) a3 = fma(v128.load(row0 + pixel * 5), w02, a3);
    }
    const row1 = x + line;
    const taps1 = filter + tapStep * 3;
    const w10 = v128.load(taps1);
    const w11 = v128.load(taps1 + tapStep);
    const w12 = v128.load(taps1 + tapStep * 2);
    if (first) a0 = fma(v128.load(row1), w10, a0);
    const x11 = v128.load(row1 + pixel);
    a0 = fma(x11, w11, a0);
    a1 = fma(x11, w10, a1);
    const x12 = v128.load(row1 + pixel * 2);
    a0 = fma(x12, w12, a0);
    a1 = fma(x12, w11, a1);
    a2 = fma(x12, w10, a2);
    const x13 = v128.load(row1 + pixel * 3);
    a1 = fma(x13, w12, a1);
    a2 = fma(x13, w11, a2);
    a3 = fma(x13, w10, a3);
    const x14 = v128.load(row1 + pixel * 4);
    a2 = fma(x14, w12, a2);
    a3 = fma(x14, w11, a3);
    if (last) a3 = fma(v128.load(row1 + pixel * 5), w12, a3);
    if (below) {
      const row2 = x + line * 2;
      const taps2 = filter + tapStep * 6;
      const w20 = v128.load(taps2);
      const w21 = v128.load(taps2 + tapStep);
      const w22 = v128.load(taps2 + tapStep * 2);
      if (first) a0 = fma(v128.load(row2), w20, a0);
      const x21 = v128.load(row2 + pixel);
      a0 = fma(x21, w21, a0);
      a1 = fma(x21, w20, a1);
      const x22 = v128.load(row2 + pixel * 2);
      a0 = fma(x22, w22, a0);
      a1 = fma(x22, w21, a1);
      a2 = fma(x22, w20, a2);
      const x23 = v128.load(row2 + pixel * 3);
      a1 = fma(x23, w22, a1);
      a2 = fma(x23, w21, a2);
      a3 = fma(x23, w20, a3);
      const x24 = v128.load(row2 + pixel * 4);
      a2 = fma(x24, w22, a2);
      a3 = fma(x24, w21, a3);
      if (last) a3 = fma(v128.load(row2 + pixel * 5), w22, a3);
    }
    storeLanes(y, between(a0, least, most), c - i);
    storeLanes(y + pixel, between(a1, least, most), c - i);
    storeLanes(y + pixel * 2, between(a2, least, most), c - i);
    storeLanes(y + pixel * 3, between(a3, least, most), c - i);
    x += 16;
    y += 16;
    filter += 16;
  }
}

/**
 * Four output pixels of a 3 × 3 filter with stride 2: 9 input pixels of up to three rows, each read once.
 *
 * @param x the pixel under the first tap, perhaps outside the image; \`first\` and \`last\` say whether the outermost columns
 * lie inside, \`above\` and \`below\` the outermost rows.
 */
function fourApart(p: usize, x: usize, y: usize, first: bool, last: bool, above: bool, below: bool): void {
  const c = word(p, C);
  const pixel = <usize>c << 2;
  const line = <usize>word(p, W) * pixel;
  const tapStep = <usize>word(p, 21) << 2;
  const bias = pointer(p, 3);
  const least = leastOf(word(p, 20));
  const most = mostOf(word(p, 20));
  let filter = pointer(p, 2);
  for (let i = 0; i < c; i += 4) {
    let a0 = bias == 0 ? f32x4.splat(0) : v128.load(bias + (<usize>i << 2));
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    if (above) {
      const row0 = x;
      const taps0 = filter;
      const w00 = v128.load(taps0);
      const w01 = v128.load(taps0 + tapStep);
      const w02 = v128.load(taps0 + tapStep * 2);
      if (first) a0 = fma(v128.load(row0), w00, a0);
      const x01 = v128.load(row0 + pixel);
      a0 = fma(x01, w01, a0);
      const x02 = v128.load(row0 + pixel * 2);
      a0 = fma(x02, w02, a0);
      a1 = fma(x02, w00, a1);
      const x03 = v128.load(row0 + pixel * 3);
      a1 = fma(x03, w01, a1);
      const x04 = v128.load(row0 + pixel * 4);
      a1 = fma(x04, w02, a1);
      a2 = fma(x04, w00, a2);
      const x05 = v128.load(row0 + pixel * 5);
      a2 = fma(x05, w01, a2);
      const x06 = v128.load(row0 + pixel * 6);
      a2 = fma(x06, w02, a2);
      a3 = fma(x06, w00, a3);
      const x07 = v128.load(row0 + pixel * 7);
      a3 = fma(x07, w01, a3);
      if (last) a3 = fma(v128.load(row0 + pixel * 8), w02, a3);
    }
    const row1 = x + line;
    const taps1 = filter + tapStep * 3;
    const w10 = v128.load(taps1);
    const w11 = v128.load(taps1 + tapStep);
    const w12 = v128.load(taps1 + tapStep * 2);
    if (first) a0 = fma(v128.load(row1), w10, a0);
    const x11 = v128.load(row1 + pixel);
    a0 = fma(x11, w11, a0);
    const x12 = v128.load(row1 + pixel * 2);
    a0 = fma(x12, w12, a0);
    a1 = fma(x12, w10, a1);
    const x13 = v128.load(row1 + pixel * 3);
    a1 = fma(x13, w11, a1);
    const x14 = v128.load(row1 + pixel * 4);
    a1 = fma(x14, w12, a1);
    a2 = fma(x14, w10, a2);
    const x15 = v128.load(row1 + pixel * 5);
    a2 = fma(x15, w11, a2);
    const x16 = v128.load(row1 + pixel * 6);
    a2 = fma(x16, w12, a2);
    a3 = fma(x16, w10, a3);
    const x17 = v128.load(row1 + pixel * 7);
    a3 = fma(x17, w11, a3);
    if (last) a3 = fma(v128.load(row1 + pixel * 8), w12, a3);
    if (below) {
      const row2 = x + line * 2;
      const taps2 = filter + tapStep * 6;
      const w20 = v128.load(taps2);
      const w21 = v128.load(taps2 + tapStep);
      const w22 = v128.load(taps2 + tapStep * 2);
      if (first) a0 = fma(v128.load(row2), w20, a0);
      const x21 = v128.load(row2 + pixel);
      a0 = fma(x21, w21, a0);
      const x22 = v128.load(row2 + pixel * 2);
      a0 = fma(x22, w22, a0);
      a1 = fma(x22, w20, a1);
      const x23 = v128.load(row2 + pixel * 3);
      a1 = fma(x23, w21, a1);
      const x24 = v128.load(row2 + pixel * 4);
      a1 = fma(x24, w22, a1);
      a2 = fma(x24, w20, a2);
      const x25 = v128.load(row2 + pixel * 5);
      a2 = fma(x25, w21, a2);
      const x26 = v128.load(row2 + pixel * 6);
      a2 = fma(x26, w22, a2);
      a3 = fma(x26, w20, a3);
      const x27 = v128.load(row2 + pixel * 7);
      a3 = fma(x27, w21, a3);
      if (last) a3 = fma(v128.load(row2 + pixel * 8), w22, a3);
    }
    storeLanes(y, between(a0, least, most), c - i);
    storeLanes(y + pixel, between(a1, least, most), c - i);
    storeLanes(y + pixel * 2, between(a2, least, most), c - i);
    storeLanes(y + pixel * 3, between(a3, least, most), c - i);
    x += 16;
    y += 16;
    filter += 16;
  }
}
