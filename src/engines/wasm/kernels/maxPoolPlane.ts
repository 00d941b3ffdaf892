import { pointer, word } from './common';
import { storeLanes, wins } from './lanes';

/** Pixels that are read for their maxima before the places of these are looked for: 16 channels of them stay in the nearest cache. */
const PASS: i32 = 256;

/**
 * Largest pixel of whole planes and its number: the first maximum in scan order, or the first NaN. One item works on `block`
 * channels of one image.
 *
 *  0 x        1 y         2 switches  3 h · w     4 c         5 block     6 blocks
 */
export function maxPoolPlane(p: usize, item: i32, thread: i32): void {
  const plane = word(p, 3);
  const c = word(p, 4);
  const image = item / word(p, 6);
  const from = (item - image * word(p, 6)) * word(p, 5);
  const to = min(c, from + word(p, 5));
  const pixel = <usize>c << 2;
  const x = pointer(p, 0) + <usize>(image * plane) * pixel;
  const y = pointer(p, 1) + <usize>image * pixel;
  const switches = pointer(p, 2) + <usize>image * pixel;
  for (let i = from; i < to; i += 4) {
    const at = <usize>i << 2;
    storeLanes(y + at, v128.load(x + at), to - i);
    storeLanes(switches + at, i32x4.splat(0), to - i);
  }
  for (let first = 0; first < plane; first += PASS) {
    const end = min(plane, first + PASS);
    let i = from;
    for (; i + 16 <= to; i += 16) {
      const at = <usize>i << 2;
      if (sixteenChannels(x + at, y + at, switches + at, first, end, pixel)) continue;
      for (let lane = i; lane < i + 16; lane += 4) fewChannels(x, y, switches, <usize>lane << 2, 4, first, end, pixel);
    }
    for (; i < to; i += 4) fewChannels(x, y, switches, <usize>i << 2, to - i, first, end, pixel);
  }
}

/** Maxima of 16 channels, then, where there are new ones, the first pixels that have them; false where there may be a NaN. */
// @ts-ignore: decorator
@inline
function sixteenChannels(x: usize, y: usize, switches: usize, first: i32, end: i32, pixel: usize): bool {
  const begin = x + <usize>first * pixel;
  const last = x + <usize>end * pixel;
  const best0 = v128.load(y);
  const best1 = v128.load(y, 16);
  const best2 = v128.load(y, 32);
  const best3 = v128.load(y, 48);
  let most0 = best0;
  let most1 = best1;
  let most2 = best2;
  let most3 = best3;
  // A pseudo-maximum passes a NaN over; a sum does not. Infinities may make a sum NaN too, which only costs time.
  let sum0 = best0;
  let sum1 = best1;
  let sum2 = best2;
  let sum3 = best3;
  for (let at = begin; at < last; at += pixel) {
    const v0 = v128.load(at);
    const v1 = v128.load(at, 16);
    const v2 = v128.load(at, 32);
    const v3 = v128.load(at, 48);
    most0 = f32x4.pmax(most0, v0);
    most1 = f32x4.pmax(most1, v1);
    most2 = f32x4.pmax(most2, v2);
    most3 = f32x4.pmax(most3, v3);
    sum0 = f32x4.add(sum0, v0);
    sum1 = f32x4.add(sum1, v1);
    sum2 = f32x4.add(sum2, v2);
    sum3 = f32x4.add(sum3, v3);
  }
  const odd01 = v128.or(f32x4.ne(sum0, sum0), f32x4.ne(sum1, sum1));
  const odd23 = v128.or(f32x4.ne(sum2, sum2), f32x4.ne(sum3, sum3));
  if (v128.any_true(v128.or(odd01, odd23))) return false;
  const grown0 = f32x4.gt(most0, best0);
  const grown1 = f32x4.gt(most1, best1);
  const grown2 = f32x4.gt(most2, best2);
  const grown3 = f32x4.gt(most3, best3);
  if (!v128.any_true(v128.or(v128.or(grown0, grown1), v128.or(grown2, grown3)))) return true;
  let which0 = i32x4.splat(0);
  let which1 = which0;
  let which2 = which0;
  let which3 = which0;
  // From the end: of equal pixels the first is the last to be noted.
  let number = end - 1;
  for (let at = last - pixel; number >= first; at -= pixel) {
    const here = i32x4.splat(number);
    which0 = v128.bitselect(here, which0, f32x4.eq(v128.load(at), most0));
    which1 = v128.bitselect(here, which1, f32x4.eq(v128.load(at, 16), most1));
    which2 = v128.bitselect(here, which2, f32x4.eq(v128.load(at, 32), most2));
    which3 = v128.bitselect(here, which3, f32x4.eq(v128.load(at, 48), most3));
    number--;
  }
  v128.store(y, most0);
  v128.store(y, most1, 16);
  v128.store(y, most2, 32);
  v128.store(y, most3, 48);
  v128.store(switches, v128.bitselect(which0, v128.load(switches), grown0));
  v128.store(switches, v128.bitselect(which1, v128.load(switches, 16), grown1), 16);
  v128.store(switches, v128.bitselect(which2, v128.load(switches, 32), grown2), 32);
  v128.store(switches, v128.bitselect(which3, v128.load(switches, 48), grown3), 48);
  return true;
}

/** The same for up to four channels, pixel by pixel, NaNs included. */
function fewChannels(
  x: usize,
  y: usize,
  switches: usize,
  at: usize,
  channels: i32,
  first: i32,
  end: i32,
  pixel: usize,
): void {
  let best = v128.load(y + at);
  let which = v128.load(switches + at);
  let from = x + at + <usize>first * pixel;
  for (let number = first; number < end; number++) {
    const v = v128.load(from);
    const win = wins(v, best);
    best = v128.bitselect(v, best, win);
    which = v128.bitselect(i32x4.splat(number), which, win);
    from += pixel;
  }
  storeLanes(y + at, best, channels);
  storeLanes(switches + at, which, channels);
}
