import { pointer, word } from './common';
import { copyPatch } from './pack';
import { tileRows } from './tileOutput';
import { addOuter, PANEL, PANEL_BYTES, ROWS, storeTile, tileOf, ZERO_TILE } from './tiles';

/**
 * A convolution as an implicit matrix product: rows are output pixels, columns are filters, and the inner sum runs over
 * the taps of the filter. With zeros around the image (or channels of one group only) each item first copies its band
 * of input rows into scratch memory, where neighbouring pixels of a filter row are contiguous. With few channels it copies all
 * taps of each output pixel side by side instead, so that the inner sum is one long loop.
 *
 * One item computes `bandRows` output rows of one image for `columnsPerItem` filters.
 *
 *  0 x        1 y         2 panels    3 bias       4 activation 5 h          6 w         7 pixelStep   8 channels
 *  9 oh      10 ow       11 yRow     12 yPixel    13 yImage    14 strideH   15 strideW  16 originY    17 originX
 * 18 dilH    19 dilW     20 kh       21 kw        22 cOut      23 bandRows  24 bands    25 columnsPerItem
 * 26 columnBlocks        27 scratch  28 scratchBytes           29 copy: 0 none, 1 the band, 2 the taps      30 xImage
 * Steps and images are in floats; the origin is the input row and column under the first tap of output pixel (0, 0).
 */
export function convRows(p: usize, item: i32, thread: i32): void {
  const columnBlocks = word(p, 26);
  const bands = word(p, 24);
  const block = item % columnBlocks;
  const band = (item / columnBlocks) % bands;
  const image = item / columnBlocks / bands;
  const channels = word(p, 8);
  const ow = word(p, 10);
  const strideH = word(p, 14);
  const strideW = word(p, 15);
  const dilH = word(p, 18);
  const dilW = word(p, 19);
  const kh = word(p, 20);
  const kw = word(p, 21);
  const cOut = word(p, 22);
  const bandRows = word(p, 23);
  const oy0 = band * bandRows;
  const rows = min(bandRows, word(p, 9) - oy0);
  const copy = word(p, 29);

  let scratch = pointer(p, 27) + <usize>thread * word(p, 28);
  const count = rows * ow;
  const inOffsets = scratch;
  scratch += <usize>(count + ROWS) << 2;
  const outOffsets = scratch;
  scratch += <usize>(count + ROWS) << 2;
  const tapTable = scratch;
  scratch = (scratch + (<usize>(kh * kw) << 2) + 63) & ~63;

  let x = pointer(p, 0) + (<usize>(image * word(p, 30)) << 2);
  let pixelStep = word(p, 7);
  let width = word(p, 6);
  const top = oy0 * strideH + word(p, 16);
  const left = word(p, 17);
  let taps = 1;
  let inner = kh * kw * channels;
  let rowStep = ow * inner;
  let columnStep = inner;
  if (copy == 2) {
    store<u32>(tapTable, 0);
    copyTaps(x, word(p, 5), width, channels, top, left, rows, ow, strideH, strideW, kh, kw, dilH, dilW, scratch);
    x = scratch;
  } else {
    if (copy == 1) {
      width = (ow - 1) * strideW + (kw - 1) * dilW + 1;
      copyPatch(x, word(p, 5), word(p, 6), pixelStep, channels, top, left, (rows - 1) * strideH + (kh - 1) * dilH + 1, width, scratch);
      x = scratch;
      pixelStep = channels;
    } else {
      x += <usize>((top * width + left) * pixelStep) << 2;
    }
    const merged = dilW == 1 && pixelStep == channels;
    taps = fillTaps(tapTable, kh, kw, dilH, dilW, width, pixelStep, merged);
    inner = merged ? kw * channels : channels;
    rowStep = strideH * width * pixelStep;
    columnStep = strideW * pixelStep;
  }
  let n = 0;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < ow; c++) {
      store<u32>(inOffsets + (<usize>n << 2), (r * rowStep + c * columnStep) << 2);
      store<u32>(outOffsets + (<usize>n << 2), (r * word(p, 11) + c * word(p, 12)) << 2);
      n++;
    }
  }
  for (let i = 0; i < ROWS; i++) {
    store<u32>(inOffsets + (<usize>(n + i) << 2), load<u32>(inOffsets + (<usize>(n - 1) << 2)));
    store<u32>(outOffsets + (<usize>(n + i) << 2), load<u32>(outOffsets + (<usize>(n - 1) << 2)));
  }

  const y = pointer(p, 1) + (<usize>(image * word(p, 13) + oy0 * word(p, 11)) << 2);
  const bias = pointer(p, 3);
  const activation = word(p, 4);
  const panelBytes = <usize>(taps * inner) * PANEL_BYTES;
  const columnsPerItem = word(p, 25);
  const lastColumn = min(cOut, (block + 1) * columnsPerItem);
  for (let column = block * columnsPerItem; column < lastColumn; column += PANEL) {
    const b = pointer(p, 2) + <usize>(column / PANEL) * panelBytes;
    const columns = min(PANEL, cOut - column);
    const from = bias == 0 ? ZERO_TILE : bias + (<usize>column << 2);
    for (let i = 0; i < count; i += ROWS) {
      const at = <usize>i << 2;
      tileRows(
        tileOf(thread),
        from,
        0,
        x,
        inOffsets + at,
        taps,
        tapTable,
        inner,
        b,
        y + (<usize>column << 2),
        outOffsets + at,
        min(ROWS, count - i),
        columns,
        activation,
      );
    }
  }
}

