import { streamKey, threefry2x32 } from '../tensor/random.js';
import type { TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NumberArray, type OpDefinition } from './definition.js';
import type { Value } from './graph.js';

export interface DropoutAttributes {
  /** Unsigned 32-bit number of this layer's random stream. */
  readonly stream: number;
  /** Whole channels are dropped: one draw per (image, channel), shared over the axes between. */
  readonly spatial: boolean;
}

export interface DropoutOptions {
  /** Share of the elements that become 0, from 0 to 1: a value [1], so that it may change between steps. */
  readonly rate: Value;
  /** int32 [3]: low and high word of the seed, and the step. */
  readonly random: Value;
  /** See `streamOf`. */
  readonly stream: number;
  readonly spatial?: boolean;
}

/**
 * Inverted dropout for training: what is kept is multiplied by 1 / (1 − rate); at inference leave it out.
 * The draw is a function of (seed, stream, step, position) alone, the same on every engine.
 *
 * Shapes: x [n, ..., c] → the same.
 */
export function dropout(x: Value, options: DropoutOptions): Value {
  const { rate, random, stream, spatial = false } = options;
  return x.graph.emit('dropout', [x, rate, random], { stream, spatial })[0];
}

export const dropoutOp: OpDefinition<DropoutAttributes> = {
  shape: ({ inputs, where }) => {
    checkInputCount(where, inputs, 3);
    const [x, rate, random] = inputs as [TensorSpec, TensorSpec, TensorSpec];
    checkDType(where, 'input', x, 'float32');
    checkDType(where, 'rate', rate, 'float32');
    checkShapeIs(where, 'rate', rate, [1]);
    checkDType(where, 'random state', random, 'int32');
    checkShapeIs(where, 'random state', random, [3]);
    return [float32(x.shape)];
  },
  gradient: ({ graph, inputs, dy, needs, attributes }) => {
    const [, rate, random] = inputs as [Value, Value, Value];
    const dx = needs[0] ? graph.emit('dropout', [dy[0] as Value, rate, random], attributes)[0] : undefined;
    return [dx, undefined, undefined];
  },
  cost: elementwiseCost(40),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, rates, random] = inputs as [NumberArray, NumberArray, NumberArray];
    const y = outputs[0] as NumberArray;
    const rate = rates[0] as number;
    const key = new Uint32Array(2);
    streamKey(random[0] as number, random[1] as number, attributes.stream, random[2] as number, key);
    const threshold = Math.floor(rate * 2 ** 32);
    const shape = inputShapes[0] as readonly number[];
    const c = shape[shape.length - 1] ?? 1;
    const perImage = x.length / (shape[0] ?? 1);
    const words = new Uint32Array(2);
    for (let i = 0; i < x.length; i++) {
      const draw = attributes.spatial ? Math.floor(i / perImage) * c + (i % c) : i;
      threefry2x32(key[0] as number, key[1] as number, Math.floor(draw / 2), 0, words);
      const kept = (words[draw & 1] as number) >= threshold;
      y[i] = kept ? (x[i] as number) / (1 - rate) : 0;
    }
  },
  inPlace: [0],
};
