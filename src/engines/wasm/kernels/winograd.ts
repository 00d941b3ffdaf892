import { between, leastOf, mostOf } from './activation';
import { pointer, word } from './common';
import { WIDE } from './generated/build';
import { copyPatch, transpose4 } from './pack';
import { addOuter, addRows, COLUMNS, PANEL, PANEL_BYTES, ROWS, TILE_BYTES, ZERO_TILE } from './tiles';
import {
  transformFilter,
  transformFilterGradient,
  transformGradient,
  transformInput,
  transformOutput,
  transformOutputPair,
} from './winogradTransforms';

/** Bytes that planes are set apart beyond their size, so that the 36 planes do not fall into the same cache set. */
const SKEW: usize = 64;
/** Bytes of a thread's scratch for one transform of eight channels: 24 pairs of vectors and 16 pairs of results. */
const TEMP: usize = 1280;

/**
 * Filters into Winograd's domain, packed in panels: u[plane][panel][channel][PANEL], planes
 * set apart by SKEW. One item transforms COLUMNS columns.
 *
 * 0 w, 1 u, 2 channels, 3 columns, 4 tapStep, 5 channelStep, 6 columnStep (floats), 7 turned (1: the taps in reverse
 * order, for an input gradient), 8 scratch, 9 scratchBytes
 */
export function winogradFilters(p: usize, item: i32, thread: i32): void {
  const channels = word(p, 2);
  const columns = word(p, 3);
  const tapStep = <usize>word(p, 4) << 2;
  const channelStep = <usize>word(p, 5) << 2;
  const columnStep = <usize>word(p, 6) << 2;
  const turned = word(p, 7) != 0;
  const temp = pointer(p, 8) + <usize>thread * word(p, 9);
  const taps = temp + TEMP;
  const panelBytes = <usize>channels * PANEL_BYTES;
  const plane = <usize>((columns + PANEL - 1) / PANEL) * panelBytes + SKEW;
  const last = min(((columns + PANEL - 1) / PANEL) * PANEL, (item + 1) * COLUMNS);
  for (let panel = item * COLUMNS; panel < last; panel += PANEL) {
    let u = pointer(p, 1) + <usize>(panel / PANEL) * panelBytes;
    let c = 0;
    while (c < channels) {
      // Four channels at a time where they are neighbours: 4 × 4 blocks are turned in registers.
      const block = channelStep == 4 && c + 4 <= channels ? 4 : 1;
      for (let j = 0; j < PANEL; j += 4) {
        const width = min(4, columns - panel - j);
        const source = pointer(p, 0) + <usize>(panel + j) * columnStep + <usize>c * channelStep;
        for (let tap = 0; tap < 9; tap++) {
          const at = source + <usize>(turned ? 8 - tap : tap) * tapStep;
          const to = taps + (<usize>tap << 4);
          if (width == 4 && block == 4) transpose4(at, to, columnStep, 144);
          else if (width == 4 && columnStep == 4) v128.store(to, v128.load(at));
          else for (let k = 0; k < block; k++) gatherFour(at + (<usize>k << 2), columnStep, width, to + 144 * k);
        }
        for (let k = 0; k < block; k++) {
          transformFilter(taps + 144 * k, 16, u + <usize>k * PANEL_BYTES + (<usize>j << 2), plane, temp);
        }
      }
      c += block;
      u += <usize>block * PANEL_BYTES;
    }
  }
}

/** Four columns of a filter side by side; zero past the last one. */
function gatherFour(source: usize, step: usize, width: i32, target: usize): void {
  for (let j = 0; j < 4; j++) {
    store<f32>(target + (<usize>j << 2), j < width ? load<f32>(source) : 0);
    source += step;
  }
}

