import * as v from 'valibot';
import { flag, oneOf, parseOptions, whole } from '../../layers/options.js';
import type { EpochRecord } from '../history.js';
import type { Callback, TrainingRun } from './callback.js';
import { Monitor, type MonitorMode } from './monitor.js';

export interface ModelCheckpointOptions {
  /** Which number of an epoch's logs to follow. @default 'valLoss' */
  readonly monitor?: string;
  /** @default 'auto' */
  readonly mode?: MonitorMode;
  /** Saves only where the number is the best so far. @default true */
  readonly saveBestOnly?: boolean;
  /** Epochs between two looks. @default 1 */
  readonly everyEpochs?: number;
}

/**
 * Hands the model over to be saved: after each epoch that is the best so far, or after every so many. To continue an
 * interrupted run use the option `checkpoint` of `fit`, which keeps the optimizer's memory and the place as well.
 */
export function modelCheckpoint(
  save: (run: TrainingRun, record: EpochRecord) => void | Promise<void>,
  options: ModelCheckpointOptions = {},
): Callback {
  const where = 'callback "modelCheckpoint"';
  const entries = {
    monitor: v.optional(v.string('must be a name'), 'valLoss'),
    mode: v.optional(oneOf(['auto', 'min', 'max']), 'auto'),
    saveBestOnly: v.optional(flag(), true),
    everyEpochs: v.optional(whole(), 1),
  };
  const { monitor: name, mode, saveBestOnly, everyEpochs } = parseOptions(where, entries, options);
  const monitor = new Monitor(where, name, mode, 0);
  return {
    type: 'modelCheckpoint',
    onTrainBegin: (run) => {
      if (saveBestOnly) monitor.begin(run.logNames);
    },
    onEpochEnd: async (run, record) => {
      if ((record.epoch + 1) % everyEpochs !== 0) return;
      if (saveBestOnly) {
        const value = monitor.value(record);
        if (!monitor.isBetter(value)) return;
        monitor.best = value;
      }
      await save(run, record);
    },
    getState: () => ({ values: { best: monitor.best } }),
    setState: ({ values }) => {
      monitor.best = values.best as number;
    },
  };
}
