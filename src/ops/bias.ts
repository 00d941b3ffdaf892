import { FoveaError } from '../tensor/errors.js';
import { formatShape, type TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NoAttributes, type NumberArray, type OpDefinition } from './definition.js';
import type { Value } from './graph.js';

/**
 * Adds one number per channel.
 *
 * Shapes: x [..., c], b [c] → [..., c].
 * @throws FoveaError `shape` where b has not one number for each channel.
 */
export function bias(x: Value, b: Value): Value {
  return x.graph.emit('bias', [x, b], {})[0];
}

export const biasOp: OpDefinition<NoAttributes> = {
  shape: ({ inputs, where }) => {
    checkInputCount(where, inputs, 2);
    const [x, b] = inputs as [TensorSpec, TensorSpec];
    checkDType(where, 'input', x, 'float32');
    checkDType(where, 'bias', b, 'float32');
    const channels = x.shape.at(-1);
    if (channels === undefined) {
      const rule = 'the input needs at least one axis, the channels';
      throw new FoveaError('shape', { where, rule, received: `input ${formatShape(x.shape)}` });
    }
    checkShapeIs(where, 'bias', b, [channels]);
    return [float32(x.shape)];
  },
  gradient: ({ graph, inputs, dy, needs }) => {
    const g = dy[0] as Value;
    const axes = (inputs[0] as Value).shape.map((_, axis) => axis).slice(0, -1);
    return [g, needs[1] ? graph.emit('sum', [g], { axes, keepDims: false })[0] : undefined];
  },
  cost: elementwiseCost(1),
  define: ({ inputs, outputs }) => {
    const [x, b] = inputs as [NumberArray, NumberArray];
    const y = outputs[0] as NumberArray;
    for (let i = 0; i < y.length; i++) y[i] = (x[i] as number) + (b[i % b.length] as number);
  },
  inPlace: [0],
};