/**
 * Copies what the taps of each output pixel read, with zeros outside the image, side by side: target[pixel][ky][kx][channel].
 * All channels of the image belong to it. May write up to three floats past the last pixel.
 */
function copyTaps(
  image: usize,
  h: i32,
  w: i32,
  channels: i32,
  top: i32,
  left: i32,
  rows: i32,
  ow: i32,
  strideH: i32,
  strideW: i32,
  kh: i32,
  kw: i32,
  dilH: i32,
  dilW: i32,
  target: usize,
): void {
  const pixel = <usize>channels << 2;
  const line = <usize>kw * pixel;
  const reach = (kw - 1) * dilW;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < ow; c++) {
      const ix = left + c * strideW;
      for (let ky = 0; ky < kh; ky++) {
        const iy = top + r * strideH + ky * dilH;
        const source = image + <usize>(iy * w + ix) * pixel;
        if (iy < 0 || iy >= h) {
          copyFloats(0, target, line);
        } else if (dilW == 1 && ix >= 0 && ix + reach < w) {
          copyFloats(source, target, line);
        } else {
          for (let kx = 0; kx < kw; kx++) {
            const at = ix + kx * dilW;
            const inside = at >= 0 && at < w;
            copyFloats(inside ? source + <usize>(kx * dilW) * pixel : 0, target + <usize>kx * pixel, pixel);
          }
        }
        target += line;
      }
    }
  }
}

/** Copies whole vectors, so up to three floats too many; zeros where there is no source. */
// @ts-ignore: decorator
@inline
function copyFloats(source: usize, target: usize, bytes: usize): void {
  if (source == 0) for (let i: usize = 0; i < bytes; i += 16) v128.store(target + i, f32x4.splat(0));
  else for (let i: usize = 0; i < bytes; i += 16) v128.store(target + i, v128.load(source + i));
}

/** Byte offsets of the taps from a pixel: one per filter row where the pixels of a row are contiguous, else one each. */
function fillTaps(
  table: usize,
  kh: i32,
  kw: i32,
  dilH: i32,
  dilW: i32,
  width: i32,
  pixelStep: i32,
  merged: bool,
): i32 {
  let taps = 0;
  for (let ky = 0; ky < kh; ky++) {
    const columns = merged ? 1 : kw;
    for (let kx = 0; kx < columns; kx++) {
      store<u32>(table + (<usize>taps << 2), ((ky * dilH * width + kx * dilW) * pixelStep) << 2);
      taps++;
    }
  }
  return taps;
}

