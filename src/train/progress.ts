import { History } from './history.js';
import type { MetricAccumulator } from './metrics/metric.js';

/** Where a training run is: everything of its place that a resumed run must find again. */
export interface Progress {
  /** The present epoch, from 0. */
  epoch: number;
  /** Steps of it that are done. */
  stepInEpoch: number;
  /** Sum over the examples of the epoch so far of the loss of their batch. */
  lossSum: number;
  /** Number of those examples. */
  lossCount: number;
  /** Of the last step. */
  learningRate: number;
  /** Metrics over the epoch so far. */
  readonly counters: readonly MetricAccumulator[];
  readonly history: History;
  /** Why a callback ended the run. */
  stopReason: string | undefined;
}

/** The place of a run that has not begun. */
export function newProgress(counters: readonly MetricAccumulator[]): Progress {
  return {
    epoch: 0,
    stepInEpoch: 0,
    lossSum: 0,
    lossCount: 0,
    learningRate: 0,
    counters,
    history: new History(),
    stopReason: undefined,
  };
}

/** Goes on to the next epoch. */
export function beginNextEpoch(progress: Progress): void {
  progress.epoch++;
  progress.stepInEpoch = 0;
  progress.lossSum = 0;
  progress.lossCount = 0;
  for (const { counts } of progress.counters) counts.fill(0);
}
