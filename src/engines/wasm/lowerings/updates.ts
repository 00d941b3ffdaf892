import type { AttributesOf, OpName } from '../../../ops/table.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { chunks, floatBits, type KernelName, type Lowering, type LoweringTable } from '../lowering.js';

/** The kernel that an update takes with these attributes, and its parameters a to d. */
type Choice<K extends OpName> = (attributes: AttributesOf<K>) => readonly [kernel: KernelName, ...parameters: number[]];

function update<K extends OpName>(choose: Choice<K>): Lowering<K> {
  return {
    lower: ({ inputs, outputs, outputShapes, attributes }) => {
      const size = sizeOf(outputShapes[0] as Shape);
      const [w, dw, hyper, gradientScale, state = 0, state2 = 0] = inputs as [
        number,
        number,
        number,
        number,
        ...number[],
      ];
      const [newW, newState = 0, newState2 = 0] = outputs as [number, ...number[]];
      const [kernel, a = 0, b = 0, c = 0, d = 0] = choose(attributes);
      const words = [w, dw, hyper, gradientScale, newW, size, state, newState, state2, newState2];
      return [{ kernel, items: chunks(size), words: [...words, ...[a, b, c, d].map(floatBits)] }];
    },
  };
}

type UpdateOp =
  | ('sgdUpdate' | 'momentumUpdate' | 'rmspropUpdate' | 'rmspropMomentumUpdate')
  | ('adamUpdate' | 'movingAverage');

/** Optimizer steps and running statistics: one pass over memory. */
export const updateLowerings: Pick<LoweringTable, UpdateOp> = {
  sgdUpdate: update(() => ['sgdUpdate']),
  momentumUpdate: update<'momentumUpdate'>(({ momentum, nesterov }) => [
    nesterov ? 'nesterovUpdate' : 'momentumUpdate',
    momentum,
  ]),
  rmspropUpdate: update<'rmspropUpdate'>(({ rho, epsilon }) => ['rmspropUpdate', rho, 1 - rho, epsilon]),
  rmspropMomentumUpdate: update<'rmspropMomentumUpdate'>(({ rho, epsilon, momentum }) => [
    'rmspropMomentumUpdate',
    rho,
    1 - rho,
    epsilon,
    momentum,
  ]),
  adamUpdate: update<'adamUpdate'>(({ beta1, beta2, epsilon }) => ['adamUpdate', 1 - beta1, 1 - beta2, epsilon]),
  movingAverage: {
    lower: ({ inputs, outputs, outputShapes, attributes: { momentum } }) => {
      const size = sizeOf(outputShapes[0] as Shape);
      const [old, next] = inputs as readonly [number, number];
      const words = [old, next, outputs[0] as number, size, floatBits(momentum), floatBits(1 - momentum)];
      return [{ kernel: 'movingAverage', items: chunks(size), words }];
    },
  },
};
