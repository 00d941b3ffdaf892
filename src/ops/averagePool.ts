import { type Shape, sizeOf, type TensorSpec } from '../tensor/shape.js';
import { checkInputCount, checkRank, checkShapeIs, float32 } from './checks.js';
import { type NumberArray, type OpCall, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';
import {
  eachWindowPixel,
  type PoolAttributes,
  type PoolOptions,
  poolAttributes,
  poolOutputShape,
} from './poolWindows.js';

export interface AveragePoolAttributes extends PoolAttributes {
  /** Whether padding counts in the divisor; Keras and TensorFlow: false. */
  readonly countIncludePadding: boolean;
}

export interface AveragePoolGradientAttributes extends AveragePoolAttributes {
  /** Height and width of the pooling's input, in pixels. */
  readonly inputSize: readonly [number, number];
}

export interface AveragePoolOptions extends PoolOptions {
  /** Whether padding counts as zeros in the mean (PyTorch's default); left out it does not (Keras). */
  readonly countIncludePadding?: boolean;
}

/**
 * Mean of each window, channel by channel.
 *
 * Shapes: x [n, h, w, c] → [n, oh, ow, c].
 * @throws FoveaError `shape` where a window does not fit or lies wholly in the padding.
 */
export function averagePool(x: Value, options: AveragePoolOptions): Value {
  const { countIncludePadding = false } = options;
  const attributes = { ...poolAttributes('averagePool', x.shape, options), countIncludePadding };
  return x.graph.emit('averagePool', [x], attributes)[0];
}

export const averagePoolOp: OpDefinition<AveragePoolAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    return [float32(poolOutputShape(where, inputs[0] as TensorSpec, attributes))];
  },
  gradient: ({ graph, inputs, dy, attributes }) => {
    const [, h, w] = (inputs[0] as Value).shape as [number, number, number];
    return [graph.emit('averagePoolGradient', [dy[0] as Value], { ...attributes, inputSize: [h, w] })[0]];
  },
  cost: (call, outputs) => poolCost(call, outputs, (outputs[0] as TensorSpec).shape),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const x = inputs[0] as NumberArray;
    const y = outputs[0] as NumberArray;
    const [xShape, yShape] = [inputShapes[0] as Shape, outputShapes[0] as Shape];
    const divisors = countPixels(xShape, yShape, attributes);
    eachWindowPixel(xShape, yShape, attributes, (output, input) => {
      y[output] = (y[output] as number) + (x[input] as number) / (divisors[output] as number);
    });
  },
};

/** dy [n, oh, ow, c] → dx [n, h, w, c]: each gradient is spread evenly over its window. */
export const averagePoolGradientOp: OpDefinition<AveragePoolGradientAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    const dy = inputs[0] as TensorSpec;
    checkRank(where, 'output gradient', dy, 4, '[n, oh, ow, c]');
    const [n, , , c] = dy.shape as [number, number, number, number];
    const x = float32([n, ...attributes.inputSize, c]);
    checkShapeIs(where, 'output gradient', dy, poolOutputShape(where, x, attributes));
    return [x];
  },
  gradient: ({ graph, dy, attributes }) => {
    const { poolSize, strides, padding, dilations, countIncludePadding } = attributes;
    const pool = { poolSize, strides, padding, dilations, countIncludePadding };
    return [graph.emit('averagePool', [dy[0] as Value], pool)[0]];
  },
  cost: (call, outputs) => poolCost(call, outputs, (call.inputs[0] as TensorSpec).shape),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const dy = inputs[0] as NumberArray;
    const dx = outputs[0] as NumberArray;
    const [dxShape, dyShape] = [outputShapes[0] as Shape, inputShapes[0] as Shape];
    const divisors = countPixels(dxShape, dyShape, attributes);
    eachWindowPixel(dxShape, dyShape, attributes, (output, input) => {
      dx[input] = (dx[input] as number) + (dy[output] as number) / (divisors[output] as number);
    });
  },
};

/** What each output element's sum is divided by. */
function countPixels(x: Shape, y: Shape, attributes: AveragePoolAttributes): Float64Array {
  const counts = new Float64Array(sizeOf(y));
  const { countIncludePadding, poolSize } = attributes;
  if (countIncludePadding) return counts.fill(poolSize[0] * poolSize[1]);
  eachWindowPixel(x, y, attributes, (output) => {
    counts[output] = (counts[output] as number) + 1;
  });
  return counts;
}

function poolCost({ inputs, attributes }: OpCall<AveragePoolAttributes>, outputs: readonly TensorSpec[], y: Shape) {
  const { poolSize } = attributes;
  return { flops: sizeOf(y) * poolSize[0] * poolSize[1], bytes: trafficBytes(inputs, outputs) };
}
