import { FoveaError } from '../tensor/errors.js';
import {
  checkShape,
  formatShape,
  normalizeAxes,
  type Shape,
  sizeOf,
  stridesOf,
  type TensorSpec,
} from '../tensor/shape.js';
import { checkDType, checkInputCount, float32 } from './checks.js';
import { type Cost, type NumberArray, type OpCall, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';
import { flatIndices } from './strided.js';

export interface ReshapeAttributes {
  readonly shape: Shape;
}

export interface TransposeAttributes {
  /** Axis i of the output is axis `permutation[i]` of the input. */
  readonly permutation: readonly number[];
}

export interface ConcatenateAttributes {
  /** Counted from the front. */
  readonly axis: number;
}

export interface SliceAttributes {
  /** First element along each axis. */
  readonly begin: readonly number[];
  /** Number of elements along each axis. */
  readonly size: readonly number[];
}

/**
 * The same elements in the same order under another shape; one size may be −1 and is worked out from the others.
 *
 * Shapes: x [n, h, w, c], shape [n, −1] → [n, h · w · c].
 * @throws FoveaError `shape` where the number of elements differs.
 */
export function reshape(x: Value, shape: Shape): Value {
  const known = sizeOf(shape.filter((size) => size !== -1));
  const open = shape.indexOf(-1);
  const full = open < 0 ? shape : shape.with(open, sizeOf(x.shape) / known);
  return x.graph.emit('reshape', [x], { shape: full })[0];
}

/**
 * Axes in another order: axis i of the result is axis `permutation[i]` of x; all axes reversed where none is given.
 *
 * Shapes: x [n, h, w, c], permutation [0, 3, 1, 2] → [n, c, h, w].
 * @throws FoveaError `shape` where the permutation does not name every axis once.
 */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  const order = permutation ?? x.shape.map((_, axis) => axis).reverse();
  return x.graph.emit('transpose', [x], { permutation: order })[0];
}

/**
 * Arrays one behind the other along an axis, by default the last (the channels).
 *
 * Shapes: [n, h, w, c1], [n, h, w, c2], … → [n, h, w, c1 + c2 + …].
 * @throws FoveaError `shape` where the other sizes differ.
 */
export function concatenate(values: readonly [Value, ...Value[]], axis = -1): Value {
  const [first] = values;
  const [fromFront] = normalizeAxes('concatenate', [axis], first.shape.length);
  return first.graph.emit('concatenate', values, { axis: fromFront as number })[0];
}

/**
 * A box out of an array: `size[i]` elements from `begin[i]` on along axis i; −1 as a size means all the rest.
 *
 * Shapes: x [n, h, w, c], begin [0, 1, 1, 0], size [n, 2, 2, c] → [n, 2, 2, c].
 * @throws FoveaError `shape` where the box does not lie within x.
 */
export function slice(x: Value, begin: readonly number[], size: readonly number[]): Value {
  const full = size.map((n, axis) => (n === -1 ? (x.shape[axis] ?? 0) - (begin[axis] ?? 0) : n));
  return x.graph.emit('slice', [x], { begin, size: full })[0];
}

export const reshapeOp: OpDefinition<ReshapeAttributes> = {
  shape: ({ inputs, attributes: { shape }, where }) => {
    checkInputCount(where, inputs, 1);
    const x = inputs[0] as TensorSpec;
    checkShape(where, shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new FoveaError('shape', {
        where,
        rule: `the input has ${sizeOf(x.shape)} elements, the shape ${formatShape(shape)} needs ${sizeOf(shape)}`,
        received: `input ${formatShape(x.shape)}`,
        data: { input: x.shape, shape },
      });
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient: ({ graph, inputs, dy }) => [
    graph.emit('reshape', [dy[0] as Value], { shape: (inputs[0] as Value).shape })[0],
  ],
  cost: () => ({ flops: 0, bytes: 0 }),
  define: ({ inputs, outputs }) => (outputs[0] as NumberArray).set(inputs[0] as NumberArray),
  view: true,
};

export const transposeOp: OpDefinition<TransposeAttributes> = {
  shape: ({ inputs, attributes: { permutation }, where }) => {
    checkInputCount(where, inputs, 1);
    const x = inputs[0] as TensorSpec;
    checkDType(where, 'input', x, 'float32');
    const named = new Set(permutation);
    if (permutation.length !== x.shape.length || !x.shape.every((_, axis) => named.has(axis))) {
      throw new FoveaError('shape', {
        where,
        rule: 'the permutation must name every axis of the input once, counted from the front',
        received: `permutation ${formatShape(permutation)}, input ${formatShape(x.shape)}`,
        data: { input: x.shape, permutation },
      });
    }
    return [float32(permutation.map((axis) => x.shape[axis] as number))];
  },
  gradient: ({ graph, dy, attributes: { permutation } }) => {
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [graph.emit('transpose', [dy[0] as Value], { permutation: inverse })[0]];
  },
  cost: copyCost,
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes: { permutation } }) => {
    const strides = stridesOf(inputShapes[0] as Shape);
    const permuted = permutation.map((axis) => strides[axis] as number);
    gather(inputs[0] as NumberArray, flatIndices(outputShapes[0] as Shape, permuted), outputs[0] as NumberArray);
  },
};

