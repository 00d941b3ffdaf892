import { FoveaError } from '../tensor/errors.js';
import { broadcastShapes, formatShape, type Shape, type TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, float32 } from './checks.js';
import {
  elementwiseCost,
  type GradientRule,
  type NoAttributes,
  type NumberArray,
  type OpDefinition,
} from './definition.js';
import type { Value } from './graph.js';
import { broadcastStrides, flatIndices } from './strided.js';
import { sumToShape } from './sumToShape.js';

// All ops of this file take shapes that broadcast by NumPy's rule ([n, h, w, c] with [c], [n, 1, 1, c], [] …), and throw
// a FoveaError `shape` where they do not.

/** a + b, with broadcasting. */
export function add(a: Value, b: Value): Value {
  return a.graph.emit('add', [a, b], {})[0];
}

/** a − b, with broadcasting. */
export function subtract(a: Value, b: Value): Value {
  return a.graph.emit('subtract', [a, b], {})[0];
}

/** a · b element by element, with broadcasting. */
export function multiply(a: Value, b: Value): Value {
  return a.graph.emit('multiply', [a, b], {})[0];
}

/** a / b, with broadcasting. */
export function divide(a: Value, b: Value): Value {
  return a.graph.emit('divide', [a, b], {})[0];
}

/** The larger of a and b, with broadcasting; NaN where one is NaN. Where they are equal, a gets the gradient. */
export function maximum(a: Value, b: Value): Value {
  return a.graph.emit('maximum', [a, b], {})[0];
}

/** The smaller of a and b, with broadcasting; NaN where one is NaN. Where they are equal, a gets the gradient. */
export function minimum(a: Value, b: Value): Value {
  return a.graph.emit('minimum', [a, b], {})[0];
}

/** a to the power of b, with broadcasting. The gradient by b is defined for a > 0 only, and NaN elsewhere. */
export function power(a: Value, b: Value): Value {
  return a.graph.emit('power', [a, b], {})[0];
}

/** 1 where a ≥ b, else 0, with broadcasting. Has no gradient. */
export function greaterEqual(a: Value, b: Value): Value {
  return a.graph.emit('greaterEqual', [a, b], {})[0];
}

/** (a − b)², with broadcasting. */
export function squaredDifference(a: Value, b: Value): Value {
  return a.graph.emit('squaredDifference', [a, b], {})[0];
}

export const addOp: OpDefinition<NoAttributes> = binaryOp(
  1,
  (a, b) => a + b,
  ({ dy }) => [dy[0], dy[0]],
);

export const subtractOp: OpDefinition<NoAttributes> = binaryOp(
  1,
  (a, b) => a - b,
  ({ graph, dy, needs }) => [dy[0], needs[1] ? graph.emit('negate', [dy[0] as Value], {})[0] : undefined],
);

export const multiplyOp: OpDefinition<NoAttributes> = binaryOp(
  1,
  (a, b) => a * b,
  ({ inputs, dy, needs }) => {
    const [a, b] = inputs as [Value, Value];
    const g = dy[0] as Value;
    return [needs[0] ? multiply(g, b) : undefined, needs[1] ? multiply(g, a) : undefined];
  },
);

export const divideOp: OpDefinition<NoAttributes> = binaryOp(
  1,
  (a, b) => a / b,
  ({ graph, inputs, outputs, dy, needs }) => {
    const b = inputs[1] as Value;
    const da = divide(dy[0] as Value, b);
    const db = needs[1] ? graph.emit('negate', [multiply(da, outputs[0] as Value)], {})[0] : undefined;
    return [da, db];
  },
);

export const maximumOp: OpDefinition<NoAttributes> = binaryOp(
  1,
  (a, b) => Math.max(a, b),
  ({ inputs, dy }) => {
    const [a, b] = inputs as [Value, Value];
    return share(dy[0] as Value, greaterEqual(a, b));
  },
);

export const minimumOp: OpDefinition<NoAttributes> = binaryOp(
  1,
  (a, b) => Math.min(a, b),
  ({ inputs, dy }) => {
    const [a, b] = inputs as [Value, Value];
    return share(dy[0] as Value, greaterEqual(b, a));
  },
);

export const powerOp: OpDefinition<NoAttributes> = binaryOp(
  20,
  (a, b) => a ** b,
  ({ graph, inputs, outputs, dy, needs }) => {
    const [a, b] = inputs as [Value, Value];
    const g = dy[0] as Value;
    let da: Value | undefined;
    let db: Value | undefined;
    if (needs[0]) {
      const oneLess = graph.emit('scale', [b], { factor: 1, offset: -1 })[0];
      da = multiply(g, multiply(b, power(a, oneLess)));
    }
    if (needs[1]) db = multiply(g, multiply(outputs[0] as Value, graph.emit('log', [a], {})[0]));
    return [da, db];
  },
);

export const greaterEqualOp: OpDefinition<NoAttributes> = binaryOp(1, (a, b) => (a >= b ? 1 : 0), 'none');

export const squaredDifferenceOp: OpDefinition<NoAttributes> = binaryOp(
  2,
  (a, b) => (a - b) * (a - b),
  ({ graph, inputs, dy, needs }) => {
    const [a, b] = inputs as [Value, Value];
    const twice = graph.emit('scale', [subtract(a, b)], { factor: 2, offset: 0 })[0];
    const da = multiply(dy[0] as Value, twice);
    return [da, needs[1] ? graph.emit('negate', [da], {})[0] : undefined];
  },
);

/** An op of two arrays, element by element; `gradient` may return gradients in the output's shape. */
function binaryOp(
  flops: number,
  formula: (a: number, b: number) => number,
  gradient: GradientRule<NoAttributes> | 'none',
): OpDefinition<NoAttributes> {
  return {
    shape: ({ inputs, where }) => {
      checkInputCount(where, inputs, 2);
      const [a, b] = inputs as [TensorSpec, TensorSpec];
      checkDType(where, 'first input', a, 'float32');
      checkDType(where, 'second input', b, 'float32');
      const shape = broadcastShapes(a.shape, b.shape);
      if (shape === undefined) {
        throw new FoveaError('shape', {
          where,
          rule: 'the two inputs do not broadcast: sizes must be equal or 1, counted from the last axis',
          received: `${formatShape(a.shape)} and ${formatShape(b.shape)}`,
          data: { a: a.shape, b: b.shape },
        });
      }
      return [float32(shape)];
    },
    gradient:
      gradient === 'none'
        ? 'none'
        : (call) =>
            gradient(call).map((g, i) =>
              g === undefined || !call.needs[i] ? undefined : sumToShape(g, call.inputs[i] as Value),
            ),
    cost: elementwiseCost(flops),
    define: ({ inputs, outputs, inputShapes, outputShapes }) => {
      const [a, b] = inputs as [NumberArray, NumberArray];
      const y = outputs[0] as NumberArray;
      const shape = outputShapes[0] as Shape;
      const ofA = flatIndices(shape, broadcastStrides(inputShapes[0] as Shape, shape));
      const ofB = flatIndices(shape, broadcastStrides(inputShapes[1] as Shape, shape));
      for (let i = 0; i < y.length; i++) {
        y[i] = formula(a[ofA[i] as number] as number, b[ofB[i] as number] as number);
      }
    },
    inPlace: [0, 1],
  };
}

/** Splits a gradient: where the mask is 1 to the first of two inputs, where it is 0 to the second. */
function share(dy: Value, mask: Value): [Value, Value] {
  const toFirst = multiply(dy, mask);
  return [toFirst, subtract(dy, toFirst)];
}
