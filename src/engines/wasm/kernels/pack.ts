import { pointer, word } from './common';
import { COLUMNS, PANEL, PANEL_BYTES } from './tiles';

/**
 * Packs a matrix [taps · inner, columns] into panels, each contiguous: what the tiles read. Columns past the end are
 * zero.
 *
 * Element (tap, i, column) is read at tap · tapStep + i · innerStep + column · columnStep floats. The words from number
 * `order` list the taps in the order in which they are packed. One item packs COLUMNS columns.
 *
 * 0 source, 1 target, 2 taps, 3 order, 4 inner, 5 columns, 6 tapStep, 7 innerStep, 8 columnStep
 */
export function packPanels(p: usize, item: i32, thread: i32): void {
  const columns = word(p, 5);
  const panelBytes = <usize>(word(p, 2) * word(p, 4)) * PANEL_BYTES;
  const last = min(columns, (item + 1) * COLUMNS);
  for (let column = item * COLUMNS; column < last; column += PANEL) {
    packPanel(p, column, min(PANEL, columns - column), pointer(p, 1) + <usize>(column / PANEL) * panelBytes);
  }
}

function packPanel(p: usize, column: i32, width: i32, target: usize): void {
  const taps = word(p, 2);
  const order = p + (<usize>word(p, 3) << 2);
  const inner = word(p, 4);
  const tapStep = <usize>word(p, 6) << 2;
  const innerStep = <usize>word(p, 7) << 2;
  const columnStep = <usize>word(p, 8) << 2;
  const source = pointer(p, 0) + <usize>column * columnStep;
  for (let t = 0; t < taps; t++) {
    let row = source + <usize>load<i32>(order + (<usize>t << 2)) * tapStep;
    if (width == PANEL && columnStep == 4) {
      for (let i = 0; i < inner; i++) {
        for (let j: usize = 0; j < PANEL_BYTES; j += 16) v128.store(target + j, v128.load(row + j));
        row += innerStep;
        target += PANEL_BYTES;
      }
    } else if (width == PANEL && innerStep == 4) {
      packTransposed(row, target, inner, columnStep);
      target += <usize>inner * PANEL_BYTES;
    } else {
      for (let i = 0; i < inner; i++) {
        let at = row;
        for (let j = 0; j < PANEL; j++) {
          store<f32>(target + (<usize>j << 2), j < width ? load<f32>(at) : 0);
          at += columnStep;
        }
        row += innerStep;
        target += PANEL_BYTES;
      }
    }
  }
}

/** Rows of `inner` contiguous floats, as many as a panel is wide, become `inner` rows: 4 × 4 blocks turned in registers. */
function packTransposed(row: usize, target: usize, inner: i32, columnStep: usize): void {
  let i = 0;
  for (; i + 4 <= inner; i += 4) {
    for (let j = 0; j < PANEL; j += 4) transpose4(row + <usize>j * columnStep, target + (<usize>j << 2), columnStep, PANEL_BYTES);
    row += 16;
    target += 4 * PANEL_BYTES;
  }
  for (; i < inner; i++) {
    let at = row;
    for (let j = 0; j < PANEL; j++) {
      store<f32>(target + (<usize>j << 2), load<f32>(at));
      at += columnStep;
    }
    row += 4;
    target += PANEL_BYTES;
  }
}

/** Four rows `step` bytes apart become four rows `targetStep` bytes apart, turned. */
// @ts-ignore: decorator
@inline
export function transpose4(source: usize, target: usize, step: usize, targetStep: usize): void {
  const a = v128.load(source);
  const b = v128.load(source + step);
  const c = v128.load(source + step * 2);
  const d = v128.load(source + step * 3);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(target + targetStep, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
  v128.store(target + targetStep * 2, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5));
  v128.store(target + targetStep * 3, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7));
}

/**
 * Copies a rectangle of pixels, with zeros where it lies outside the image, into contiguous memory.
 *
 * @param image first channel wanted of pixel (0, 0); pixels lie `pixelStep` floats apart.
 * @param top may be negative, as may `left`.
 */
export function copyPatch(
  image: usize,
  h: i32,
  w: i32,
  pixelStep: i32,
  channels: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
  target: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  const from = max(0, -left);
  const to = min(columns, w - left);
  const rowBytes = <usize>columns * pixelBytes;
  for (let r = 0; r < rows; r++) {
    const y = top + r;
    if (y < 0 || y >= h || to <= from) {
      memory.fill(target, 0, rowBytes);
    } else {
      if (from > 0) memory.fill(target, 0, <usize>from * pixelBytes);
      const source = image + (<usize>((y * w + left + from) * pixelStep) << 2);
      if (pixelStep == channels) {
        memory.copy(target + <usize>from * pixelBytes, source, <usize>(to - from) * pixelBytes);
      } else {
        for (let i = 0; i < to - from; i++) {
          memory.copy(target + <usize>(from + i) * pixelBytes, source + (<usize>(i * pixelStep) << 2), pixelBytes);
        }
      }
      if (to < columns) memory.fill(target + <usize>to * pixelBytes, 0, <usize>(columns - to) * pixelBytes);
    }
    target += rowBytes;
  }
}
