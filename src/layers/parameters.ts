import * as v from 'valibot';
import { type Activation, activationOption } from './activations.js';
import { type Constraint, constraintOption } from './constraints.js';
import { type Initializer, initializerOption } from './initializers.js';
import { flag } from './options.js';
import { type Regularizer, regularizerOption } from './regularizers.js';

/** Options of a layer that adds a bias and applies an activation. */
export interface BiasOptions {
  /** What follows the sums. @default 'linear' */
  readonly activation?: Activation;
  /** Whether one number per output channel is added. @default true */
  readonly useBias?: boolean;
  /** @default 'zeros' */
  readonly biasInitializer?: Initializer;
  readonly biasRegularizer?: Regularizer;
  readonly biasConstraint?: Constraint;
}

/** Options of a layer with a kernel. */
export interface KernelOptions extends BiasOptions {
  /** @default 'glorotUniform' */
  readonly kernelInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly kernelConstraint?: Constraint;
}

export const biasEntries = {
  activation: v.optional(activationOption(), 'linear'),
  useBias: v.optional(flag(), true),
  biasInitializer: v.optional(initializerOption(), 'zeros'),
  biasRegularizer: v.optional(regularizerOption()),
  biasConstraint: v.optional(constraintOption()),
};

export const kernelEntries = {
  ...biasEntries,
  kernelInitializer: v.optional(initializerOption(), 'glorotUniform'),
  kernelRegularizer: v.optional(regularizerOption()),
  kernelConstraint: v.optional(constraintOption()),
};
