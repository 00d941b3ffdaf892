import * as v from 'valibot';
import type { Graph, Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { type Constraint, constraintOption } from './constraints.js';
import { type Initializer, initializerOption } from './initializers.js';
import type { WeightSpec } from './layer.js';
import { flag, type Parsed } from './options.js';
import { type Regularizer, regularizerOption } from './regularizers.js';

/** Options of a layer that multiplies by a learned γ and adds a learned β after it has normalised. */
export interface AffineOptions {
  /** Whether β is added. @default true */
  readonly center?: boolean;
  /** Whether it is multiplied by γ. @default true */
  readonly scale?: boolean;
  /** @default 'zeros' */
  readonly betaInitializer?: Initializer;
  /** @default 'ones' */
  readonly gammaInitializer?: Initializer;
  readonly betaRegularizer?: Regularizer;
  readonly gammaRegularizer?: Regularizer;
  readonly betaConstraint?: Constraint;
  readonly gammaConstraint?: Constraint;
}

export const affineEntries = {
  center: v.optional(flag(), true),
  scale: v.optional(flag(), true),
  betaInitializer: v.optional(initializerOption(), 'zeros'),
  gammaInitializer: v.optional(initializerOption(), 'ones'),
  betaRegularizer: v.optional(regularizerOption()),
  gammaRegularizer: v.optional(regularizerOption()),
  betaConstraint: v.optional(constraintOption()),
  gammaConstraint: v.optional(constraintOption()),
};

/** γ and β, as far as the options ask for them. */
export function affineSpecs(options: Parsed<typeof affineEntries>, shape: Shape): WeightSpec[] {
  const gamma: WeightSpec = {
    name: 'gamma',
    shape,
    initializer: options.gammaInitializer,
    regularizer: options.gammaRegularizer,
    constraint: options.gammaConstraint,
  };
  const beta: WeightSpec = {
    name: 'beta',
    shape,
    initializer: options.betaInitializer,
    regularizer: options.betaRegularizer,
    constraint: options.betaConstraint,
  };
  return [...(options.scale ? [gamma] : []), ...(options.center ? [beta] : [])];
}

/** γ and β as values: ones and zeros in place of those that the layer does without. */
export function affineValues(
  graph: Graph,
  options: { readonly scale: boolean; readonly center: boolean },
  shape: Shape,
  weight: (name: string) => Value,
): [gamma: Value, beta: Value] {
  const gamma = options.scale ? weight('gamma') : graph.emit('fill', [], { shape, value: 1 })[0];
  const beta = options.center ? weight('beta') : graph.emit('fill', [], { shape, value: 0 })[0];
  return [gamma, beta];
}
