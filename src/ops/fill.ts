import { checkShape, type Shape, sizeOf } from '../tensor/shape.js';
import { float32 } from './checks.js';
import type { NumberArray, OpDefinition } from './definition.js';

export interface FillAttributes {
  readonly shape: Shape;
  readonly value: number;
}

/** No inputs → an array of the given shape, every element the same number. */
export const fillOp: OpDefinition<FillAttributes> = {
  shape: ({ attributes, where }) => {
    checkShape(where, attributes.shape);
    return [float32(attributes.shape)];
  },
  gradient: 'none',
  cost: ({ attributes }) => ({ flops: 0, bytes: 4 * sizeOf(attributes.shape) }),
  define: ({ outputs, attributes }) => {
    (outputs[0] as NumberArray).fill(attributes.value);
  },
};
