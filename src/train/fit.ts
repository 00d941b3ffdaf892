import type { BatchSource, Dataset } from '../data/dataset.js';
import { defaultEngine } from '../engines/defaultEngine.js';
import type { Model } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import type { Checkpoint } from './checkpoint.js';
import { readCheckpoint } from './checkpointFormat.js';
import { checkFitOptions, type FitOptions } from './fitOptions.js';
import { FitRun } from './fitRun.js';
import type { History } from './history.js';

/** What training came to. */
export interface FitResult {
  readonly history: History;
  /** 'completed' after all epochs, 'aborted' by the signal, 'stopped' by a callback. */
  readonly stopped: 'completed' | 'aborted' | 'stopped';
  /** What the callback said. */
  readonly reason: string | undefined;
  /** Epochs that are done. */
  readonly epochs: number;
  /** Steps that are done. */
  readonly steps: number;
  /** The state of the run, to go on from: `fit(model, data, { …, resume })`. */
  checkpoint(): Promise<Checkpoint>;
}

/**
 * Trains a model. The order of the examples, dropout and all else that is random are functions of the seed, so the same
 * call gives the same bits again, on any number of threads, interrupted or not.
 *
 * @throws FoveaError `numeric` where the loss becomes NaN or infinite: it names the step and the first layer where that
 * happened; the weights are those before the step, and `data.history` has the epochs so far.
 * @throws FoveaError `option`, `shape`, `dtype` or `data` for what cannot be trained on; nothing has changed then.
 */
export async function fit(model: Model, data: Dataset | BatchSource, options: FitOptions): Promise<FitResult> {
  checkFitOptions(options);
  if (model.countParameters().trainable === 0) {
    throw new FoveaError('option', {
      where: `fit of model "${model.name}"`,
      rule: 'no layer has weights that learn',
      remedy: 'Set trainable = true for at least one layer',
    });
  }
  const resumed = options.resume === undefined ? undefined : readCheckpoint(options.resume);
  const engine = options.engine ?? (await defaultEngine());
  const run = new FitRun(model, data, options, engine, resumed?.facts.seed);
  return run.run(resumed);
}