/**
 * A 3 × 3 convolution with stride 1 by F(4×4, 3×3): per block of tiles, the input's transform, 36 products over the
 * channels, and the output's transform, all in the thread's scratch memory.
 *
 * One item computes `block` tiles for `columnsPerItem` columns.
 *
 *  0 x        1 y         2 u         3 bias      4 activation      5 h            6 w           7 channels   8 oh
 *  9 ow      10 originY  11 originX  12 columns  13 tilesY     14 tilesX      15 tiles      16 block     17 blocks
 * 18 columnsPerItem      19 scratch  20 scratchBytes          21 pooled: the largest of each 2 × 2 pixels is written
 */
export function winogradConv(p: usize, item: i32, thread: i32): void {
  const h = word(p, 5);
  const w = word(p, 6);
  const channels = word(p, 7);
  const oh = word(p, 8);
  const ow = word(p, 9);
  const columns = word(p, 12);
  const tilesX = word(p, 14);
  const perImage = word(p, 13) * tilesX;
  const block = word(p, 16);
  const blocks = word(p, 17);
  const allPanels = (columns + PANEL - 1) / PANEL;
  const panelsPerItem = word(p, 18) / PANEL;
  const first = (item % blocks) * block;
  const count = min(block, word(p, 15) - first);
  const firstPanel = (item / blocks) * panelsPerItem;
  const panels = min(panelsPerItem, allPanels - firstPanel);
  const groups = (count + ROWS - 1) / ROWS;

  const pixel = <usize>channels << 2;
  const temp = pointer(p, 19) + <usize>thread * word(p, 20);
  const offsets = temp + TEMP;
  const patch = offsets + 64;
  const v = patch + 36 * pixel;
  const plane = <usize>block * pixel + SKEW;
  const m = v + plane * 36;
  const mPanel = <usize>groups * TILE_BYTES;
  const mPlane = <usize>panels * mPanel + SKEW;
  for (let r = 0; r < ROWS; r++) store<u32>(offsets + (<usize>r << 2), r * channels << 2);

  for (let t = 0; t < count; t++) {
    const image = (first + t) / perImage;
    const tile = (first + t) % perImage;
    const iy = (tile / tilesX) * 4 + word(p, 10);
    const ix = (tile % tilesX) * 4 + word(p, 11);
    const x = pointer(p, 0) + <usize>(image * h * w) * pixel;
    const to = v + <usize>t * pixel;
    if (iy >= 0 && ix >= 0 && iy + 6 <= h && ix + 6 <= w) {
      transformInput(x + <usize>(iy * w + ix) * pixel, <usize>w * pixel, pixel, channels, to, plane, temp);
    } else {
      copyPatch(x, h, w, channels, channels, iy, ix, 6, 6, patch);
      transformInput(patch, 6 * pixel, pixel, channels, to, plane, temp);
    }
  }

  const uPanel = <usize>channels * PANEL_BYTES;
  const uPlane = <usize>allPanels * uPanel + SKEW;
  for (let i = 0; i < 36; i++) {
    let b = pointer(p, 2) + <usize>i * uPlane + <usize>firstPanel * uPanel;
    let tile = m + <usize>i * mPlane;
    for (let panel = 0; panel < panels; panel++) {
      let a = v + <usize>i * plane;
      for (let g = 0; g < groups; g++) {
        addRows(ZERO_TILE, tile, a, offsets, b, b + uPanel);
        tile += TILE_BYTES;
        a += ROWS * pixel;
      }
      b += uPanel;
    }
  }

  const bias = pointer(p, 3);
  const activation = word(p, 4);
  const pooled = word(p, 21) != 0;
  const yPixel = <usize>columns << 2;
  for (let t = 0; t < count; t++) {
    const image = (first + t) / perImage;
    const tile = (first + t) % perImage;
    const oy = (tile / tilesX) * 4;
    const ox = (tile % tilesX) * 4;
    const rows = min(4, oh - oy);
    const across = min(4, ow - ox);
    const y = pointer(p, 1) + <usize>(pooled ? (image * (oh >> 1) + (oy >> 1)) * (ow >> 1) + (ox >> 1) : (image * oh + oy) * ow + ox) * yPixel;
    const from = m + <usize>(t / ROWS) * TILE_BYTES + <usize>(t % ROWS) * PANEL_BYTES;
    let c = 0;
    if (WIDE) {
      for (; c < panels * PANEL; c += 8) {
        const column = firstPanel * PANEL + c;
        if (column + 8 > columns) break;
        transformOutputPair(from + <usize>(c / PANEL) * mPanel + (<usize>(c % PANEL) << 2), mPlane, temp);
        if (pooled) storePooledPair(temp + 768, y, ow >> 1, yPixel, rows >> 1, across >> 1, column, bias, activation);
        else storeSquarePair(temp + 768, y, ow, yPixel, rows, across, column, bias, activation);
      }
    }
    for (; c < panels * PANEL; c += 4) {
      const column = firstPanel * PANEL + c;
      if (column >= columns) break;
      const at = from + <usize>(c / PANEL) * mPanel + (<usize>(c % PANEL) << 2);
      transformOutput(at, mPlane, temp);
      if (pooled) storePooled(temp + 384, y, ow >> 1, yPixel, rows >> 1, across >> 1, column, columns, bias, activation);
      else storeSquare(temp + 384, y, ow, yPixel, rows, across, column, columns, bias, activation);
    }
  }
}