/**
 * The filter gradient of a convolution: dw[tap][ci][co] = Σ over pixels of x[pixel + tap][ci] · dy[pixel][co]. The
 * bands of all images are divided into `partials`, each summed apart in an order fixed by the shapes; `addPartials`
 * adds them up.
 *
 * One item computes, for one partial, `tapsPerItem` taps and `innerPerItem` rows of each.
 *
 *  0 x        1 dy        2 out       3 n         4 h          5 w          6 pixelStep  7 channels   8 oh
 *  9 ow      10 strideH  11 strideW  12 originY  13 originX   14 dilH      15 dilW      16 kh        17 kw
 * 18 cOut    19 dyPixel  20 bandRows 21 bands    22 partials  23 innerPerItem           24 innerBlocks
 * 25 scratch 26 scratchBytes         27 copy: 0 none, 1 the band, 2 the taps  28 outRow    29 partialStep            30 tapsPerItem
 * 31 tapBlocks           32 xImage   33 dyImage   34 bands that are summed before the sums go to memory
 */
export function convFilterGradient(p: usize, item: i32, thread: i32): void {
  const innerBlocks = word(p, 24);
  const tapBlocks = word(p, 31);
  const innerBlock = item % innerBlocks;
  const tapBlock = (item / innerBlocks) % tapBlocks;
  const partial = item / innerBlocks / tapBlocks;
  const channels = word(p, 7);
  const oh = word(p, 8);
  const ow = word(p, 9);
  const strideH = word(p, 10);
  const strideW = word(p, 11);
  const dilH = word(p, 14);
  const dilW = word(p, 15);
  const kh = word(p, 16);
  const kw = word(p, 17);
  const cOut = word(p, 18);
  const bandRows = word(p, 20);
  const bands = word(p, 21);
  const partials = word(p, 22);
  const copy = word(p, 27);
  const outRow = <usize>word(p, 28) << 2;

  const group = word(p, 34);
  const table = pointer(p, 25) + <usize>thread * word(p, 26);
  const tapTable = table + (<usize>group << 2);
  const packed = (tapTable + (<usize>(kh * kw) << 2) + 63) & ~63;
  const panels = (cOut + PANEL - 1) / PANEL;
  const packedBytes = <usize>(bandRows * ow * panels) * PANEL_BYTES;
  const patches = packed + packedBytes * group;
  const out = pointer(p, 2) + (<usize>(partial * word(p, 29)) << 2);
  const tile = tileOf(thread);

  const all = word(p, 3) * bands;
  const from = <i32>((<i64>partial * all) / partials);
  const to = <i32>((<i64>(partial + 1) * all) / partials);
  let width = word(p, 5);
  let pixelStep = word(p, 6);
  let patchFloats = 0;
  let taps = 1;
  let inner = kh * kw * channels;
  let step = <usize>inner << 2;
  let skip: usize = 0;
  if (copy == 2) {
    store<u32>(tapTable, 0);
    patchFloats = bandRows * ow * inner;
  } else {
    if (copy == 1) {
      width = (ow - 1) * strideW + (kw - 1) * dilW + 1;
      pixelStep = channels;
      patchFloats = ((bandRows - 1) * strideH + (kh - 1) * dilH + 1) * width * channels;
    }
    const merged = dilW == 1 && pixelStep == channels;
    taps = fillTaps(tapTable, kh, kw, dilH, dilW, width, pixelStep, merged);
    inner = merged ? kw * channels : channels;
    step = <usize>(strideW * pixelStep) << 2;
    skip = (<usize>(strideH * width * pixelStep) << 2) - step * ow;
  }
  const tapEnd = min(taps, (tapBlock + 1) * word(p, 30));
  const innerEnd = min(inner, (innerBlock + 1) * word(p, 23));

  for (let b = from; b < to; b += group) {
    const count = min(group, to - b);
    for (let g = 0; g < count; g++) {
      const image = (b + g) / bands;
      const oy0 = ((b + g) % bands) * bandRows;
      const rows = min(bandRows, oh - oy0);
      const top = oy0 * strideH + word(p, 12);
      const left = word(p, 13);
      let x = pointer(p, 0) + (<usize>(image * word(p, 32)) << 2);
      const patch = patches + (<usize>(g * patchFloats) << 2);
      if (copy == 2) {
        copyTaps(x, word(p, 4), width, channels, top, left, rows, ow, strideH, strideW, kh, kw, dilH, dilW, patch);
        x = patch;
      } else if (copy == 1) {
        const height = (rows - 1) * strideH + (kh - 1) * dilH + 1;
        copyPatch(x, word(p, 4), word(p, 5), word(p, 6), channels, top, left, height, width, patch);
        x = patch;
      } else {
        x += <usize>((top * width + left) * pixelStep) << 2;
      }
      store<u32>(table + (<usize>g << 2), <u32>x);
      const dy = pointer(p, 1) + (<usize>(image * word(p, 33) + oy0 * ow * word(p, 19)) << 2);
      packPixels(dy, word(p, 19), rows * ow, cOut, packed + packedBytes * g);
    }
    for (let tap = tapBlock * word(p, 30); tap < tapEnd; tap++) {
      const offset = <usize>load<u32>(tapTable + (<usize>tap << 2));
      for (let i = innerBlock * word(p, 23); i < innerEnd; i += ROWS) {
        const row = out + <usize>(tap * inner + i) * outRow;
        for (let panel = 0; panel < panels; panel++) {
          for (let g = 0; g < count; g++) {
            const rows = min(bandRows, oh - ((b + g) % bands) * bandRows);
            const bytes = <usize>(rows * ow) * PANEL_BYTES;
            const a = <usize>load<u32>(table + (<usize>g << 2)) + offset + (<usize>i << 2);
            const panelAt = packed + packedBytes * g + bytes * panel;
            addOuter(g == 0 ? ZERO_TILE : tile, tile, a, step, skip, <usize>ow * PANEL_BYTES, panelAt, panelAt + bytes);
          }
          const columns = min(PANEL, cOut - panel * PANEL);
          storeTile(tile, row + <usize>panel * PANEL_BYTES, outRow, min(ROWS, innerEnd - i), columns, 0, 0, b > from);
        }
      }
    }
  }
}

