import { FoveaError } from '../tensor/errors.js';
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normalizeAxes,
  type Shape,
  sameShape,
  sizeOf,
  type TensorSpec,
} from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { type NoAttributes, type NumberArray, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';
import { broadcastStrides, flatIndices } from './strided.js';
import { sumToShape } from './sumToShape.js';

export interface ReductionAttributes {
  /** The axes that are reduced, counted from the front, in rising order. */
  readonly axes: readonly number[];
  /** Reduced axes stay, with the size 1. */
  readonly keepDims: boolean;
}

export interface BroadcastToAttributes {
  readonly shape: Shape;
}

export interface ReductionOptions {
  /** Axes to reduce, −1 the last. @default all of them */
  readonly axes?: readonly number[];
  /** Keep reduced axes with the size 1. @default false */
  readonly keepDims?: boolean;
}

/**
 * Sum over axes; over all of them where none are named.
 *
 * Shapes: x [n, h, w, c], axes [1, 2] → [n, c], with keepDims [n, 1, 1, c].
 * @throws FoveaError `shape` where an axis does not exist.
 */
export function sum(x: Value, options: ReductionOptions = {}): Value {
  return x.graph.emit('sum', [x], reductionAttributes('sum', x, options))[0];
}

/**
 * Mean over axes; over all of them where none are named. Shapes as {@link sum}.
 *
 * @throws FoveaError `shape` where an axis does not exist.
 */
export function mean(x: Value, options: ReductionOptions = {}): Value {
  return x.graph.emit('mean', [x], reductionAttributes('mean', x, options))[0];
}

/**
 * Largest value over axes; over all of them where none are named; NaN where one is NaN. Shapes as {@link sum}. The
 * gradient goes to the first of equal maxima in scan order.
 *
 * @throws FoveaError `shape` where an axis does not exist.
 */
export function max(x: Value, options: ReductionOptions = {}): Value {
  return x.graph.emit('max', [x], reductionAttributes('max', x, options))[0];
}

/**
 * Repeats an array along axes of size 1 and along new leading axes, by NumPy's rule.
 *
 * Shapes: x [c], shape [n, h, w, c] → [n, h, w, c].
 * @throws FoveaError `shape` where x does not broadcast to the shape.
 */
export function broadcastTo(x: Value, shape: Shape): Value {
  return x.graph.emit('broadcastTo', [x], { shape })[0];
}

/** Sum of the squares of all elements, any shape → [1]. */
export function sumOfSquares(x: Value): Value {
  return x.graph.emit('sumOfSquares', [x], {})[0];
}

export const sumOp: OpDefinition<ReductionAttributes> = {
  ...reductionOp((x, y, indices) => {
    const sums = new Float64Array(y.length);
    for (let i = 0; i < x.length; i++) sums[indices[i] as number] = at(sums, indices, i) + (x[i] as number);
    y.set(sums);
  }),
  gradient: ({ inputs, dy, attributes }) => [spread(dy[0] as Value, inputs[0] as Value, attributes)],
};

export const meanOp: OpDefinition<ReductionAttributes> = {
  ...reductionOp((x, y, indices) => {
    const sums = new Float64Array(y.length);
    for (let i = 0; i < x.length; i++) sums[indices[i] as number] = at(sums, indices, i) + (x[i] as number);
    const count = x.length / y.length;
    for (let j = 0; j < y.length; j++) y[j] = (sums[j] as number) / count;
  }),
  gradient: ({ graph, inputs, dy, attributes }) => {
    const x = inputs[0] as Value;
    const g = dy[0] as Value;
    const factor = sizeOf(g.shape) / sizeOf(x.shape);
    return [spread(graph.emit('scale', [g], { factor, offset: 0 })[0], x, attributes)];
  },
};

export const maxOp: OpDefinition<ReductionAttributes> = {
  ...reductionOp((x, y, indices) => {
    y.fill(-Infinity);
    for (let i = 0; i < x.length; i++) y[indices[i] as number] = Math.max(at(y, indices, i), x[i] as number);
  }),
  gradient: ({ graph, inputs, outputs, dy, attributes }) => [
    graph.emit('maxGradient', [inputs[0] as Value, outputs[0] as Value, dy[0] as Value], attributes)[0],
  ],
};

/** (x, y, dy) → dx: all of dy to the first element equal to the maximum y; nothing where y is NaN. */
export const maxGradientOp: OpDefinition<ReductionAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 3);
    const [x, y, dy] = inputs as [TensorSpec, TensorSpec, TensorSpec];
    const reduced = reducedShape(where, x.shape, attributes);
    checkShapeIs(where, 'maximum', y, reduced);
    checkShapeIs(where, 'output gradient', dy, reduced);
    return [float32(x.shape)];
  },
  gradient: 'none',
  cost: ({ inputs }, outputs) => ({
    flops: sizeOf((inputs[0] as TensorSpec).shape),
    bytes: trafficBytes(inputs, outputs),
  }),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, y, dy] = inputs as [NumberArray, NumberArray, NumberArray];
    const dx = outputs[0] as NumberArray;
    const indices = reducedIndices(inputShapes[0] as Shape, attributes);
    const given = new Uint8Array(y.length);
    for (let i = 0; i < x.length; i++) {
      const j = indices[i] as number;
      const first = given[j] === 0 && x[i] === y[j];
      dx[i] = first ? (dy[j] as number) : 0;
      if (first) given[j] = 1;
    }
  },
};

