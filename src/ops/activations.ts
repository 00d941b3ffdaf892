import { FoveaError } from '../tensor/errors.js';
import type { GradientRule, NoAttributes, OpDefinition } from './definition.js';
import { elementwiseGradientOp, elementwiseOp } from './elementwise.js';
import { erf } from './erf.js';
import type { Value } from './graph.js';

export interface LeakyReluAttributes {
  /** Slope below zero; at least 0, because the gradient op tells the two sides apart by the sign of the output. */
  readonly alpha: number;
}

export interface EluAttributes {
  /** The value far below zero is −alpha; at least 0, for the same reason. */
  readonly alpha: number;
}

export interface GeluAttributes {
  /** By tanh instead of the error function. */
  readonly approximate: boolean;
}

/** max(0, x), any shape. */
export function relu(x: Value): Value {
  return x.graph.emit('relu', [x], {})[0];
}

/**
 * x above zero, alpha · x below, any shape. The default slope is Keras 3's; PyTorch and ONNX use 0.01.
 *
 * @throws FoveaError `option` where alpha is below 0.
 */
export function leakyRelu(x: Value, alpha = 0.3): Value {
  return x.graph.emit('leakyRelu', [x], { alpha })[0];
}

/** min(6, max(0, x)), any shape. */
export function relu6(x: Value): Value {
  return x.graph.emit('relu6', [x], {})[0];
}

/**
 * x above zero, alpha · (exp(x) − 1) below, any shape (Clevert et al., 2015).
 *
 * @throws FoveaError `option` where alpha is below 0.
 */
export function elu(x: Value, alpha = 1): Value {
  return x.graph.emit('elu', [x], { alpha })[0];
}

/**
 * x · Φ(x) with the normal distribution Φ, any shape (Hendrycks and Gimpel, 2016). Exact unless `approximate` asks for
 * the tanh formula, as in Keras and PyTorch.
 */
export function gelu(x: Value, options: { readonly approximate?: boolean } = {}): Value {
  return x.graph.emit('gelu', [x], { approximate: options.approximate ?? false })[0];
}

/** x · sigmoid(x), also called swish, any shape. */
export function silu(x: Value): Value {
  return x.graph.emit('silu', [x], {})[0];
}

/** 1 / (1 + exp(−x)), any shape. */
export function sigmoid(x: Value): Value {
  return x.graph.emit('sigmoid', [x], {})[0];
}

/** Hyperbolic tangent, any shape. */
export function tanh(x: Value): Value {
  return x.graph.emit('tanh', [x], {})[0];
}

/** log(1 + exp(x)), any shape; never overflows. */
export function softplus(x: Value): Value {
  return x.graph.emit('softplus', [x], {})[0];
}

export const reluOp: OpDefinition<NoAttributes> = elementwiseOp(1, (x) => Math.max(0, x), fromOutput('reluGradient'));

/** (y, dy) → dy where y > 0, else 0. */
export const reluGradientOp: OpDefinition<NoAttributes> = elementwiseGradientOp(1, (y, dy) => (y > 0 ? dy : 0));

export const leakyReluOp: OpDefinition<LeakyReluAttributes> = elementwiseOp<LeakyReluAttributes>(
  2,
  (x, { alpha }) => (x > 0 ? x : alpha * x),
  ({ graph, outputs, dy, attributes }) => [
    graph.emit('leakyReluGradient', [outputs[0] as Value, dy[0] as Value], attributes)[0],
  ],
  checkAlpha,
);

/** (y, dy) → dy where y > 0, else alpha · dy. */
export const leakyReluGradientOp: OpDefinition<LeakyReluAttributes> = elementwiseGradientOp<LeakyReluAttributes>(
  2,
  (y, dy, { alpha }) => (y > 0 ? dy : alpha * dy),
  checkAlpha,
);

export const relu6Op: OpDefinition<NoAttributes> = elementwiseOp(
  2,
  (x) => Math.min(6, Math.max(0, x)),
  fromOutput('relu6Gradient'),
);

/** (y, dy) → dy where 0 < y < 6, else 0. */
export const relu6GradientOp: OpDefinition<NoAttributes> = elementwiseGradientOp(2, (y, dy) =>
  y > 0 && y < 6 ? dy : 0,
);

