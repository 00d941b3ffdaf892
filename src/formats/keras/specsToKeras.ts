import type { ActivationSpec } from '../../layers/activations.js';
import type { Json, JsonObject } from '../../layers/json.js';
import { activationNames, initializerNames } from './activationNames.js';

type Spec = { readonly type: string } & JsonObject;

/** A thing as Keras 3 describes it: where its class is, the class, its options. */
export function kerasObject(module: string, className: string, config: JsonObject): JsonObject {
  return { module, class_name: className, config, registered_name: null };
}

function specOf(value: Json | undefined): Spec {
  return (typeof value === 'string' ? { type: value } : value) as Spec;
}

/** An initialiser with its options. Keras draws by seeds of its own, so none is written. */
export function initializerToKeras(value: Json | undefined): JsonObject {
  const { type, ...options } = specOf(value);
  const make = (className: string, config: JsonObject): JsonObject =>
    kerasObject('keras.initializers', className, config);
  const plain = Object.entries(initializerNames).find(([, ours]) => ours === type)?.[0];
  if (plain !== undefined) return make(plain, type === 'zeros' || type === 'ones' ? {} : { seed: null });
  switch (type) {
    case 'constant':
      return make('Constant', { value: options.value ?? 0 });
    case 'randomNormal':
    case 'truncatedNormal': {
      const config = { mean: options.mean ?? 0, stddev: options.standardDeviation ?? 0.05, seed: null };
      return make(type === 'randomNormal' ? 'RandomNormal' : 'TruncatedNormal', config);
    }
    case 'randomUniform':
      return make('RandomUniform', { minval: options.min ?? -0.05, maxval: options.max ?? 0.05, seed: null });
    case 'orthogonal':
      return make('Orthogonal', { gain: options.gain ?? 1, seed: null });
    default:
      return make('Identity', { gain: options.gain ?? 1 });
  }
}

export function regularizerToKeras(value: Json | undefined): JsonObject | null {
  if (value === undefined) return null;
  const { type, l1 = 0, l2 = 0 } = specOf(value);
  if (type === 'l1') return kerasObject('keras.regularizers', 'L1', { l1 });
  return type === 'l2'
    ? kerasObject('keras.regularizers', 'L2', { l2 })
    : kerasObject('keras.regularizers', 'L1L2', { l1, l2 });
}

export function constraintToKeras(value: Json | undefined): JsonObject | null {
  if (value === undefined) return null;
  const { type, axis = 0, minValue = 0, maxValue, rate = 1 } = specOf(value);
  const make = (className: string, config: JsonObject): JsonObject =>
    kerasObject('keras.constraints', className, config);
  switch (type) {
    case 'nonNegative':
      return make('NonNeg', {});
    case 'maxNorm':
      return make('MaxNorm', { max_value: maxValue ?? 2, axis });
    case 'unitNorm':
      return make('UnitNorm', { axis });
    default:
      return make('MinMaxNorm', { min_value: minValue, max_value: maxValue ?? 1, rate, axis });
  }
}

/** An activation as a name of Keras's, or where it has options that a name does not have, as a layer: class and options. */
export type KerasActivation =
  | { readonly name: string }
  | { readonly className: string; readonly config: JsonObject }
  | undefined;

/** undefined where Keras has neither. */
export function activationToKeras(value: Json | undefined): KerasActivation {
  const spec = specOf(value ?? 'linear') as ActivationSpec;
  const name = Object.entries(activationNames).find(([, ours]) => ours === spec.type)?.[0] as string;
  switch (spec.type) {
    case 'relu': {
      const { maxValue, negativeSlope = 0 } = spec;
      if (maxValue === undefined && negativeSlope === 0) return { name };
      if (maxValue === 6 && negativeSlope === 0) return { name: 'relu6' };
      const config = { max_value: maxValue ?? null, negative_slope: negativeSlope, threshold: 0 };
      return { className: 'ReLU', config };
    }
    case 'leakyRelu': {
      const { negativeSlope = 0.2 } = spec;
      return negativeSlope === 0.2 ? { name } : { className: 'LeakyReLU', config: { negative_slope: negativeSlope } };
    }
    case 'elu':
      return (spec.alpha ?? 1) === 1 ? { name } : { className: 'ELU', config: { alpha: spec.alpha as number } };
    case 'gelu':
      return spec.approximate === true ? undefined : { name };
    default:
      return { name };
  }
}
