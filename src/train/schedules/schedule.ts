import type { JsonObject } from '../../layers/json.js';
import { FoveaError } from '../../tensor/errors.js';

/** How long a training run is, as far as it is known: an endless stream of batches has no number of steps. */
export interface RunLength {
  /** Steps of the whole run, from the first epoch to the last. */
  readonly totalSteps?: number;
  readonly stepsPerEpoch?: number;
}

/** A learning rate as a function of the step alone, so that a resumed run continues exactly. */
export interface Schedule {
  /** Which schedule: `cosineDecay`. */
  readonly type: string;
  /** What would make it again; plain JSON. */
  readonly options: JsonObject;
  /** The learning rate of step 0, 1, 2 … */
  at(step: number, run: RunLength): number;
}

/** A fixed number, a schedule, or a function of the step (which cannot be written as JSON). */
export type LearningRate = number | Schedule | ((step: number) => number);

/**
 * The learning rate of one step.
 *
 * @throws FoveaError `option` where it comes out negative, NaN or infinite.
 */
export function learningRateAt(learningRate: LearningRate, step: number, run: RunLength = {}): number {
  let lr: number;
  if (typeof learningRate === 'number') lr = learningRate;
  else if (typeof learningRate === 'function') lr = learningRate(step);
  else lr = learningRate.at(step, run);
  if (!(lr >= 0 && lr < Number.POSITIVE_INFINITY)) {
    throw new FoveaError('option', {
      where: 'learning rate',
      rule: 'it must be a finite number of at least 0 at every step',
      received: `${lr} at step ${step}`,
      data: { step, learningRate: lr },
    });
  }
  return lr;
}

/** The number of steps that a schedule was given, else that of the run. */
export function stepsOrRun(type: string, option: string, given: number | undefined, run: number | undefined): number {
  const steps = given ?? run;
  if (steps === undefined) {
    throw new FoveaError('option', {
      where: `schedule "${type}"`,
      rule: 'the length of this run is not known beforehand',
      remedy: `Give the schedule the option ${option}`,
      data: { option },
    });
  }
  return steps;
}
