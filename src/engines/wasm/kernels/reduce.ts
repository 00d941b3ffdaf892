import { float, pointer, word } from './common';

const SUM = 0;
const SQUARES = 1;
const MAX = 2;

/** Columns from which on sums wait in memory. */
const MANY: i32 = 48;

// @ts-ignore: decorator
@inline
function start(op: i32): v128 {
  return f32x4.splat(op == MAX ? -f32(Infinity) : 0);
}

// @ts-ignore: decorator
@inline
function add(op: i32, sum: v128, x: v128): v128 {
  if (op == MAX) return f32x4.max(sum, x);
  return f32x4.add(sum, op == SQUARES ? f32x4.mul(x, x) : x);
}

/** Joins two partial results. */
// @ts-ignore: decorator
@inline
function join(op: i32, a: v128, b: v128): v128 {
  return op == MAX ? f32x4.max(a, b) : f32x4.add(a, b);
}

/** `count` contiguous floats to one. */
// @ts-ignore: decorator
@inline
function line(op: i32, x: usize, count: i32): f32 {
  let s0 = start(op);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const blocks = x + (<usize>(count & ~15) << 2);
  const whole = x + (<usize>(count & ~3) << 2);
  const end = x + (<usize>count << 2);
  for (; x < blocks; x += 64) {
    s0 = add(op, s0, v128.load(x));
    s1 = add(op, s1, v128.load(x, 16));
    s2 = add(op, s2, v128.load(x, 32));
    s3 = add(op, s3, v128.load(x, 48));
  }
  for (; x < whole; x += 16) s0 = add(op, s0, v128.load(x));
  s0 = join(op, join(op, s0, s1), join(op, s2, s3));
  s0 = join(op, s0, v128.shuffle<f32>(s0, s0, 2, 3, 0, 1));
  s0 = join(op, s0, v128.shuffle<f32>(s0, s0, 1, 0, 3, 2));
  for (; x < end; x += 4) s0 = add(op, s0, v128.load32_splat(x));
  return f32x4.extract_lane(s0, 0);
}

/** `rows` rows, `step` bytes apart, of sixteen columns. */
// @ts-ignore: decorator
@inline
function columns16(op: i32, x: usize, y: usize, rows: i32, step: usize, scale: v128): void {
  let s0 = start(op);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = x + <usize>rows * step;
  for (; x < end; x += step) {
    s0 = add(op, s0, v128.load(x));
    s1 = add(op, s1, v128.load(x, 16));
    s2 = add(op, s2, v128.load(x, 32));
    s3 = add(op, s3, v128.load(x, 48));
  }
  v128.store(y, f32x4.mul(s0, scale));
  v128.store(y, f32x4.mul(s1, scale), 16);
  v128.store(y, f32x4.mul(s2, scale), 32);
  v128.store(y, f32x4.mul(s3, scale), 48);
}

// @ts-ignore: decorator
@inline
function columns4(op: i32, x: usize, y: usize, rows: i32, step: usize, scale: v128): void {
  let s = start(op);
  const end = x + <usize>rows * step;
  for (; x < end; x += step) s = add(op, s, v128.load(x));
  v128.store(y, f32x4.mul(s, scale));
}

// @ts-ignore: decorator
@inline
function column1(op: i32, x: usize, y: usize, rows: i32, step: usize, scale: v128): void {
  let s = start(op);
  const end = x + <usize>rows * step;
  for (; x < end; x += step) s = add(op, s, v128.load32_splat(x));
  store<f32>(y, f32x4.extract_lane(f32x4.mul(s, scale), 0));
}

/**
 * `rows` rows of many columns, four rows at a time: memory is read in the order in which it lies, and the sums, which
 * stay in the first cache, wait in y.
 */
// @ts-ignore: decorator
@inline
function manyColumns(op: i32, x: usize, y: usize, columns: i32, rows: i32, step: usize, scale: v128): void {
  const end = y + (<usize>columns << 2);
  const end4 = y + (<usize>(columns & ~3) << 2);
  let at = y;
  for (; at < end4; at += 16) v128.store(at, start(op));
  for (; at < end; at += 4) v128.store32_lane(at, start(op), 0);
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let x0 = x;
    let x1 = x0 + step;
    let x2 = x1 + step;
    let x3 = x2 + step;
    for (at = y; at < end4; at += 16) {
      let s = add(op, v128.load(at), v128.load(x0));
      s = add(op, s, v128.load(x1));
      s = add(op, s, v128.load(x2));
      v128.store(at, add(op, s, v128.load(x3)));
      x0 += 16;
      x1 += 16;
      x2 += 16;
      x3 += 16;
    }
    for (; at < end; at += 4) {
      let s = add(op, v128.load32_splat(at), v128.load32_splat(x0));
      s = add(op, s, v128.load32_splat(x1));
      s = add(op, s, v128.load32_splat(x2));
      v128.store32_lane(at, add(op, s, v128.load32_splat(x3)), 0);
      x0 += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    x += step << 2;
  }
  for (; row < rows; row++) {
    let from = x;
    for (at = y; at < end4; at += 16, from += 16) v128.store(at, add(op, v128.load(at), v128.load(from)));
    for (; at < end; at += 4, from += 4) {
      v128.store32_lane(at, add(op, v128.load32_splat(at), v128.load32_splat(from)), 0);
    }
    x += step;
  }
  for (at = y; at < end4; at += 16) v128.store(at, f32x4.mul(v128.load(at), scale));
  for (; at < end; at += 4) v128.store32_lane(at, f32x4.mul(v128.load32_splat(at), scale), 0);
}

