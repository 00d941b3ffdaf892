import * as v from 'valibot';
import { parseOptions, real, whole } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { type Schedule, stepsOrRun } from './schedule.js';

export interface StepDecayOptions {
  /** The learning rate at the beginning. */
  readonly learningRate: number;
  /** What the learning rate is multiplied with each time. @default 0.1 */
  readonly factor?: number;
  /** Steps between two drops. Give this or `everyEpochs`. */
  readonly everySteps?: number;
  /** Epochs between two drops. */
  readonly everyEpochs?: number;
}

/** `learningRate · factor^⌊step / every⌋`: a drop at fixed distances (PyTorch's StepLR). */
export function stepDecay(options: StepDecayOptions): Schedule {
  const where = 'schedule "stepDecay"';
  const entries = {
    learningRate: real(0),
    factor: v.optional(real(0), 0.1),
    everySteps: v.optional(whole()),
    everyEpochs: v.optional(whole()),
  };
  const parsed = parseOptions(where, entries, options);
  const { learningRate, factor, everySteps, everyEpochs } = parsed;
  if ((everySteps === undefined) === (everyEpochs === undefined)) {
    throw new FoveaError('option', {
      where,
      rule: 'give either everySteps or everyEpochs',
      received: everySteps === undefined ? 'neither' : 'both',
    });
  }
  return {
    type: 'stepDecay',
    options: parsed,
    at: (step, run) => {
      const every =
        everySteps ?? (everyEpochs ?? 1) * stepsOrRun('stepDecay', 'everySteps', undefined, run.stepsPerEpoch);
      return learningRate * factor ** Math.floor(step / every);
    },
  };
}
