import type { TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NoAttributes, type NumberArray, type OpDefinition } from './definition.js';
import type { Value } from './graph.js';

/** exp(x) / Σ exp(x) over the last axis, any shape; the row's maximum is subtracted first, so it never overflows. */
export function softmax(x: Value): Value {
  return x.graph.emit('softmax', [x], {})[0];
}

/** Logarithm of the softmax over the last axis, any shape; exact where the softmax itself would round to 0. */
export function logSoftmax(x: Value): Value {
  return x.graph.emit('logSoftmax', [x], {})[0];
}

export const softmaxOp: OpDefinition<NoAttributes> = rowOp(
  (x, y, start, end) => {
    const logSum = logSumExp(x, start, end);
    for (let i = start; i < end; i++) y[i] = Math.exp((x[i] as number) - logSum);
  },
  ({ graph, outputs, dy }) => [graph.emit('softmaxGradient', [outputs[0] as Value, dy[0] as Value], {})[0]],
);

export const logSoftmaxOp: OpDefinition<NoAttributes> = rowOp(
  (x, y, start, end) => {
    const logSum = logSumExp(x, start, end);
    for (let i = start; i < end; i++) y[i] = (x[i] as number) - logSum;
  },
  ({ graph, outputs, dy }) => [graph.emit('logSoftmaxGradient', [outputs[0] as Value, dy[0] as Value], {})[0]],
);

/** (y, dy) → y · (dy − Σ dy · y), where y is the softmax. */
export const softmaxGradientOp: OpDefinition<NoAttributes> = rowGradientOp((y, dy, dx, start, end) => {
  let sum = 0;
  for (let i = start; i < end; i++) sum += (dy[i] as number) * (y[i] as number);
  for (let i = start; i < end; i++) dx[i] = (y[i] as number) * ((dy[i] as number) - sum);
});

/** (y, dy) → dy − exp(y) · Σ dy, where y is the logarithm of the softmax. */
export const logSoftmaxGradientOp: OpDefinition<NoAttributes> = rowGradientOp((y, dy, dx, start, end) => {
  let sum = 0;
  for (let i = start; i < end; i++) sum += dy[i] as number;
  for (let i = start; i < end; i++) dx[i] = (dy[i] as number) - Math.exp(y[i] as number) * sum;
});

/** log Σ exp(x) over elements start … end − 1, without overflow. */
export function logSumExp(x: NumberArray, start: number, end: number): number {
  let max = x[start] as number;
  for (let i = start + 1; i < end; i++) max = Math.max(max, x[i] as number);
  let sum = 0;
  for (let i = start; i < end; i++) sum += Math.exp((x[i] as number) - max);
  return max + Math.log(sum);
}

function rowLength(shape: readonly number[]): number {
  return shape[shape.length - 1] ?? 1;
}

function rowOp(
  row: (x: NumberArray, y: NumberArray, start: number, end: number) => void,
  gradient: Exclude<OpDefinition<NoAttributes>['gradient'], 'none'>,
): OpDefinition<NoAttributes> {
  return {
    shape: ({ inputs, where }) => {
      checkInputCount(where, inputs, 1);
      const x = inputs[0] as TensorSpec;
      checkDType(where, 'input', x, 'float32');
      return [float32(x.shape)];
    },
    gradient,
    cost: elementwiseCost(5),
    define: ({ inputs, outputs, inputShapes }) => {
      const x = inputs[0] as NumberArray;
      const length = rowLength(inputShapes[0] as readonly number[]);
      for (let start = 0; start < x.length; start += length) row(x, outputs[0] as NumberArray, start, start + length);
    },
  };
}

function rowGradientOp(
  row: (y: NumberArray, dy: NumberArray, dx: NumberArray, start: number, end: number) => void,
): OpDefinition<NoAttributes> {
  return {
    shape: ({ inputs, where }) => {
      checkInputCount(where, inputs, 2);
      const { shape } = inputs[0] as TensorSpec;
      checkShapeIs(where, 'output gradient', inputs[1] as TensorSpec, shape);
      return [float32(shape)];
    },
    gradient: 'none',
    cost: elementwiseCost(4),
    define: ({ inputs, outputs, inputShapes }) => {
      const [y, dy] = inputs as [NumberArray, NumberArray];
      const length = rowLength(inputShapes[0] as readonly number[]);
      for (let start = 0; start < y.length; start += length) {
        row(y, dy, outputs[0] as NumberArray, start, start + length);
      }
    },
  };
}
