import { float, pointer, word } from './common';

/** Elements that one item of an element-wise kernel works on. */
export const CHUNK: i32 = 16384;

/** 0 y, 1 size, 2 value (float) */
export function fill(p: usize, item: i32, thread: i32): void {
  const from = item * CHUNK;
  const to = min(word(p, 1), from + CHUNK);
  const value = float(p, 2);
  const y = pointer(p, 0);
  for (let i = from; i < to; i++) store<f32>(y + (<usize>i << 2), value);
}
