import { FoveaError } from '../tensor/errors.js';
import { formatShape, type TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkRank, checkShapeIs, float32, int32 } from './checks.js';
import {
  type Cost,
  type NoAttributes,
  type NumberArray,
  type OpCall,
  type OpDefinition,
  trafficBytes,
} from './definition.js';
import type { Value } from './graph.js';
import {
  eachWindowPixel,
  type PoolAttributes,
  type PoolOptions,
  poolAttributes,
  poolOutputShape,
} from './poolWindows.js';

export type MaxPoolAttributes = PoolAttributes;

export interface MaxPoolGradientAttributes {
  /** Height and width of the pooling's input, in pixels. */
  readonly inputSize: readonly [number, number];
}

export interface MaxUnpoolAttributes {
  /** Height and width of the result, in pixels. */
  readonly outputSize: readonly [number, number];
}

/**
 * Largest value of each window, channel by channel. Padding never wins; a NaN in the window does.
 *
 * Shapes: x [n, h, w, c] → [n, oh, ow, c].
 * @throws FoveaError `shape` where a window does not fit or lies wholly in the padding.
 */
export function maxPool(x: Value, options: PoolOptions): Value {
  return x.graph.emit('maxPool', [x], poolAttributes('maxPool', x.shape, options))[0];
}

/** x → [y, switches]: a switch is the pixel number iy · w + ix of the first maximum in scan order, as PyTorch's. */
export const maxPoolOp: OpDefinition<MaxPoolAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 1);
    const shape = poolOutputShape(where, inputs[0] as TensorSpec, attributes);
    return [float32(shape), int32(shape)];
  },
  gradient: ({ graph, inputs, outputs, dy }) => {
    if (dy[0] === undefined) return [undefined];
    const [, h, w] = (inputs[0] as Value).shape as [number, number, number];
    return [graph.emit('maxPoolGradient', [dy[0], outputs[1] as Value], { inputSize: [h, w] })[0]];
  },
  cost: ({ inputs, attributes }, outputs) => {
    const positions = (outputs[0] as TensorSpec).shape.reduce((product, size) => product * size, 1);
    const { poolSize } = attributes;
    return { flops: positions * poolSize[0] * poolSize[1], bytes: trafficBytes(inputs, outputs) };
  },
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const x = inputs[0] as NumberArray;
    const [y, switches] = outputs as [NumberArray, NumberArray];
    switches.fill(-1);
    const [xShape, yShape] = [inputShapes[0] as readonly number[], outputShapes[0] as readonly number[]];
    eachWindowPixel(xShape, yShape, attributes, (output, input, pixel) => {
      const value = x[input] as number;
      const best = y[output] as number;
      const isNew = switches[output] === -1;
      if (isNew || value > best || (Number.isNaN(value) && !Number.isNaN(best))) {
        y[output] = value;
        switches[output] = pixel;
      }
    });
  },
};

/** (dy [n, oh, ow, c], switches) → dx [n, h, w, c]: each gradient is added to the pixel its switch names. */
export const maxPoolGradientOp: OpDefinition<MaxPoolGradientAttributes> = {
  shape: ({ inputs, attributes, where }) => [scatterShape(where, inputs, attributes.inputSize)],
  gradient: gatherGradient,
  cost: switchCost,
  define: ({ inputs, outputs, inputShapes, outputShapes }) => {
    const [dy, switches] = inputs as [NumberArray, NumberArray];
    const dx = outputs[0] as NumberArray;
    eachSwitch(switches, inputShapes[1], outputShapes[0], (small, large) => {
      dx[large] = (dx[large] as number) + (dy[small] as number);
    });
  },
};

/**
 * (x [n, oh, ow, c], switches) → [n, h, w, c]: each value is put where its switch points, 0 elsewhere; where windows
 * overlap and several point to one pixel, the last in scan order is kept. Its gradient is exact where none do.
 */
