import { float, pointer, word } from './common';

const CONSTANT = 0;
const EDGE = 1;

/** Number of the word that holds the number of axes in `pad`; four words for each axis follow. */
const AXES = 6;

/** The element of an axis of `size` that position `i`, counted from its first element, shows; −1 for the constant. */
// @ts-ignore: decorator
@inline
function sourceOf(i: i32, size: i32, mode: i32): i32 {
  if (i >= 0 && i < size) return i;
  if (mode == CONSTANT) return -1;
  if (mode == EDGE) return i < 0 ? 0 : size - 1;
  return i < 0 ? -i : 2 * (size - 1) - i;
}

// @ts-ignore: decorator
@inline
function fillWith(y: usize, count: i32, value: v128): void {
  const end = y + (<usize>count << 2);
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; y += 16) v128.store(y, value);
  for (; y < end; y += 4) v128.store32_lane(y, value, 0);
}

/**
 * y = x with elements added around it. The axes end with the last one that is padded; behind it stand `inner`
 * contiguous floats. A row is y along that axis; an item makes `rowsPerItem` rows.
 *
 * 0 x, 1 y, 2 rows, 3 rowsPerItem, 4 inner, 5 value (float), 6 axes, 7 mode (0 constant, 1 edge, 2 reflect), then for
 * each axis from the last to the first: size in y, elements in front, size in x, floats by which x advances
 */
export function pad(p: usize, item: i32, thread: i32): void {
  const inner = word(p, 4);
  const axes = word(p, AXES);
  const mode = word(p, AXES + 1);
  const value = f32x4.splat(float(p, 5));
  const columns = word(p, AXES + 2);
  const before = word(p, AXES + 3);
  const size = word(p, AXES + 4);
  const bytes = <usize>inner << 2;
  const first = item * word(p, 3);
  const last = min(word(p, 2), first + word(p, 3));
  let y = pointer(p, 1) + <usize>first * columns * bytes;
  for (let row = first; row < last; row++) {
    let rest = row;
    let offset = 0;
    let inside = true;
    for (let axis = 1; axis < axes; axis++) {
      const words = AXES + 2 + 4 * axis;
      const n = word(p, words);
      const source = sourceOf((rest % n) - word(p, words + 1), word(p, words + 2), mode);
      rest /= n;
      if (source < 0) inside = false;
      offset += source * word(p, words + 3);
    }
    if (!inside) {
      fillWith(y, columns * inner, value);
      y += <usize>columns * bytes;
      continue;
    }
    const x = pointer(p, 0) + (<usize>offset << 2);
    for (let column = 0; column < columns; column++) {
      if (column == before) {
        memory.copy(y, x, <usize>size * bytes);
        y += <usize>size * bytes;
        column += size - 1;
        continue;
      }
      const source = sourceOf(column - before, size, mode);
      if (source < 0) fillWith(y, inner, value);
      else memory.copy(y, x + <usize>source * bytes, bytes);
      y += bytes;
    }
  }
}

/**
 * Gradient of padding one axis: dx [outer, size, inner] = sums over the elements of dy [outer, before + size + after,
 * inner] that show the same element of x. An item makes `rowsPerItem` of the outer · size rows of dx.
 *
 * 0 dy, 1 dx, 2 outer, 3 size, 4 before, 5 after, 6 inner, 7 mode (1 edge, 2 reflect), 8 rowsPerItem
 */
export function foldAxis(p: usize, item: i32, thread: i32): void {
  const size = word(p, 3);
  const before = word(p, 4);
  const after = word(p, 5);
  const inner = word(p, 6);
  const mode = word(p, 7);
  const padded = before + size + after;
  const bytes = <usize>inner << 2;
  const first = item * word(p, 8);
  const last = min(word(p, 2) * size, first + word(p, 8));
  for (let row = first; row < last; row++) {
    const group = row / size;
    const i = row - group * size;
    const dy = pointer(p, 0) + <usize>group * padded * bytes;
    const dx = pointer(p, 1) + <usize>row * bytes;
    memory.copy(dx, dy + <usize>(before + i) * bytes, bytes);
    if (mode == EDGE) {
      if (i == 0) for (let j = 0; j < before; j++) addTo(dx, dy + <usize>j * bytes, inner);
      if (i == size - 1) for (let j = 0; j < after; j++) addTo(dx, dy + <usize>(before + size + j) * bytes, inner);
    } else {
      if (i >= 1 && i <= before) addTo(dx, dy + <usize>(before - i) * bytes, inner);
      const back = 2 * (size - 1) - i;
      if (i < size - 1 && back - size < after) addTo(dx, dy + <usize>(before + back) * bytes, inner);
    }
  }
}

function addTo(y: usize, x: usize, count: i32): void {
  const end = y + (<usize>count << 2);
  const whole = y + (<usize>(count & ~3) << 2);
  for (; y < whole; x += 16, y += 16) v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
  for (; y < end; x += 4, y += 4) store<f32>(y, load<f32>(y) + load<f32>(x));
}