/** Writes up to 4 × 4 pixels of four columns, with bias and activation. */
function storeSquare(
  square: usize,
  y: usize,
  ow: i32,
  yPixel: usize,
  rows: i32,
  across: i32,
  column: i32,
  columns: i32,
  bias: usize,
  activation: i32,
): void {
  const offset = <usize>column << 2;
  const whole = columns - column >= 4;
  const least = leastOf(activation);
  const most = mostOf(activation);
  let b = f32x4.splat(0);
  if (bias != 0) b = loadPart(bias + offset, min(4, columns - column));
  for (let r = 0; r < rows; r++) {
    let to = y + <usize>(r * ow) * yPixel + offset;
    for (let c = 0; c < across; c++) {
      const sum = f32x4.add(v128.load(square + (<usize>(r * 4 + c) << 4)), b);
      const value = between(sum, least, most);
      if (whole) v128.store(to, value);
      else storePart(to, value, columns - column);
      to += yPixel;
    }
  }
}

/** The same of eight columns. */
function storeSquarePair(
  square: usize,
  y: usize,
  ow: i32,
  yPixel: usize,
  rows: i32,
  across: i32,
  column: i32,
  bias: usize,
  activation: i32,
): void {
  const offset = <usize>column << 2;
  const least = leastOf(activation);
  const most = mostOf(activation);
  const b0 = bias != 0 ? v128.load(bias + offset) : f32x4.splat(0);
  const b1 = bias != 0 ? v128.load(bias + offset, 16) : f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let to = y + <usize>(r * ow) * yPixel + offset;
    for (let c = 0; c < across; c++) {
      const from = square + (<usize>(r * 4 + c) << 5);
      v128.store(to, between(f32x4.add(v128.load(from), b0), least, most));
      v128.store(to, between(f32x4.add(v128.load(from, 16), b1), least, most), 16);
      to += yPixel;
    }
  }
}

/** Writes the largest of each 2 × 2 of 4 × 4 pixels: up to 2 × 2 pixels of four columns, with bias and activation. */
function storePooled(
  square: usize,
  y: usize,
  width: i32,
  yPixel: usize,
  rows: i32,
  across: i32,
  column: i32,
  columns: i32,
  bias: usize,
  activation: i32,
): void {
  const offset = <usize>column << 2;
  const least = leastOf(activation);
  const most = mostOf(activation);
  let b = f32x4.splat(0);
  if (bias != 0) b = loadPart(bias + offset, min(4, columns - column));
  for (let r = 0; r < rows; r++) {
    let to = y + <usize>(r * width) * yPixel + offset;
    for (let c = 0; c < across; c++) {
      const from = square + (<usize>(r * 8 + c * 2) << 4);
      const upper = f32x4.max(v128.load(from), v128.load(from, 16));
      const lower = f32x4.max(v128.load(from, 64), v128.load(from, 80));
      const value = between(f32x4.add(f32x4.max(upper, lower), b), least, most);
      if (columns - column >= 4) v128.store(to, value);
      else storePart(to, value, columns - column);
      to += yPixel;
    }
  }
}