export const broadcastToOp: OpDefinition<BroadcastToAttributes> = {
  shape: ({ inputs, attributes: { shape }, where }) => {
    checkInputCount(where, inputs, 1);
    const x = inputs[0] as TensorSpec;
    checkDType(where, 'input', x, 'float32');
    checkShape(where, shape);
    if (!sameShape(broadcastShapes(x.shape, shape) ?? [], shape)) {
      throw new FoveaError('shape', {
        where,
        rule: `the input does not broadcast to ${formatShape(shape)}`,
        received: `input ${formatShape(x.shape)}`,
        data: { input: x.shape, shape },
      });
    }
    return [float32(shape)];
  },
  gradient: ({ inputs, dy }) => [sumToShape(dy[0] as Value, inputs[0] as Value)],
  cost: ({ inputs }, outputs) => ({ flops: 0, bytes: trafficBytes(inputs, outputs) }),
  define: ({ inputs, outputs, inputShapes, attributes: { shape } }) => {
    const x = inputs[0] as NumberArray;
    const y = outputs[0] as NumberArray;
    const indices = flatIndices(shape, broadcastStrides(inputShapes[0] as Shape, shape));
    for (let i = 0; i < y.length; i++) y[i] = at(x, indices, i);
  },
};

export const sumOfSquaresOp: OpDefinition<NoAttributes> = {
  shape: ({ inputs, where }) => {
    checkInputCount(where, inputs, 1);
    checkDType(where, 'input', inputs[0] as TensorSpec, 'float32');
    return [float32([1])];
  },
  gradient: ({ graph, inputs, dy }) => {
    const x = inputs[0] as Value;
    const twice = graph.emit('scale', [dy[0] as Value], { factor: 2, offset: 0 })[0];
    return [sumToShape(graph.emit('multiply', [x, twice], {})[0], x)];
  },
  cost: ({ inputs }, outputs) => ({
    flops: 2 * sizeOf((inputs[0] as TensorSpec).shape),
    bytes: trafficBytes(inputs, outputs),
  }),
  define: ({ inputs, outputs }) => {
    let total = 0;
    for (const x of inputs[0] as NumberArray) total += x * x;
    (outputs[0] as NumberArray)[0] = total;
  },
};

/** The parts that sum, mean and max share; `reduce` is given, for each element of x, the index of its output. */
function reductionOp(
  reduce: (x: NumberArray, y: NumberArray, indices: Uint32Array) => void,
): Omit<OpDefinition<ReductionAttributes>, 'gradient'> {
  return {
    shape: ({ inputs, attributes, where }) => {
      checkInputCount(where, inputs, 1);
      const x = inputs[0] as TensorSpec;
      checkDType(where, 'input', x, 'float32');
      return [float32(reducedShape(where, x.shape, attributes))];
    },
    cost: ({ inputs }, outputs) => ({
      flops: sizeOf((inputs[0] as TensorSpec).shape),
      bytes: trafficBytes(inputs, outputs),
    }),
    define: ({ inputs, outputs, inputShapes, attributes }) => {
      const indices = reducedIndices(inputShapes[0] as Shape, attributes);
      reduce(inputs[0] as NumberArray, outputs[0] as NumberArray, indices);
    },
  };
}

function reductionAttributes(where: string, x: Value, options: ReductionOptions): ReductionAttributes {
  const axes = normalizeAxes(where, options.axes ?? x.shape.map((_, axis) => axis), x.shape.length);
  return { axes, keepDims: options.keepDims ?? false };
}

function reducedShape(where: string, shape: Shape, { axes, keepDims }: ReductionAttributes): number[] {
  if (!sameShape(normalizeAxes(where, axes, shape.length), axes)) {
    throw new FoveaError('shape', {
      where,
      rule: 'the axes must be counted from the front and stand in rising order',
      received: `axes ${formatShape(axes)}`,
    });
  }
  if (keepDims) return keptShape(shape, axes);
  return shape.filter((_, axis) => !axes.includes(axis));
}

function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** For each element of an array in scan order, the index of the element that it is reduced to. */
function reducedIndices(shape: Shape, { axes }: ReductionAttributes): Uint32Array {
  return flatIndices(shape, broadcastStrides(keptShape(shape, axes), shape));
}

/** Repeats a reduced value along the reduced axes of x. */
function spread(value: Value, x: Value, { axes, keepDims }: ReductionAttributes): Value {
  const { graph } = value;
  const kept = keepDims ? value : graph.emit('reshape', [value], { shape: keptShape(x.shape, axes) })[0];
  return graph.emit('broadcastTo', [kept], { shape: x.shape })[0];
}

function at(array: NumberArray, indices: Uint32Array, i: number): number {
  return array[indices[i] as number] as number;
}
