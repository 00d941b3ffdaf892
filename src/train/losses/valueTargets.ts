import { FoveaError } from '../../tensor/errors.js';
import { formatShape, type Shape, sameShape, sizeOf, type TensorSpec } from '../../tensor/shape.js';

/** Targets with one number for each output: float32 of the output's shape. [n] suits an output [n, 1]. */
export function valueTarget(where: string, given: TensorSpec, output: Shape): TensorSpec {
  const flat = given.shape.length === 1 && sizeOf(given.shape) === sizeOf(output);
  if (flat || sameShape(given.shape, output)) return { shape: output, dtype: 'float32' };
  throw new FoveaError('shape', {
    where,
    rule: `targets must have the output's shape ${formatShape(output)}`,
    received: `${given.dtype} ${formatShape(given.shape)}`,
    remedy:
      given.dtype === 'int32'
        ? 'Use categoricalCrossentropy for class indices'
        : 'Check the last layer and the targets',
    data: { targets: given.shape, output },
  });
}
