import type { Shape, TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NumberArray, type OpDefinition } from './definition.js';

/** Throws where attributes have values that the op cannot work with. */
type AttributeCheck<A> = (where: string, attributes: A) => void;

/** An op x → y of one shape, element by element. */
export function elementwiseOp<A>(
  flops: number,
  formula: (x: number, attributes: A) => number,
  gradient: OpDefinition<A>['gradient'],
  check?: AttributeCheck<A>,
): OpDefinition<A> {
  return {
    shape: ({ inputs, attributes, where }) => {
      checkInputCount(where, inputs, 1);
      checkDType(where, 'input', inputs[0] as TensorSpec, 'float32');
      check?.(where, attributes);
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

/** An op (saved, dy) → dx of one shape, element by element, where `saved` is the input or the output of the op below. */
export function elementwiseGradientOp<A>(
  flops: number,
  formula: (saved: number, dy: number, attributes: A) => number,
  check?: AttributeCheck<A>,
): OpDefinition<A> {
  return {
    shape: ({ inputs, attributes, where }) => {
      checkInputCount(where, inputs, 2);
      const [saved, dy] = inputs as [TensorSpec, TensorSpec];
      const shape: Shape = saved.shape;
      checkDType(where, 'first input', saved, 'float32');
      checkDType(where, 'output gradient', dy, 'float32');
      checkShapeIs(where, 'output gradient', dy, shape);
      check?.(where, attributes);
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