/** Packs `count` pixels of `channels` floats into panels. */
function packPixels(source: usize, pixelStep: i32, count: i32, channels: i32, target: usize): void {
  const step = <usize>pixelStep << 2;
  for (let c = 0; c < channels; c += PANEL) {
    let at = source + (<usize>c << 2);
    if (channels - c >= PANEL) {
      for (let i = 0; i < count; i++) {
        for (let j: usize = 0; j < PANEL_BYTES; j += 16) v128.store(target + j, v128.load(at + j));
        at += step;
        target += PANEL_BYTES;
      }
    } else {
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < PANEL; j++) {
          store<f32>(target + (<usize>j << 2), c + j < channels ? load<f32>(at + (<usize>j << 2)) : 0);
        }
        at += step;
        target += PANEL_BYTES;
      }
    }
  }
}

/**
 * out[i] = Σ partial[k][i], k from first to last. One item adds `chunk` elements.
 *
 * 0 partials pointer, 1 out, 2 size, 3 partials, 4 chunk, 5 step between partials (floats)
 */
export function addPartials(p: usize, item: i32, thread: i32): void {
  const size = word(p, 2);
  const partials = word(p, 3);
  const chunk = word(p, 4);
  const step = <usize>word(p, 5) << 2;
  const from = item * chunk;
  const to = min(size, from + chunk);
  const source = pointer(p, 0);
  const out = pointer(p, 1);
  let i = from;
  for (; i + 4 <= to; i += 4) {
    let at = source + (<usize>i << 2);
    let sum = v128.load(at);
    for (let k = 1; k < partials; k++) {
      at += step;
      sum = f32x4.add(sum, v128.load(at));
    }
    v128.store(out + (<usize>i << 2), sum);
  }
  for (; i < to; i++) {
    let at = source + (<usize>i << 2);
    let sum = load<f32>(at);
    for (let k = 1; k < partials; k++) {
      at += step;
      sum += load<f32>(at);
    }
    store<f32>(out + (<usize>i << 2), sum);
  }
}
