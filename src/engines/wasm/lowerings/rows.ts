import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { CHUNK } from '../lowering.js';

/** How many of `rows` rows one item works on, where each row takes so many reads and writes. */
export function rowsPerItem(rows: number, elementsPerRow: number): number {
  return Math.max(1, Math.min(rows, Math.floor(CHUNK / elementsPerRow)));
}

/** An array as rows of its last axis. */
export function rowsOf(shape: Shape): { rows: number; c: number } {
  const c = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / c, c };
}