export const maxUnpoolOp: OpDefinition<MaxUnpoolAttributes> = {
  shape: ({ inputs, attributes, where }) => [scatterShape(where, inputs, attributes.outputSize)],
  gradient: gatherGradient,
  cost: switchCost,
  define: ({ inputs, outputs, inputShapes, outputShapes }) => {
    const [x, switches] = inputs as [NumberArray, NumberArray];
    const y = outputs[0] as NumberArray;
    eachSwitch(switches, inputShapes[1], outputShapes[0], (small, large) => {
      y[large] = x[small] as number;
    });
  },
};

/** (x [n, h, w, c], switches [n, oh, ow, c]) → [n, oh, ow, c]: the value at the pixel that each switch names. */
export const gatherSwitchesOp: OpDefinition<NoAttributes> = {
  shape: ({ inputs, where }) => {
    checkInputCount(where, inputs, 2);
    const [x, switches] = inputs as [TensorSpec, TensorSpec];
    checkRank(where, 'input', x, 4, '[n, h, w, c]');
    checkSwitches(where, switches);
    const [n, , , c] = x.shape as [number, number, number, number];
    const [, oh, ow] = switches.shape as [number, number, number];
    checkShapeIs(where, 'switches', switches, [n, oh, ow, c]);
    return [float32(switches.shape)];
  },
  gradient: ({ graph, inputs, dy }) => {
    const [, h, w] = (inputs[0] as Value).shape as [number, number, number];
    const switches = inputs[1] as Value;
    return [graph.emit('maxPoolGradient', [dy[0] as Value, switches], { inputSize: [h, w] })[0], undefined];
  },
  cost: switchCost,
  define: ({ inputs, outputs, inputShapes }) => {
    const [x, switches] = inputs as [NumberArray, NumberArray];
    const y = outputs[0] as NumberArray;
    eachSwitch(switches, inputShapes[1], inputShapes[0], (small, large) => {
      y[small] = x[large] as number;
    });
  },
};

function gatherGradient({
  graph,
  inputs,
  dy,
}: {
  readonly graph: Value['graph'];
  readonly inputs: readonly Value[];
  readonly dy: readonly (Value | undefined)[];
}): (Value | undefined)[] {
  return [graph.emit('gatherSwitches', [dy[0] as Value, inputs[1] as Value], {})[0], undefined];
}

function scatterShape(where: string, inputs: readonly TensorSpec[], size: readonly [number, number]): TensorSpec {
  checkInputCount(where, inputs, 2);
  const [small, switches] = inputs as [TensorSpec, TensorSpec];
  checkSwitches(where, switches);
  checkShapeIs(where, 'input', small, switches.shape);
  const [n, , , c] = switches.shape as [number, number, number, number];
  if (!size.every((pixels) => Number.isInteger(pixels) && pixels >= 1)) {
    const rule = 'height and width must be whole numbers of at least 1';
    throw new FoveaError('shape', { where, rule, received: formatShape(size) });
  }
  return float32([n, ...size, c]);
}

function checkSwitches(where: string, switches: TensorSpec): void {
  checkRank(where, 'switches', switches, 4, '[n, oh, ow, c]');
  checkDType(where, 'switches', switches, 'int32');
}

function switchCost(call: OpCall<unknown>, outputs: readonly TensorSpec[]): Cost {
  const positions = (call.inputs[1] as TensorSpec).shape.reduce((product, size) => product * size, 1);
  return { flops: positions, bytes: trafficBytes(call.inputs, outputs) };
}

/** Calls `visit` with the flat index of each switch and of the element in the large array that it points to. */
function eachSwitch(
  switches: NumberArray,
  small: readonly number[] | undefined,
  large: readonly number[] | undefined,
  visit: (small: number, large: number) => void,
): void {
  const [, oh, ow, c] = small as [number, number, number, number];
  const [, h, w] = large as [number, number, number];
  for (let i = 0; i < switches.length; i++) {
    const image = Math.floor(i / (oh * ow * c));
    visit(i, (image * h * w + (switches[i] as number)) * c + (i % c));
  }
}