/** The same of eight columns. */
function storePooledPair(
  square: usize,
  y: usize,
  width: i32,
  yPixel: usize,
  rows: i32,
  across: i32,
  column: i32,
  bias: usize,
  activation: i32,
): void {
  const offset = <usize>column << 2;
  const least = leastOf(activation);
  const most = mostOf(activation);
  const b0 = bias != 0 ? v128.load(bias + offset) : f32x4.splat(0);
  const b1 = bias != 0 ? v128.load(bias + offset, 16) : f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let to = y + <usize>(r * width) * yPixel + offset;
    for (let c = 0; c < across; c++) {
      const from = square + (<usize>(r * 8 + c * 2) << 5);
      const upper0 = f32x4.max(v128.load(from), v128.load(from, 32));
      const upper1 = f32x4.max(v128.load(from, 16), v128.load(from, 48));
      const lower0 = f32x4.max(v128.load(from, 128), v128.load(from, 160));
      const lower1 = f32x4.max(v128.load(from, 144), v128.load(from, 176));
      v128.store(to, between(f32x4.add(f32x4.max(upper0, lower0), b0), least, most));
      v128.store(to, between(f32x4.add(f32x4.max(upper1, lower1), b1), least, most), 16);
      to += yPixel;
    }
  }
}

function loadPart(at: usize, count: i32): v128 {
  if (count == 4) return v128.load(at);
  let value = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(at));
  if (count > 1) value = f32x4.replace_lane(value, 1, load<f32>(at, 4));
  if (count > 2) value = f32x4.replace_lane(value, 2, load<f32>(at, 8));
  return value;
}

