import * as v from 'valibot';
import { flag, oneOf, parseOptions, real, whole } from '../../layers/options.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Callback } from './callback.js';
import { Monitor, type MonitorMode } from './monitor.js';

export interface EarlyStoppingOptions {
  /** Which number of an epoch's logs to follow. @default 'valLoss' */
  readonly monitor?: string;
  /** Epochs without progress after which training stops. @default 0 */
  readonly patience?: number;
  /** Progress by no more than this is none. @default 0 */
  readonly minDelta?: number;
  /** @default 'auto' */
  readonly mode?: MonitorMode;
  /** Puts the weights of the best epoch back at the end, however training ends. @default false */
  readonly restoreBestWeights?: boolean;
  /** Epochs before which nothing is counted. @default 0 */
  readonly startFromEpoch?: number;
}

/** Stops training when a number has not improved for some epochs; Keras's options and defaults. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const where = 'callback "earlyStopping"';
  const entries = {
    monitor: v.optional(v.string('must be a name'), 'valLoss'),
    patience: v.optional(whole(0), 0),
    minDelta: v.optional(real(0), 0),
    mode: v.optional(oneOf(['auto', 'min', 'max']), 'auto'),
    restoreBestWeights: v.optional(flag(), false),
    startFromEpoch: v.optional(whole(0), 0),
  };
  const {
    monitor: name,
    patience,
    minDelta,
    mode,
    restoreBestWeights,
    startFromEpoch,
  } = parseOptions(where, entries, options);
  const monitor = new Monitor(where, name, mode, minDelta);
  let wait = 0;
  let best: Tensor<'float32'>[] = [];
  return {
    type: 'earlyStopping',
    onTrainBegin: (run) => {
      monitor.begin(run.logNames);
      wait = 0;
      best = [];
    },
    onEpochEnd: async (run, record) => {
      if (record.epoch < startFromEpoch) return;
      const value = monitor.value(record);
      wait++;
      if (monitor.isBetter(value)) {
        monitor.best = value;
        wait = 0;
        if (restoreBestWeights) best = await run.model.getWeights();
      }
      if (wait >= patience && wait > 0) {
        run.stop(`${name} has not improved for ${wait} epoch${wait === 1 ? '' : 's'}`);
      }
    },
    onTrainEnd: async (run) => {
      if (best.length > 0) await run.replaceWeights(best);
    },
    getState: () => ({
      values: { best: monitor.best, wait, weights: best.length },
      tensors: Object.fromEntries(best.map((tensor, i) => [`${i}`, tensor])),
    }),
    setState: ({ values, tensors = {} }) => {
      monitor.best = values.best as number;
      wait = values.wait as number;
      best = Array.from({ length: values.weights as number }, (_, i) => tensors[`${i}`]).filter(
        (one) => one !== undefined,
      );
    },
  };
}
