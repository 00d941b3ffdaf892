import { pointer, word } from './common';
import { tileRows } from './tileOutput';
import { addOuter, PANEL, PANEL_BYTES, ROWS, storeTile, tileOf, ZERO_TILE } from './tiles';

/** Inner length that is summed before the sums go back to memory, so that a panel's part stays in the cache. */
const BLOCK: i32 = 512;

/**
 * y [m, n] = act(a [m, k] · b + bias), b packed in panels. One item computes `rowsPerItem` rows of `columnsPerItem`
 * columns. The tables give byte offsets: six of the rows of A for each number of rows from 1 to 6 (the last row repeats),
 * six of the rows of y, and the one tap, 0.
 *
 * 0 a, 1 panels, 2 y, 3 bias, 4 activation, 5 m, 6 n, 7 k, 8 rowsPerItem, 9 rowBlocks, 10 columnsPerItem,
 * 11..46 rows of A, 47..52 rows of y, 53 tap
 */
export function matMulRows(p: usize, item: i32, thread: i32): void {
  const rowBlocks = word(p, 9);
  const m = word(p, 5);
  const n = word(p, 6);
  const k = word(p, 7);
  const bias = pointer(p, 3);
  const activation = word(p, 4);
  const firstRow = (item % rowBlocks) * word(p, 8);
  const lastRow = min(m, firstRow + word(p, 8));
  const firstColumn = (item / rowBlocks) * word(p, 10);
  const lastColumn = min(n, firstColumn + word(p, 10));
  for (let from = 0; from < k; from += BLOCK) {
    const inner = min(BLOCK, k - from);
    const last = from + inner >= k;
    for (let column = firstColumn; column < lastColumn; column += PANEL) {
      const b = pointer(p, 1) + (<usize>(column / PANEL) * k + from) * PANEL_BYTES;
      for (let row = firstRow; row < lastRow; row += ROWS) {
        const rows = min(ROWS, lastRow - row);
        const y = pointer(p, 2) + ((<usize>row * n + column) << 2);
        let start = y;
        let startStep = <usize>n << 2;
        if (from == 0) {
          start = bias == 0 ? ZERO_TILE : bias + (<usize>column << 2);
          startStep = 0;
        }
        tileRows(
          tileOf(thread),
          start,
          startStep,
          pointer(p, 0) + ((<usize>row * k + from) << 2),
          p + (<usize>(11 + (rows - 1) * ROWS) << 2),
          1,
          p + (53 << 2),
          inner,
          b,
          y,
          p + (47 << 2),
          rows,
          min(PANEL, n - column),
          last ? activation : 0,
        );
      }
    }
  }
}

/**
 * y [m, n] = act(aᵀ · b + bias) for a [k, m], b packed in panels. One item computes `rowsPerItem` rows of
 * `columnsPerItem` panels.
 *
 * 0 a, 1 panels, 2 y, 3 bias, 4 activation, 5 m, 6 n, 7 k, 8 rowsPerItem, 9 rowBlocks, 10 columnsPerItem
 */
export function matMulOuter(p: usize, item: i32, thread: i32): void {
  const rowBlocks = word(p, 9);
  const m = word(p, 5);
  const n = word(p, 6);
  const k = word(p, 7);
  const bias = pointer(p, 3);
  const activation = word(p, 4);
  const firstRow = (item % rowBlocks) * word(p, 8);
  const lastRow = min(m, firstRow + word(p, 8));
  const firstColumn = (item / rowBlocks) * word(p, 10);
  const lastColumn = min(n, firstColumn + word(p, 10));
  for (let from = 0; from < k; from += BLOCK) {
    const inner = min(BLOCK, k - from);
    const last = from + inner >= k;
    for (let row = firstRow; row < lastRow; row += ROWS) {
      for (let column = firstColumn; column < lastColumn; column += PANEL) {
        const tile = tileOf(thread);
        const b = pointer(p, 1) + (<usize>(column / PANEL) * k + from) * PANEL_BYTES;
        const end = b + <usize>inner * PANEL_BYTES;
        addOuter(ZERO_TILE, tile, pointer(p, 0) + ((<usize>from * m + row) << 2), <usize>m << 2, 0, 0, b, end);
        storeTile(
          tile,
          pointer(p, 2) + ((<usize>row * n + column) << 2),
          <usize>n << 2,
          min(ROWS, lastRow - row),
          min(PANEL, n - column),
          last && bias != 0 ? bias + (<usize>column << 2) : 0,
          last ? activation : 0,
          from > 0,
        );
      }
    }
  }
}
