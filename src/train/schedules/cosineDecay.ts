import * as v from 'valibot';
import { parseOptions, real, whole } from '../../layers/options.js';
import { type Schedule, stepsOrRun } from './schedule.js';
import { warmUp } from './warmUp.js';

export interface CosineDecayOptions {
  /** The first learning rate; where there is a warm-up, the one that it starts from. */
  readonly initialLearningRate: number;
  /** Steps from the highest learning rate to the lowest. @default what is left of the run after the warm-up */
  readonly decaySteps?: number;
  /** The lowest learning rate, as a share of the highest. @default 0 */
  readonly alpha?: number;
  /** The learning rate at the end of the warm-up. @default initialLearningRate */
  readonly warmupTarget?: number;
  /** Steps in which the learning rate rises in a straight line to `warmupTarget`. @default 0 */
  readonly warmupSteps?: number;
}

/** Half a cosine wave from the highest learning rate to the lowest, after a warm-up; Keras's CosineDecay. */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const entries = {
    initialLearningRate: real(0),
    decaySteps: v.optional(whole()),
    alpha: v.optional(real(0), 0),
    warmupTarget: v.optional(real(0)),
    warmupSteps: v.optional(whole(0), 0),
  };
  const parsed = parseOptions('schedule "cosineDecay"', entries, options);
  const { initialLearningRate, alpha, warmupSteps } = parsed;
  const highest = parsed.warmupTarget ?? initialLearningRate;
  return {
    type: 'cosineDecay',
    options: parsed,
    at: (step, run) => {
      if (step < warmupSteps) return warmUp(step, warmupSteps, initialLearningRate, highest);
      const left = run.totalSteps === undefined ? undefined : Math.max(1, run.totalSteps - warmupSteps);
      const decaySteps = stepsOrRun('cosineDecay', 'decaySteps', parsed.decaySteps, left);
      return highest * cosine(Math.min(1, (step - warmupSteps) / decaySteps), alpha);
    },
  };
}

/** 1 at progress 0, `alpha` at progress 1, half a cosine wave between. */
export function cosine(progress: number, alpha: number): number {
  return (1 - alpha) * 0.5 * (1 + Math.cos(Math.PI * progress)) + alpha;
}
