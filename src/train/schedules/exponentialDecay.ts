import * as v from 'valibot';
import { flag, parseOptions, real, whole } from '../../layers/options.js';
import type { Schedule } from './schedule.js';

export interface ExponentialDecayOptions {
  readonly initialLearningRate: number;
  /** Steps in which the learning rate is multiplied once by `decayRate`. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Drops at whole multiples of `decaySteps` alone. @default false */
  readonly staircase?: boolean;
}

/** `initialLearningRate · decayRate^(step / decaySteps)`, Keras's ExponentialDecay. */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const entries = {
    initialLearningRate: real(0),
    decaySteps: whole(),
    decayRate: real(0),
    staircase: v.optional(flag(), false),
  };
  const parsed = parseOptions('schedule "exponentialDecay"', entries, options);
  const { initialLearningRate, decaySteps, decayRate, staircase } = parsed;
  return {
    type: 'exponentialDecay',
    options: parsed,
    at: (step) => {
      const progress = step / decaySteps;
      return initialLearningRate * decayRate ** (staircase ? Math.floor(progress) : progress);
    },
  };
}
