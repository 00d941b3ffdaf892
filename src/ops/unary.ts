import { FoveaError } from '../tensor/errors.js';
import type { NoAttributes, OpDefinition } from './definition.js';
import { elementwiseGradientOp, elementwiseOp } from './elementwise.js';
import type { Value } from './graph.js';

export interface ScaleAttributes {
  readonly factor: number;
  readonly offset: number;
}

export interface ClipAttributes {
  readonly min: number;
  readonly max: number;
}

/** −x, any shape. */
export function negate(x: Value): Value {
  return x.graph.emit('negate', [x], {})[0];
}

/** e to the power of x, any shape. */
export function exp(x: Value): Value {
  return x.graph.emit('exp', [x], {})[0];
}

/** Natural logarithm, any shape; −∞ at 0, NaN below. */
export function log(x: Value): Value {
  return x.graph.emit('log', [x], {})[0];
}

/** Square root, any shape; NaN below 0. The gradient at 0 is infinite. */
export function sqrt(x: Value): Value {
  return x.graph.emit('sqrt', [x], {})[0];
}

/** x², any shape. */
export function square(x: Value): Value {
  return x.graph.emit('square', [x], {})[0];
}

/** Size without sign, any shape. The gradient at 0 is 0. */
export function abs(x: Value): Value {
  return x.graph.emit('abs', [x], {})[0];
}

/** −1, 0 or 1, any shape. Has no gradient. */
export function sign(x: Value): Value {
  return x.graph.emit('sign', [x], {})[0];
}

/** x · factor + offset with two fixed numbers, any shape. */
export function scale(x: Value, factor: number, offset = 0): Value {
  return x.graph.emit('scale', [x], { factor, offset })[0];
}

/**
 * x held within two fixed numbers, any shape. The gradient passes where min ≤ x ≤ max.
 *
 * @throws FoveaError `option` where min is above max or one is not a number.
 */
export function clip(x: Value, min: number, max: number): Value {
  return x.graph.emit('clip', [x], { min, max })[0];
}

export const negateOp: OpDefinition<NoAttributes> = elementwiseOp(
  1,
  (x) => -x,
  ({ dy }) => [negate(dy[0] as Value)],
);

export const expOp: OpDefinition<NoAttributes> = elementwiseOp(
  10,
  (x) => Math.exp(x),
  ({ graph, outputs, dy }) => [graph.emit('multiply', [dy[0] as Value, outputs[0] as Value], {})[0]],
);

export const logOp: OpDefinition<NoAttributes> = elementwiseOp(
  10,
  (x) => Math.log(x),
  ({ graph, inputs, dy }) => [graph.emit('divide', [dy[0] as Value, inputs[0] as Value], {})[0]],
);

export const sqrtOp: OpDefinition<NoAttributes> = elementwiseOp(
  1,
  (x) => Math.sqrt(x),
  ({ graph, outputs, dy }) => [graph.emit('divide', [scale(dy[0] as Value, 0.5), outputs[0] as Value], {})[0]],
);

export const squareOp: OpDefinition<NoAttributes> = elementwiseOp(
  1,
  (x) => x * x,
  ({ graph, inputs, dy }) => [graph.emit('multiply', [dy[0] as Value, scale(inputs[0] as Value, 2)], {})[0]],
);

export const absOp: OpDefinition<NoAttributes> = elementwiseOp(
  1,
  (x) => Math.abs(x),
  ({ graph, inputs, dy }) => [graph.emit('multiply', [dy[0] as Value, sign(inputs[0] as Value)], {})[0]],
);

export const signOp: OpDefinition<NoAttributes> = elementwiseOp(1, (x) => Math.sign(x), 'none');

export const scaleOp: OpDefinition<ScaleAttributes> = elementwiseOp<ScaleAttributes>(
  2,
  (x, { factor, offset }) => x * factor + offset,
  ({ dy, attributes }) => [scale(dy[0] as Value, attributes.factor)],
);

export const clipOp: OpDefinition<ClipAttributes> = elementwiseOp<ClipAttributes>(
  2,
  (x, { min, max }) => Math.min(max, Math.max(min, x)),
  ({ graph, inputs, dy, attributes }) => [
    graph.emit('clipGradient', [inputs[0] as Value, dy[0] as Value], attributes)[0],
  ],
  checkClip,
);

/** (x, dy) → dy where min ≤ x ≤ max, else 0. */
export const clipGradientOp: OpDefinition<ClipAttributes> = elementwiseGradientOp<ClipAttributes>(
  2,
  (x, dy, { min, max }) => (x >= min && x <= max ? dy : 0),
  checkClip,
);

function checkClip(where: string, { min, max }: ClipAttributes): void {
  if (min <= max) return;
  throw new FoveaError('option', { where, rule: 'min must not be above max', received: `min ${min}, max ${max}` });
}
