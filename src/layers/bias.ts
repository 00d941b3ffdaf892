import type { Value } from '../ops/graph.js';
import { type Activation, activate } from './activations.js';
import type { Constraint } from './constraints.js';
import type { Initializer } from './initializers.js';
import type { WeightSpec } from './layer.js';
import type { Regularizer } from './regularizers.js';

/** The parts of a layer's options that its bias comes from. */
interface BiasParts {
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly biasInitializer: Initializer;
  readonly biasRegularizer?: Regularizer | undefined;
  readonly biasConstraint?: Constraint | undefined;
}

/** The bias as a list of one weight, or none where the layer has no bias. */
export function biasSpecs(options: BiasParts, channels: number): WeightSpec[] {
  if (!options.useBias) return [];
  return [
    {
      name: 'bias',
      shape: [channels],
      initializer: options.biasInitializer,
      regularizer: options.biasRegularizer,
      constraint: options.biasConstraint,
    },
  ];
}

/** Adds the bias, where there is one, and applies the activation. */
export function finish(y: Value, bias: Value | undefined, activation: Activation): Value {
  return activate(bias === undefined ? y : y.graph.emit('bias', [y, bias], {})[0], activation);
}
