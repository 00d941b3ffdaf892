import type { Shape, TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NoAttributes, type NumberArray, type OpDefinition } from './definition.js';
import type { Value } from './graph.js';

/** max(0, x), any shape. */
export function relu(x: Value): Value {
  return x.graph.emit('relu', [x], {})[0];
}

export const reluOp = activationOp<NoAttributes>(
  1,
  (x) => Math.max(0, x),
  ({ graph, outputs, dy }) => [graph.emit('reluGradient', [outputs[0] as Value, dy[0] as Value], {})[0]],
);

/** (y, dy) → dy where y > 0, else 0. */
export const reluGradientOp = activationGradientOp<NoAttributes>(1, (y, dy) => (y > 0 ? dy : 0));

/** An op x → y of one shape, element by element. */
function activationOp<A>(
  flops: number,
  formula: (x: number, attributes: A) => number,
  gradient: Exclude<OpDefinition<A>['gradient'], 'none'>,
): OpDefinition<A> {
  return {
    shape: ({ inputs, where }) => {
      checkInputCount(where, inputs, 1);
      checkDType(where, 'input', inputs[0] as TensorSpec, 'float32');
      return [float32((inputs[0] as TensorSpec).shape)];
    },
    gradient,
    cost: elementwiseCost(flops),
    define: ({ inputs, outputs, attributes }) => {
      const x = inputs[0] as NumberArray;
      const y = outputs[0] as NumberArray;
      for (let i = 0; i < x.length; i++) y[i] = formula(x[i] as number, attributes);
    },
    inPlace: [0],
  };
}

/** An op (saved, dy) → dx of one shape, element by element, where `saved` is the activation's input or its output. */
function activationGradientOp<A>(
  flops: number,
  formula: (saved: number, dy: number, attributes: A) => number,
): OpDefinition<A> {
  return {
    shape: ({ inputs, where }) => {
      checkInputCount(where, inputs, 2);
      const shape: Shape = (inputs[0] as TensorSpec).shape;
      checkShapeIs(where, 'output gradient', inputs[1] as TensorSpec, shape);
      return [float32(shape)];
    },
    gradient: 'none',
    cost: elementwiseCost(flops),
    define: ({ inputs, outputs, attributes }) => {
      const [saved, dy] = inputs as [NumberArray, NumberArray];
      const dx = outputs[0] as NumberArray;
      for (let i = 0; i < dx.length; i++) dx[i] = formula(saved[i] as number, dy[i] as number, attributes);
    },
    inPlace: [0, 1],
  };
}