function storePart(at: usize, value: v128, count: i32): void {
  store<f32>(at, f32x4.extract_lane(value, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(value, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(value, 2), 8);
}

/**
 * The filter gradient of a 3 × 3 convolution with stride 1 by F(3×3, 4×4): the transforms of the input's and of the
 * output gradient's tiles are multiplied, with the tiles as the reduction. The tiles are divided into `partials`, each
 * summed apart; `addPartials` adds the results.
 *
 * One item computes, for one partial, `rowsPerItem` input channels by `columnsPerItem` output channels.
 *
 *  0 x        1 dy        2 out       3 h         4 w          5 channels    6 oh        7 ow        8 originY
 *  9 originX 10 columns  11 tilesY   12 tilesX   13 tiles     14 partials   15 chunk    16 rowsPerItem
 * 17 rowBlocks           18 columnsPerItem       19 columnBlocks            20 scratch  21 scratchBytes
 * 22 partialStep (floats)
 */
export function winogradFilterGradient(p: usize, item: i32, thread: i32): void {
  const h = word(p, 3);
  const w = word(p, 4);
  const channels = word(p, 5);
  const oh = word(p, 6);
  const ow = word(p, 7);
  const columns = word(p, 10);
  const tilesX = word(p, 12);
  const perImage = word(p, 11) * tilesX;
  const chunk = word(p, 15);
  const rowBlocks = word(p, 17);
  const columnBlocks = word(p, 19);
  const row0 = (item % rowBlocks) * word(p, 16);
  const column0 = ((item / rowBlocks) % columnBlocks) * word(p, 18);
  const partial = item / rowBlocks / columnBlocks;
  const rows = min(word(p, 16), channels - row0);
  const width = min(word(p, 18), columns - column0);
  const panels = width / PANEL;
  const groups = (rows + ROWS - 1) / ROWS;
  const from = <i32>((<i64>partial * word(p, 13)) / word(p, 14));
  const to = <i32>((<i64>(partial + 1) * word(p, 13)) / word(p, 14));

  const xPixel = <usize>channels << 2;
  const dyPixel = <usize>columns << 2;
  const patchPixel = <usize>rows << 2;
  const temp = pointer(p, 20) + <usize>thread * word(p, 21);
  const patch = temp + TEMP;
  const v = patch + 36 * <usize>max(word(p, 16), word(p, 18)) * 4;
  // Tiles of the last group read up to two channels past their row.
  const vRow = (<usize>(groups * ROWS) << 2) + 8;
  const vPlane = <usize>chunk * vRow + SKEW;
  const d = v + vPlane * 36;
  const dPanel = <usize>chunk * PANEL_BYTES;
  const dPlane = <usize>panels * dPanel + SKEW;
  const sums = d + dPlane * 36;
  const sumsPlane = <usize>(groups * panels) * TILE_BYTES + SKEW;
  for (let i = 0; i < 36; i++) memory.fill(sums + <usize>i * sumsPlane, 0, sumsPlane);

  for (let start = from; start < to; start += chunk) {
    const count = min(chunk, to - start);
    for (let t = 0; t < count; t++) {
      const image = (start + t) / perImage;
      const tile = (start + t) % perImage;
      const oy = (tile / tilesX) * 4;
      const ox = (tile % tilesX) * 4;
      const iy = oy + word(p, 8);
      const ix = ox + word(p, 9);
      const x = pointer(p, 0) + <usize>(image * h * w) * xPixel + (<usize>row0 << 2);
      const vAt = v + <usize>t * vRow;
      if (iy >= 0 && ix >= 0 && iy + 6 <= h && ix + 6 <= w) {
        transformInput(x + <usize>(iy * w + ix) * xPixel, <usize>w * xPixel, xPixel, rows, vAt, vPlane, temp);
      } else {
        copyPatch(x, h, w, channels, rows, iy, ix, 6, 6, patch);
        transformInput(patch, 6 * patchPixel, patchPixel, rows, vAt, vPlane, temp);
      }
      const dy = pointer(p, 1) + <usize>(image * oh * ow) * dyPixel + (<usize>column0 << 2);
      let source = dy + <usize>(oy * ow + ox) * dyPixel;
      let line = <usize>ow * dyPixel;
      let step = dyPixel;
      if (oy + 4 > oh || ox + 4 > ow) {
        copyPatch(dy, oh, ow, columns, width, oy, ox, 4, 4, patch);
        source = patch;
        step = <usize>width << 2;
        line = step * 4;
      }
      for (let c = 0; c < width; c += 4) {
        const dAt = d + <usize>(c / PANEL) * dPanel + <usize>t * PANEL_BYTES + (<usize>(c % PANEL) << 2);
        transformGradient(source + (<usize>c << 2), line, step, dAt, dPlane, temp);
      }
    }
    const bytes = <usize>count * PANEL_BYTES;
    for (let i = 0; i < 36; i++) {
      let sum = sums + <usize>i * sumsPlane;
      for (let g = 0; g < groups; g++) {
        const a = v + <usize>i * vPlane + <usize>(g * ROWS) * 4;
        for (let panel = 0; panel < panels; panel++) {
          const b = d + <usize>i * dPlane + <usize>panel * dPanel;
          addOuter(sum, sum, a, vRow, 0, 0, b, b + bytes);
          sum += TILE_BYTES;
        }
      }
    }
  }

  const out = pointer(p, 2) + (<usize>(partial * word(p, 22)) << 2);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < width; c += 4) {
      const tile = <usize>((r / ROWS) * panels + c / PANEL) * TILE_BYTES + <usize>(r % ROWS) * PANEL_BYTES;
      transformFilterGradient(sums + tile + (<usize>(c % PANEL) << 2), sumsPlane, temp);
      for (let tap = 0; tap < 9; tap++) {
        const at = out + (<usize>((tap * channels + row0 + r) * columns + column0 + c) << 2);
        v128.store(at, v128.load(temp + 384 + (<usize>tap << 4)));
      }
    }
  }
}
