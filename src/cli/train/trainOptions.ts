import type { Dataset } from '../../data/dataset.js';
import type { JsonObject } from '../../layers/json.js';
import { FoveaError } from '../../tensor/errors.js';
import { adam, adamW } from '../../train/optimizers/adam.js';
import type { Optimizer, OptimizerOptions } from '../../train/optimizers/optimizer.js';
import { rmsprop } from '../../train/optimizers/rmsprop.js';
import { sgd } from '../../train/optimizers/sgd.js';
import { cosineDecay } from '../../train/schedules/cosineDecay.js';
import { exponentialDecay } from '../../train/schedules/exponentialDecay.js';
import { oneCycle } from '../../train/schedules/oneCycle.js';
import type { LearningRate } from '../../train/schedules/schedule.js';
import { stepDecay } from '../../train/schedules/stepDecay.js';
import type { EngineChoice } from '../engineOptions.js';

export const OPTIMIZERS = ['adam', 'adamw', 'sgd', 'rmsprop'] as const;
export const SCHEDULES = ['constant', 'step', 'exponential', 'cosine', 'one-cycle'] as const;

/** What `fovea train` is asked for; what is left out is undefined. */
export interface TrainOptions extends EngineChoice {
  readonly model?: string;
  readonly dataFolder?: string;
  readonly trainSize?: number;
  readonly testSize?: number;
  readonly validation?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly optimizer?: (typeof OPTIMIZERS)[number];
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly schedule?: (typeof SCHEDULES)[number];
  readonly weightDecay?: number;
  readonly clipNorm?: number;
  readonly labelSmoothing?: number;
  readonly earlyStopping?: number;
  readonly augment?: JsonObject;
  readonly seed?: number;
  readonly recompute?: boolean;
  readonly findLearningRate?: true;
  readonly run?: string;
  readonly resume?: string;
  readonly checkpointEvery?: { readonly everySteps: number } | { readonly everySeconds: number };
  readonly json?: true;
  readonly quiet?: true;
}

/** What is used where nothing is said. */
export const trainDefaults = {
  model: 'cnn',
  epochs: 3,
  batchSize: 64,
  optimizer: 'adam',
  schedule: 'cosine',
  seed: 0,
  checkpointEvery: { everySeconds: 30 },
  /** Of the generator of digits, which could draw any number. */
  digits: { train: 12_000, test: 2_000 },
} as const;

/** Of the training examples, this share is set aside: 5,000 of MNIST's 60,000, as in the lecture. */
const VALIDATION_SHARE = 1 / 12;

/** The optimizers' own defaults: Keras's. */
export const usualRates = { adam: 0.001, adamw: 0.001, sgd: 0.01, rmsprop: 0.001 } as const;

/** How far a schedule lowers the learning rate over a run, where it does not go to zero. */
const LOWEST_SHARE = 0.01;

/** How many of so many training examples are set aside where nothing is said. */
export function usualValidation(size: number): number {
  const usual = Math.max(1, Math.round(VALIDATION_SHARE * size));
  return usual < size ? usual : 0;
}

/** How many of the training examples to set aside. */
export function validationSize(wanted: number | undefined, data: Dataset): number {
  if (wanted === undefined) return usualValidation(data.size);
  const size = wanted > 0 && wanted < 1 ? Math.max(1, Math.round(wanted * data.size)) : wanted;
  if (size < data.size) return size;
  throw new FoveaError('option', {
    where: 'option --validation',
    rule: `of ${data.size} training examples at least one must be left to learn from`,
    received: `${wanted}`,
  });
}

/** The optimizer with its learning rate over the run. */
export function optimizerOf(options: TrainOptions, epochs: number, stepsPerEpoch: number): Optimizer {
  const { optimizer = trainDefaults.optimizer, momentum, weightDecay, clipNorm } = options;
  if (momentum !== undefined && optimizer !== 'sgd' && optimizer !== 'rmsprop') {
    throw new FoveaError('option', {
      where: 'option --momentum',
      rule: 'sgd and rmsprop have a momentum',
      received: `the optimizer ${optimizer}`,
      remedy: 'Leave it out, or add --optimizer sgd',
    });
  }
  const common: OptimizerOptions = {
    learningRate: learningRateOf(options, epochs, stepsPerEpoch),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
  };
  const withMomentum = momentum === undefined ? common : { ...common, momentum };
  switch (optimizer) {
    case 'adam':
      return adam(common);
    case 'adamw':
      return adamW(common);
    case 'sgd':
      return sgd(withMomentum);
    case 'rmsprop':
      return rmsprop(withMomentum);
  }
}

function learningRateOf(options: TrainOptions, epochs: number, stepsPerEpoch: number): LearningRate {
  const { optimizer = trainDefaults.optimizer, schedule = trainDefaults.schedule } = options;
  const rate = options.learningRate ?? usualRates[optimizer];
  switch (schedule) {
    case 'constant':
      return rate;
    case 'step':
      return stepDecay({ learningRate: rate, everyEpochs: Math.max(1, Math.ceil(epochs / 3)) });
    case 'exponential':
      return exponentialDecay({
        ...{ initialLearningRate: rate, decayRate: LOWEST_SHARE, decaySteps: epochs * stepsPerEpoch },
      });
    case 'cosine':
      return cosineDecay({ initialLearningRate: rate });
    case 'one-cycle':
      return oneCycle({ maxLearningRate: rate });
  }
}
