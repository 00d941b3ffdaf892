import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { flag, real, specOption } from './options.js';

/** Activations with their options, as plain JSON. Names and defaults are those of Keras's activation functions. */
export type ActivationSpec =
  | { readonly type: 'linear' | 'relu6' | 'silu' | 'sigmoid' | 'tanh' | 'softplus' | 'softmax' | 'logSoftmax' }
  | {
      readonly type: 'relu';
      /** Larger values become this one. @default none */
      readonly maxValue?: number | undefined;
      /** Factor of values below 0. @default 0 */
      readonly negativeSlope?: number;
    }
  | { readonly type: 'leakyRelu' /** @default 0.2 */; readonly negativeSlope?: number }
  | { readonly type: 'elu' /** @default 1 */; readonly alpha?: number }
  | { readonly type: 'gelu' /** By tanh instead of erf. @default false */; readonly approximate?: boolean };

/** What follows a layer's sums, element by element (softmax: over the last axis): a name, or a name with options. */
export type Activation = ActivationSpec['type'] | ActivationSpec;

/** The option of a layer that names an activation. */
export function activationOption() {
  return specOption<ActivationSpec>(
    {
      linear: {},
      relu: { maxValue: v.optional(real(0)), negativeSlope: v.optional(real(0), 0) },
      relu6: {},
      leakyRelu: { negativeSlope: v.optional(real(0), 0.2) },
      elu: { alpha: v.optional(real(0), 1) },
      gelu: { approximate: v.optional(flag(), false) },
      silu: {},
      sigmoid: {},
      tanh: {},
      softplus: {},
      softmax: {},
      logSoftmax: {},
    },
    true,
  );
}

/** Emits an activation: [any shape] → the same shape; 'linear' emits nothing. */
export function activate(x: Value, activation: Activation): Value {
  const { graph } = x;
  const spec: ActivationSpec = typeof activation === 'string' ? { type: activation } : activation;
  switch (spec.type) {
    case 'linear':
      return x;
    case 'relu':
      return reluWithLimits(x, spec.maxValue, spec.negativeSlope ?? 0);
    case 'leakyRelu':
      return reluWithLimits(x, undefined, spec.negativeSlope ?? 0.2);
    case 'elu':
      return graph.emit('elu', [x], { alpha: spec.alpha ?? 1 })[0];
    case 'gelu':
      return graph.emit('gelu', [x], { approximate: spec.approximate ?? false })[0];
    default:
      return graph.emit(spec.type, [x], {})[0];
  }
}

function reluWithLimits(x: Value, maxValue: number | undefined, negativeSlope: number): Value {
  const { graph } = x;
  if (negativeSlope === 0) {
    if (maxValue === undefined) return graph.emit('relu', [x], {})[0];
    if (maxValue === 6) return graph.emit('relu6', [x], {})[0];
    return graph.emit('clip', [x], { min: 0, max: maxValue })[0];
  }
  const [y] = graph.emit('leakyRelu', [x], { alpha: negativeSlope });
  return maxValue === undefined ? y : graph.emit('clip', [y], { min: -Number.MAX_VALUE, max: maxValue })[0];
}