// @ts-ignore: decorator
@inline
function reduce(p: usize, item: i32, op: i32): void {
  const outer = word(p, 2);
  const length = word(p, 3);
  const inner = word(p, 4);
  const blockRows = word(p, 5);
  const blocks = word(p, 6);
  const scale = f32x4.splat(float(p, 7));
  const step = <usize>inner << 2;
  const columnsPerItem = word(p, 9);
  const columnBlocks = (inner + columnsPerItem - 1) / columnsPerItem;
  const firstColumn = (item % columnBlocks) * columnsPerItem;
  const columns = min(columnsPerItem, inner - firstColumn);
  const first = (item / columnBlocks) * word(p, 8);
  const last = min(outer * blocks, first + word(p, 8));
  for (let part = first; part < last; part++) {
    const group = part / blocks;
    const from = (part - group * blocks) * blockRows;
    const rows = min(blockRows, length - from);
    let x = pointer(p, 0) + (<usize>group * length + from) * step;
    let y = pointer(p, 1) + <usize>part * step;
    if (inner == 1) {
      store<f32>(y, line(op, x, rows) * float(p, 7));
      continue;
    }
    x += <usize>firstColumn << 2;
    y += <usize>firstColumn << 2;
    if (inner >= MANY) {
      manyColumns(op, x, y, columns, rows, step, scale);
      continue;
    }
    const end = y + (<usize>columns << 2);
    const end4 = y + (<usize>(columns & ~3) << 2);
    const end16 = y + (<usize>(columns & ~15) << 2);
    for (; y < end16; x += 64, y += 64) columns16(op, x, y, rows, step, scale);
    for (; y < end4; x += 16, y += 16) columns4(op, x, y, rows, step, scale);
    for (; y < end; x += 4, y += 4) column1(op, x, y, rows, step, scale);
  }
}

// Reductions of x [outer, length, inner] along the middle axis to y [outer, blocks, inner]: the axis is cut into blocks
// of `blockRows`, whose results a second call reduces. An item makes `columnsPerItem` columns of `partsPerItem` of the
// outer · blocks parts.
//
// 0 x, 1 y, 2 outer, 3 length, 4 inner, 5 blockRows, 6 blocks, 7 factor of the result (float), 8 partsPerItem,
// 9 columnsPerItem

/** Sums. */
export function reduceSum(p: usize, item: i32, thread: i32): void {
  reduce(p, item, SUM);
}

/** Sums of squares. */
export function reduceSquares(p: usize, item: i32, thread: i32): void {
  reduce(p, item, SQUARES);
}

/** Maxima; NaN where one is. */
export function reduceMax(p: usize, item: i32, thread: i32): void {
  reduce(p, item, MAX);
}

/** Number of the word that holds the number of kept axes in `maxGradient`. */
const KEPT = 6;

/**
 * dx = dy at the first element that equals the maximum y, 0 elsewhere. The reduced axes come as (size, step) pairs from
 * the first to the last, the kept ones from the last to the first. An item makes `outputsPerItem` maxima's elements.
 *
 * 0 x, 1 y, 2 dy, 3 dx, 4 outputs, 5 outputsPerItem, 6 kept axes, 7 reduced axes, 8 reduced elements, kept pairs,
 * reduced pairs
 */
export function maxGradient(p: usize, item: i32, thread: i32): void {
  const kept = word(p, KEPT);
  const reduced = word(p, KEPT + 1);
  const count = word(p, KEPT + 2);
  const keptPairs = KEPT + 3;
  const pairs = keptPairs + 2 * kept;
  const first = item * word(p, 5);
  const last = min(word(p, 4), first + word(p, 5));
  for (let output = first; output < last; output++) {
    let rest = output;
    let base = 0;
    for (let axis = 0; axis < kept; axis++) {
      const size = word(p, keptPairs + 2 * axis);
      base += (rest % size) * word(p, keptPairs + 2 * axis + 1);
      rest /= size;
    }
    const maximum = load<f32>(pointer(p, 1) + (<usize>output << 2));
    const dy = load<f32>(pointer(p, 2) + (<usize>output << 2));
    let found = false;
    for (let i = 0; i < count; i++) {
      rest = i;
      let at = base;
      for (let axis = reduced - 1; axis >= 0; axis--) {
        const size = word(p, pairs + 2 * axis);
        at += (rest % size) * word(p, pairs + 2 * axis + 1);
        rest /= size;
      }
      const hit = !found && load<f32>(pointer(p, 0) + (<usize>at << 2)) == maximum;
      store<f32>(pointer(p, 3) + (<usize>at << 2), hit ? dy : 0);
      if (hit) found = true;
    }
  }
}
