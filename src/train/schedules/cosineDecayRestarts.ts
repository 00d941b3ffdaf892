import * as v from 'valibot';
import { parseOptions, real, whole } from '../../layers/options.js';
import { cosine } from './cosineDecay.js';
import type { Schedule } from './schedule.js';
import { warmUp } from './warmUp.js';

export interface CosineDecayRestartsOptions {
  /** The first learning rate; where there is a warm-up, the one that it starts from. */
  readonly initialLearningRate: number;
  /** Steps of the first period. */
  readonly firstDecaySteps: number;
  /** Each period is so many times as long as the one before. @default 2 */
  readonly tMul?: number;
  /** Each period starts at this share of the one before. @default 1 */
  readonly mMul?: number;
  /** The lowest learning rate, as a share of the highest. @default 0 */
  readonly alpha?: number;
  /** The learning rate at the end of the warm-up. @default initialLearningRate */
  readonly warmupTarget?: number;
  /** Steps in which the learning rate rises in a straight line to `warmupTarget`, before the first period. @default 0 */
  readonly warmupSteps?: number;
}

/**
 * Half cosine waves that begin anew (Loshchilov and Hutter, "SGDR", 2017); Keras's CosineDecayRestarts, with the warm-up
 * of its CosineDecay.
 */
export function cosineDecayRestarts(options: CosineDecayRestartsOptions): Schedule {
  const entries = {
    initialLearningRate: real(0),
    firstDecaySteps: whole(),
    tMul: v.optional(real(1), 2),
    mMul: v.optional(real(0), 1),
    alpha: v.optional(real(0), 0),
    warmupTarget: v.optional(real(0)),
    warmupSteps: v.optional(whole(0), 0),
  };
  const parsed = parseOptions('schedule "cosineDecayRestarts"', entries, options);
  const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, warmupSteps } = parsed;
  const highest = parsed.warmupTarget ?? initialLearningRate;
  return {
    type: 'cosineDecayRestarts',
    options: parsed,
    at: (step) => {
      if (step < warmupSteps) return warmUp(step, warmupSteps, initialLearningRate, highest);
      let left = step - warmupSteps;
      let period = firstDecaySteps;
      let peak = highest;
      while (left >= period) {
        left -= period;
        period *= tMul;
        peak *= mMul;
      }
      return peak * cosine(left / period, alpha);
    },
  };
}
