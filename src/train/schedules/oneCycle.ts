import * as v from 'valibot';
import { parseOptions, real, whole } from '../../layers/options.js';
import { cosine } from './cosineDecay.js';
import { type Schedule, stepsOrRun } from './schedule.js';

export interface OneCycleOptions {
  /** The learning rate at the peak. */
  readonly maxLearningRate: number;
  /** Steps of the whole cycle. @default all steps of the run */
  readonly totalSteps?: number;
  /** Share of the cycle in which the learning rate rises, 0 to 1. @default 0.3 */
  readonly pctStart?: number;
  /** The first learning rate is the highest divided by this. @default 25 */
  readonly divFactor?: number;
  /** The last learning rate is the first divided by this. @default 10000 */
  readonly finalDivFactor?: number;
}

/**
 * One rise and one longer fall, both half cosine waves (Smith and Topin, "Super-convergence", 2018); values as PyTorch's
 * OneCycleLR. The momentum stays as it is.
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const entries = {
    maxLearningRate: real(0),
    totalSteps: v.optional(whole()),
    pctStart: v.optional(real(0, 1), 0.3),
    divFactor: v.optional(real(1), 25),
    finalDivFactor: v.optional(real(1), 1e4),
  };
  const parsed = parseOptions('schedule "oneCycle"', entries, options);
  const { maxLearningRate, pctStart, divFactor, finalDivFactor } = parsed;
  const first = maxLearningRate / divFactor;
  const last = first / finalDivFactor;
  return {
    type: 'oneCycle',
    options: parsed,
    at: (step, run) => {
      const total = stepsOrRun('oneCycle', 'totalSteps', parsed.totalSteps, run.totalSteps);
      const peak = pctStart * total - 1;
      const end = Math.max(1, total - 1);
      const between = (from: number, to: number, progress: number): number => to + (from - to) * cosine(progress, 0);
      if (step <= peak) return between(first, maxLearningRate, peak <= 0 ? 1 : step / peak);
      return between(maxLearningRate, last, Math.min(1, (step - Math.max(0, peak)) / (end - Math.max(0, peak) || 1)));
    },
  };
}
