import { FoveaError } from './errors.js';

/** Sizes of an array, outermost first; activations are `[n, h, w, c]`. */
export type Shape = readonly number[];

/** Kinds of numbers. Everything computed is float32; int32 holds labels, pooling switches and random keys. */
export type DType = 'float32' | 'int32';

/** What is known of an array before it has values. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/** `[8, 28, 28, 1]`, as every message writes a shape. An unknown batch size is written `?`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((n) => n ?? '?').join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

/** Throws unless every size is a whole number of at least 1 (or 0 where `allowEmpty`). */
export function checkShape(where: string, shape: Shape, allowEmpty = false): void {
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < (allowEmpty ? 0 : 1)) {
      throw new FoveaError('shape', {
        where,
        rule: `every size must be a whole number of at least ${allowEmpty ? 0 : 1}`,
        received: formatShape(shape),
        data: { shape },
      });
    }
  }
  if (sizeOf(shape) > 2 ** 31) {
    throw new FoveaError('memory', {
      where,
      rule: 'an array may have at most 2,147,483,648 elements',
      received: formatShape(shape),
      remedy: 'Use a smaller batch or smaller images',
      data: { shape },
    });
  }
}

/** The shape that two shapes broadcast to by NumPy's rule, or undefined where they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    out[i] = m === 1 ? n : m;
  }
  return out;
}

/** Axes given from the end (−1 is the last) turned into axes from the front, sorted; throws on what does not exist. */
export function normalizeAxes(where: string, axes: readonly number[], rank: number): number[] {
  const result = axes.map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new FoveaError('shape', {
        where,
        rule: `the axis must lie between ${-rank} and ${rank - 1}`,
        received: `axis ${axis} of an array with ${rank} axes`,
        data: { axis, rank },
      });
    }
    return axis < 0 ? axis + rank : axis;
  });
  const sorted = [...new Set(result)].sort((a, b) => a - b);
  if (sorted.length !== axes.length) {
    throw new FoveaError('shape', { where, rule: 'an axis is named twice', received: formatShape(axes) });
  }
  return sorted;
}
