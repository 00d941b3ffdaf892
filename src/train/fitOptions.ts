import type { BatchSource, Dataset } from '../data/dataset.js';
import { split } from '../data/split.js';
import type { Engine } from '../engines/engine.js';
import { FoveaError } from '../tensor/errors.js';
import { RandomStream } from '../tensor/random.js';
import type { Callback } from './callbacks/callback.js';
import type { CheckpointOptions } from './checkpoint.js';
import type { ClassWeights } from './classWeights.js';
import type { Loss } from './losses/loss.js';
import type { LossName } from './losses/lossFrom.js';
import type { Metric } from './metrics/metric.js';
import type { MetricName } from './metrics/metricFrom.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { OptimizerName } from './optimizers/optimizerFrom.js';

/** How a model is trained. */
export interface FitOptions {
  readonly loss: Loss | LossName;
  /** @default 'adam' */
  readonly optimizer?: Optimizer | OptimizerName;
  /** @default [] */
  readonly metrics?: readonly (Metric | MetricName)[];
  /** How often to go through the data. @default 1 */
  readonly epochs?: number;
  /** Examples for one step; at most as many as there are. @default 32 */
  readonly batchSize?: number;
  /** Data to measure on after each epoch, or the share of the training data to set aside for it, 0 to 1. */
  readonly validation?: Dataset | BatchSource | number;
  /**
   * Number of training examples to measure on in inference mode after each epoch, always the same ones; 0 for none.
   * @default 2000, or all where there are fewer
   */
  readonly trainSample?: number;
  /** Goes through the data in another order in each epoch. @default true */
  readonly shuffle?: boolean;
  /** Keys the order of the examples, dropout, and what is set aside. A whole number of at least 0. @default 0 */
  readonly seed?: number;
  /** A factor for the loss of the examples of each class; multiplied with the data's own sample weights. */
  readonly classWeights?: ClassWeights;
  /**
   * Keeps an exponential moving average of the weights, `average = momentum · average + (1 − momentum) · weight`, measures
   * with it, and puts it in the place of the weights at the end.
   */
  readonly averageWeights?: { readonly momentum: number };
  /** Steps of one epoch, where the data is a stream that has no end of its own. */
  readonly stepsPerEpoch?: number;
  /**
   * Takes less memory for more time: the backward pass computes arrays of the forward pass again where keeping them would
   * need more. The weights become the same to the bit. @default false
   */
  readonly recompute?: boolean;
  readonly callbacks?: readonly Callback[];
  /** Ends training after the present step; nothing is lost. */
  readonly signal?: AbortSignal;
  /** @default the shared engine of `defaultEngine` */
  readonly engine?: Engine;
  /** When to make checkpoints, and where to. */
  readonly checkpoint?: CheckpointOptions;
  /** The bytes of a checkpoint: the run goes on from there, to the same bits as if it had never stopped. */
  readonly resume?: Uint8Array;
}

/** Throws `option` unless the numbers among the options are in range. */
export function checkFitOptions(options: FitOptions): void {
  const where = 'fit';
  const whole = (name: 'epochs' | 'seed' | 'trainSample' | 'stepsPerEpoch', least: number): void => {
    const value = options[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
    const rule = `${name} must be a whole number of at least ${least}`;
    throw new FoveaError('option', { where, rule, received: `${value}` });
  };
  whole('epochs', 1);
  whole('seed', 0);
  whole('trainSample', 0);
  whole('stepsPerEpoch', 1);
  const { validation, averageWeights } = options;
  const share = (name: string, value: number, open: boolean): void => {
    if (value < 1 && (open ? value > 0 : value >= 0)) return;
    const rule = `${name} must be ${open ? 'more than' : 'at least'} 0 and less than 1`;
    throw new FoveaError('option', { where, rule, received: `${value}` });
  };
  if (typeof validation === 'number') share('validation, as a share of the data,', validation, true);
  if (averageWeights !== undefined) share('averageWeights.momentum', averageWeights.momentum, false);
}

/** What a run trains on and what it measures on. */
export interface FitData {
  readonly training: Dataset | BatchSource;
  readonly validation: Dataset | BatchSource | undefined;
}

/** Sets the validation data aside where a share was asked for: with each class in its share, where that is possible. */
export function partData(data: Dataset | BatchSource, validation: FitOptions['validation'], seed: number): FitData {
  if (typeof validation !== 'number') return { training: data, validation };
  if (typeof data === 'function') {
    throw new FoveaError('option', {
      where: 'fit',
      rule: 'a share of a stream of batches cannot be set aside',
      remedy: 'Give data of its own as validation',
    });
  }
  const held = Math.min(data.size - 1, Math.max(1, Math.round(data.size * validation)));
  if (held < 1) {
    throw new FoveaError('data', {
      where: 'fit',
      rule: 'at least two examples are needed to set one aside for validation',
      received: `${data.size}`,
    });
  }
  const sizes = [data.size - held, held];
  const [training, aside] = split(data, { sizes, seed, stratified: canStratify(data, held) }) as [Dataset, Dataset];
  return { training, validation: aside };
}

function canStratify({ labels, size }: Dataset, held: number): boolean {
  if (labels === undefined) return false;
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.min(...counts.values()) >= 2 && counts.size <= Math.min(held, size - held);
}

/** The training examples to measure on: the same in every epoch. */
export function sampleIndices(size: number, wanted: number, seed: number): Uint32Array {
  const all = Uint32Array.from({ length: size }, (_, i) => i);
  return wanted >= size ? all : new RandomStream(seed, 'train sample').shuffle(all).slice(0, wanted).sort();
}
