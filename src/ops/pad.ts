import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf, stridesOf, type TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { type NumberArray, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';

/** What padding holds: one value, the nearest border element, or the mirrored array (border not repeated). */
export type PadMode = 'constant' | 'edge' | 'reflect';

export interface PadAttributes {
  /** Elements added in front of each axis. */
  readonly before: readonly number[];
  /** Elements added behind each axis. */
  readonly after: readonly number[];
  readonly mode: PadMode;
  /** What constant padding holds; the other modes ignore it. */
  readonly value: number;
}

export interface PadGradientAttributes extends PadAttributes {
  readonly inputShape: Shape;
}

export interface PadOptions {
  /** Elements added in front of each axis. */
  readonly before: readonly number[];
  /** Elements added behind each axis. */
  readonly after: readonly number[];
  /** 1234 with two on each side: 'constant' 00123400, 'edge' 11123444, 'reflect' 32123432. @default 'constant' */
  readonly mode?: PadMode;
  /** What constant padding holds. @default 0 */
  readonly value?: number;
}

/**
 * Adds elements around an array of any rank.
 *
 * Shapes: x [n, h, w, c], before [0, t, l, 0], after [0, b, r, 0] → [n, t + h + b, l + w + r, c].
 * @throws FoveaError `shape` where an amount is missing, negative, or for 'reflect' not below the size of its axis.
 */
export function pad(x: Value, options: PadOptions): Value {
  const { before, after, mode = 'constant', value = 0 } = options;
  return x.graph.emit('pad', [x], { before, after, mode, value })[0];
}

export const padOp: OpDefinition<PadAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    const x = inputs[0] as TensorSpec;
    checkDType(where, 'input', x, 'float32');
    return [float32(paddedShape(where, x.shape, attributes))];
  },
  gradient: ({ graph, inputs, dy, attributes }) => {
    const inputShape = (inputs[0] as Value).shape;
    return [graph.emit('padGradient', [dy[0] as Value], { ...attributes, inputShape })[0]];
  },
  cost: ({ inputs }, outputs) => ({ flops: 0, bytes: trafficBytes(inputs, outputs) }),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const x = inputs[0] as NumberArray;
    const y = outputs[0] as NumberArray;
    const sources = sourceIndices(inputShapes[0] as Shape, outputShapes[0] as Shape, attributes);
    for (let i = 0; i < y.length; i++) {
      const source = sources[i] as number;
      y[i] = source < 0 ? attributes.value : (x[source] as number);
    }
  },
};

/** dy in the padded shape → dx in `inputShape`: each element gets the sum of the gradients of its copies. */
export const padGradientOp: OpDefinition<PadGradientAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    const dy = inputs[0] as TensorSpec;
    checkDType(where, 'output gradient', dy, 'float32');
    checkShapeIs(where, 'output gradient', dy, paddedShape(where, attributes.inputShape, attributes));
    return [float32(attributes.inputShape)];
  },
  gradient: ({ graph, dy, attributes: { before, after, mode } }) => [
    graph.emit('pad', [dy[0] as Value], { before, after, mode, value: 0 })[0],
  ],
  cost: ({ inputs }, outputs) => ({
    flops: sizeOf((inputs[0] as TensorSpec).shape),
    bytes: trafficBytes(inputs, outputs),
  }),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const dy = inputs[0] as NumberArray;
    const dx = outputs[0] as NumberArray;
    const sources = sourceIndices(outputShapes[0] as Shape, inputShapes[0] as Shape, attributes);
    for (let i = 0; i < dy.length; i++) {
      const source = sources[i] as number;
      if (source >= 0) dx[source] = (dx[source] as number) + (dy[i] as number);
    }
  },
};

function paddedShape(where: string, shape: Shape, { before, after, mode }: PadAttributes): number[] {
  const received = `input ${formatShape(shape)}, before ${formatShape(before)}, after ${formatShape(after)}`;
  const fail = (rule: string): never => {
    throw new FoveaError('shape', { where, rule, received, data: { input: shape, before, after } });
  };
  if (before.length !== shape.length || after.length !== shape.length) {
    fail(`padding needs one amount before and one behind for each of the ${shape.length} axes`);
  }
  if (![...before, ...after].every((n) => Number.isInteger(n) && n >= 0)) {
    fail('padding amounts must be whole numbers of at least 0');
  }
  if (mode === 'reflect' && !shape.every((n, i) => (before[i] as number) < n && (after[i] as number) < n)) {
    fail('mirrored padding must be smaller than the size of its axis');
  }
  return shape.map((n, i) => (before[i] as number) + n + (after[i] as number));
}

/** For each element of the padded array in scan order, the element that it copies, or −1 for the constant. */
function sourceIndices(shape: Shape, padded: Shape, { before, mode }: PadAttributes): Int32Array {
  const strides = stridesOf(shape);
  let sources = Int32Array.of(0);
  padded.forEach((size, axis) => {
    const n = shape[axis] as number;
    const stride = strides[axis] as number;
    const next = new Int32Array(sources.length * size);
    sources.forEach((base, i) => {
      for (let o = 0; o < size; o++) {
        const index = sourceIndex(o - (before[axis] as number), n, mode);
        next[i * size + o] = base < 0 || index < 0 ? -1 : base + index * stride;
      }
    });
    sources = next;
  });
  return sources;
}

/** Position along one axis of size n that padding at position i copies. */
function sourceIndex(i: number, n: number, mode: PadMode): number {
  if (i >= 0 && i < n) return i;
  if (mode === 'constant') return -1;
  if (mode === 'edge') return i < 0 ? 0 : n - 1;
  return i < 0 ? -i : 2 * (n - 1) - i;
}