export const eluOp: OpDefinition<EluAttributes> = elementwiseOp<EluAttributes>(
  12,
  (x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x)),
  ({ graph, outputs, dy, attributes }) => [
    graph.emit('eluGradient', [outputs[0] as Value, dy[0] as Value], attributes)[0],
  ],
  checkAlpha,
);

/** (y, dy) → dy where y > 0, else (y + alpha) · dy. */
export const eluGradientOp: OpDefinition<EluAttributes> = elementwiseGradientOp<EluAttributes>(
  3,
  (y, dy, { alpha }) => (y > 0 ? dy : (y + alpha) * dy),
  checkAlpha,
);

export const geluOp: OpDefinition<GeluAttributes> = elementwiseOp<GeluAttributes>(
  25,
  (x, { approximate }) => x * (approximate ? 0.5 * (1 + Math.tanh(tanhArgument(x))) : normalDistribution(x)),
  ({ graph, inputs, dy, attributes }) => [
    graph.emit('geluGradient', [inputs[0] as Value, dy[0] as Value], attributes)[0],
  ],
);

/** (x, dy) → dy · (Φ(x) + x · φ(x)), or the derivative of the tanh formula. */
export const geluGradientOp: OpDefinition<GeluAttributes> = elementwiseGradientOp<GeluAttributes>(
  35,
  (x, dy, { approximate }) => {
    if (!approximate) return dy * (normalDistribution(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
    const t = Math.tanh(tanhArgument(x));
    const slope = Math.sqrt(2 / Math.PI) * (1 + 3 * TANH_CUBE * x * x);
    return dy * 0.5 * (1 + t + x * (1 - t * t) * slope);
  },
);

export const siluOp: OpDefinition<NoAttributes> = elementwiseOp(12, (x) => x * logistic(x), fromInput('siluGradient'));

/** (x, dy) → dy · s · (1 + x · (1 − s)) with s = sigmoid(x). */
export const siluGradientOp: OpDefinition<NoAttributes> = elementwiseGradientOp(16, (x, dy) => {
  const s = logistic(x);
  return dy * s * (1 + x * (1 - s));
});

export const sigmoidOp: OpDefinition<NoAttributes> = elementwiseOp(12, logistic, fromOutput('sigmoidGradient'));

/** (y, dy) → dy · y · (1 − y). */
export const sigmoidGradientOp: OpDefinition<NoAttributes> = elementwiseGradientOp(3, (y, dy) => dy * y * (1 - y));

export const tanhOp: OpDefinition<NoAttributes> = elementwiseOp(15, (x) => Math.tanh(x), fromOutput('tanhGradient'));

/** (y, dy) → dy · (1 − y²). */
export const tanhGradientOp: OpDefinition<NoAttributes> = elementwiseGradientOp(3, (y, dy) => dy * (1 - y * y));

export const softplusOp: OpDefinition<NoAttributes> = elementwiseOp(
  22,
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  fromInput('softplusGradient'),
);

/** (x, dy) → dy · sigmoid(x). */
export const softplusGradientOp: OpDefinition<NoAttributes> = elementwiseGradientOp(13, (x, dy) => dy * logistic(x));

const TANH_CUBE = 0.044715;

function tanhArgument(x: number): number {
  return Math.sqrt(2 / Math.PI) * (x + TANH_CUBE * x * x * x);
}

function normalDistribution(x: number): number {
  return 0.5 * (1 + erf(x * Math.SQRT1_2));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

type FromOutput = 'reluGradient' | 'relu6Gradient' | 'sigmoidGradient' | 'tanhGradient';

/** The gradient by an op that needs the activation's output. */
function fromOutput(op: FromOutput): GradientRule<NoAttributes> {
  return ({ graph, outputs, dy }) => [graph.emit(op, [outputs[0] as Value, dy[0] as Value], {})[0]];
}

/** The gradient by an op that needs the activation's input. */
function fromInput(op: 'siluGradient' | 'softplusGradient'): GradientRule<NoAttributes> {
  return ({ graph, inputs, dy }) => [graph.emit(op, [inputs[0] as Value, dy[0] as Value], {})[0]];
}

function checkAlpha(where: string, { alpha }: { readonly alpha: number }): void {
  if (alpha >= 0) return;
  throw new FoveaError('option', { where, rule: 'alpha must be at least 0', received: `alpha ${alpha}` });
}
