import type { BatchSource, Dataset } from '../data/dataset.js';
import { shuffledIndices } from '../data/shuffle.js';
import { defaultEngine } from '../engines/defaultEngine.js';
import type { Engine } from '../engines/engine.js';
import type { Model } from '../model/model.js';
import { throwIfAborted } from '../tensor/abort.js';
import { FoveaError } from '../tensor/errors.js';
import { type Batches, datasetBatches, Prefetch, sourceBatches } from './batches.js';
import type { Loss } from './losses/loss.js';
import { type LossName, lossFrom } from './losses/lossFrom.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { type OptimizerName, optimizerFrom } from './optimizers/optimizerFrom.js';
import { checkBatchSize } from './runOptions.js';
import { Trainer } from './trainer.js';

export interface FindLearningRateOptions {
  readonly loss: Loss | LossName;
  /** @default 'adam' */
  readonly optimizer?: Optimizer | OptimizerName;
  /** The first learning rate. @default 1e-7 */
  readonly from?: number;
  /** The last learning rate. @default 10 */
  readonly to?: number;
  /** @default 100 */
  readonly steps?: number;
  /** @default 32 */
  readonly batchSize?: number;
  /** @default 0 */
  readonly seed?: number;
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
}

/** One step of the test. */
export interface LearningRatePoint {
  readonly learningRate: number;
  readonly loss: number;
  /** The loss averaged over the steps so far, the latest counting most. */
  readonly smoothed: number;
}

/** What the test of learning rates found. */
export interface LearningRateCurve {
  readonly points: readonly LearningRatePoint[];
  /** Where the smoothed loss falls most steeply; undefined where it never falls. */
  readonly suggestion: number | undefined;
}

/** Share of the old average in the smoothed loss. */
const SMOOTHING = 0.9;
/** The test ends where the smoothed loss is so many times the lowest: the run has come apart. */
const DIVERGED = 4;

/**
 * Tries rising learning rates, one per step, evenly spaced on a logarithmic scale (Smith, "Cyclical learning rates", 2017).
 * Model and optimizer are afterwards what they were before.
 *
 * @throws FoveaError `aborted` where the signal is given; everything is put back first.
 */
export async function findLearningRate(
  model: Model,
  data: Dataset | BatchSource,
  options: FindLearningRateOptions,
): Promise<LearningRateCurve> {
  const { from = 1e-7, to = 10, steps = 100, seed = 0, signal } = options;
  if (!(from > 0 && to > from && to < Number.POSITIVE_INFINITY) || !Number.isSafeInteger(steps) || steps < 2) {
    throw new FoveaError('option', {
      where: 'findLearningRate',
      rule: '0 < from < to and at least 2 steps are needed',
      received: `from ${from} to ${to} in ${steps} steps`,
    });
  }
  const optimizer = optimizerFrom(options.optimizer ?? 'adam');
  const engine = options.engine ?? (await defaultEngine());
  const trainer = new Trainer({
    ...{ model, engine, optimizer, seed, loss: lossFrom(options.loss) },
    averageMomentum: undefined,
    predictions: false,
  });
  const { learningRate } = optimizer;
  const weights = await model.getWeights();
  const batches = new Prefetch(endless(data, options.batchSize, seed));
  const points: LearningRatePoint[] = [];
  try {
    let average = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < steps; i++) {
      throwIfAborted('findLearningRate', signal);
      const batch = await batches.take();
      if (batch === undefined) break;
      const lr = from * (to / from) ** (i / (steps - 1));
      optimizer.learningRate = lr;
      const running = trainer.run(await trainer.prepare(batch));
      batches.fetch();
      const { complete, loss } = await running;
      if (!complete) break;
      average = SMOOTHING * average + (1 - SMOOTHING) * loss;
      const smoothed = average / (1 - SMOOTHING ** (i + 1));
      points.push({ learningRate: lr, loss, smoothed });
      if (smoothed > DIVERGED * lowest) break;
      lowest = Math.min(lowest, smoothed);
    }
  } finally {
    batches.close();
    optimizer.learningRate = learningRate;
    await model.setWeights(weights);
  }
  return { points, suggestion: steepestDescent(points) };
}

/** The learning rate of the steepest fall before the lowest point. */
function steepestDescent(points: readonly LearningRatePoint[]): number | undefined {
  const losses = points.map(({ smoothed }) => smoothed);
  const end = losses.indexOf(Math.min(...losses));
  let best: number | undefined;
  let slope = 0;
  // Points are evenly spaced in log(learning rate), so differences over the same number of steps are slopes; over a tenth
  // of the curve to each side they are those of the curve and not of single batches.
  const reach = Math.max(1, Math.round(points.length / 10));
  for (let i = reach; i < Math.min(end + 1, losses.length - reach); i++) {
    const rise = (losses[i + reach] as number) - (losses[i - reach] as number);
    if (rise < slope) [slope, best] = [rise, points[i]?.learningRate];
  }
  return best;
}

/** Epoch after epoch. */
function endless(data: Dataset | BatchSource, size: number | undefined, seed: number): Batches {
  const begin = (epoch: number): Batches => {
    if (typeof data === 'function') return sourceBatches(data, epoch, 0);
    const batchSize = checkBatchSize('findLearningRate', size, data.size);
    // A last batch that is short would make a point that cannot be compared.
    const order = shuffledIndices(data.size, seed, epoch).slice(0, data.size - (data.size % batchSize));
    return datasetBatches(data, order, batchSize, 0, epoch);
  };
  let epoch = 0;
  let batches = begin(epoch);
  return {
    next: async () => {
      const batch = await batches.next();
      if (batch !== undefined) return batch;
      await batches.close();
      batches = begin(++epoch);
      return batches.next();
    },
    close: () => batches.close(),
  };
}
