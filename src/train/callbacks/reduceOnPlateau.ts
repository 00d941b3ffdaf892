import * as v from 'valibot';
import { oneOf, parseOptions, real, whole } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import type { Callback } from './callback.js';
import { Monitor, type MonitorMode } from './monitor.js';

export interface ReduceOnPlateauOptions {
  /** Which number of an epoch's logs to follow. @default 'valLoss' */
  readonly monitor?: string;
  /** What the learning rate is multiplied with, less than 1. @default 0.1 */
  readonly factor?: number;
  /** Epochs without progress after which the learning rate is lowered. @default 10 */
  readonly patience?: number;
  /** @default 'auto' */
  readonly mode?: MonitorMode;
  /** Progress by no more than this is none. @default 1e-4 */
  readonly minDelta?: number;
  /** Epochs after a reduction in which nothing is counted. @default 0 */
  readonly cooldown?: number;
  /** The learning rate never goes below this. @default 0 */
  readonly minLearningRate?: number;
}

/** Lowers the learning rate when a number stops improving; Keras's options and defaults. */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  const where = 'callback "reduceOnPlateau"';
  const entries = {
    monitor: v.optional(v.string('must be a name'), 'valLoss'),
    factor: v.optional(real(0, 0.999999), 0.1),
    patience: v.optional(whole(0), 10),
    mode: v.optional(oneOf(['auto', 'min', 'max']), 'auto'),
    minDelta: v.optional(real(0), 1e-4),
    cooldown: v.optional(whole(0), 0),
    minLearningRate: v.optional(real(0), 0),
  };
  const parsed = parseOptions(where, entries, options);
  const monitor = new Monitor(where, parsed.monitor, parsed.mode, parsed.minDelta);
  let wait = 0;
  let cooling = 0;
  return {
    type: 'reduceOnPlateau',
    onTrainBegin: (run) => {
      monitor.begin(run.logNames);
      wait = 0;
      cooling = 0;
      if (typeof run.optimizer.learningRate === 'number') return;
      throw new FoveaError('option', {
        where,
        rule: 'it needs a learning rate that is a number',
        received: 'a schedule',
        remedy: 'Use one of the two',
      });
    },
    onEpochEnd: (run, record) => {
      const value = monitor.value(record);
      if (cooling > 0) {
        cooling--;
        wait = 0;
      }
      if (monitor.isBetter(value)) {
        monitor.best = value;
        wait = 0;
        return;
      }
      if (cooling > 0) return;
      wait++;
      const { learningRate } = run.optimizer;
      if (wait < parsed.patience || typeof learningRate !== 'number') return;
      run.optimizer.learningRate = Math.max(learningRate * parsed.factor, parsed.minLearningRate);
      cooling = parsed.cooldown;
      wait = 0;
    },
    getState: () => ({ values: { best: monitor.best, wait, cooling } }),
    setState: ({ values }) => {
      monitor.best = values.best as number;
      wait = values.wait as number;
      cooling = values.cooling as number;
    },
  };
}