export const concatenateOp: OpDefinition<ConcatenateAttributes> = {
  shape: ({ inputs, attributes: { axis }, where }) => {
    checkInputCount(where, inputs, 1, Number.POSITIVE_INFINITY);
    const first = inputs[0] as TensorSpec;
    const received = inputs.map(({ shape }) => formatShape(shape)).join(', ');
    if (!Number.isInteger(axis) || axis < 0 || axis >= first.shape.length) {
      const rule = `the axis must lie between 0 and ${first.shape.length - 1}`;
      throw new FoveaError('shape', { where, rule, received: `axis ${axis}, inputs ${received}` });
    }
    let total = 0;
    for (const input of inputs) {
      checkDType(where, 'inputs', input, 'float32');
      const { shape } = input;
      if (shape.length !== first.shape.length || !shape.every((n, i) => i === axis || n === first.shape[i])) {
        const rule = `all sizes but those along axis ${axis} must be the same`;
        throw new FoveaError('shape', { where, rule, received: `inputs ${received}`, data: { axis } });
      }
      total += shape[axis] as number;
    }
    return [float32(first.shape.with(axis, total))];
  },
  gradient: ({ graph, inputs, dy, needs, attributes: { axis } }) => {
    const g = dy[0] as Value;
    let from = 0;
    return inputs.map(({ shape }, i) => {
      const begin = shape.map((_, other) => (other === axis ? from : 0));
      from += shape[axis] as number;
      return needs[i] ? graph.emit('slice', [g], { begin, size: shape })[0] : undefined;
    });
  },
  cost: copyCost,
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes: { axis } }) => {
    const y = outputs[0] as NumberArray;
    const strides = stridesOf(outputShapes[0] as Shape);
    let from = 0;
    inputs.forEach((x, i) => {
      const shape = inputShapes[i] as Shape;
      const indices = flatIndices(shape, strides, from * (strides[axis] as number));
      for (let j = 0; j < x.length; j++) y[indices[j] as number] = x[j] as number;
      from += shape[axis] as number;
    });
  },
};

export const sliceOp: OpDefinition<SliceAttributes> = {
  shape: ({ inputs, attributes: { begin, size }, where }) => {
    checkInputCount(where, inputs, 1);
    const x = inputs[0] as TensorSpec;
    checkDType(where, 'input', x, 'float32');
    const { shape } = x;
    const fits = shape.every((n, axis) => {
      const from = begin[axis] ?? -1;
      return Number.isInteger(from) && from >= 0 && from + (size[axis] ?? n + 1) <= n;
    });
    if (!fits || begin.length !== shape.length || size.length !== shape.length) {
      throw new FoveaError('shape', {
        where,
        rule: 'the box must lie within the input, with one begin and one size for each axis',
        received: `input ${formatShape(shape)}, begin ${formatShape(begin)}, size ${formatShape(size)}`,
        data: { input: shape, begin, size },
      });
    }
    checkShape(where, size);
    return [float32(size)];
  },
  gradient: ({ graph, inputs, dy, attributes: { begin, size } }) => {
    const { shape } = inputs[0] as Value;
    const after = shape.map((n, axis) => n - (begin[axis] as number) - (size[axis] as number));
    return [graph.emit('pad', [dy[0] as Value], { before: begin, after, mode: 'constant', value: 0 })[0]];
  },
  cost: (_, outputs) => ({ flops: 0, bytes: 2 * trafficBytes([], outputs) }),
  define: ({ inputs, outputs, inputShapes, attributes: { begin, size } }) => {
    const strides = stridesOf(inputShapes[0] as Shape);
    const start = begin.reduce((offset, from, axis) => offset + from * (strides[axis] as number), 0);
    gather(inputs[0] as NumberArray, flatIndices(size, strides, start), outputs[0] as NumberArray);
  },
};

function copyCost<A>({ inputs }: OpCall<A>, outputs: readonly TensorSpec[]): Cost {
  return { flops: 0, bytes: trafficBytes(inputs, outputs) };
}

function gather(x: NumberArray, indices: Uint32Array, y: NumberArray): void {
  for (let i = 0; i < y.length; i++) y[i] = x[indices[i] as number] as number;
}
