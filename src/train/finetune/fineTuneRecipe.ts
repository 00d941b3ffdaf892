import type { BatchSource, Dataset } from '../../data/dataset.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { type FeatureOptions, fitOnFeatures } from '../features/fitOnFeatures.js';
import type { FitResult } from '../fit.js';
import { type FitOptions, partData } from '../fitOptions.js';
import type { Loss } from '../losses/loss.js';
import type { LossName } from '../losses/lossFrom.js';
import { adam } from '../optimizers/adam.js';
import type { Optimizer, OptimizerOptions } from '../optimizers/optimizer.js';
import { oneCycle } from '../schedules/oneCycle.js';
import { unfreezeFrom } from './freeze.js';
import { layerGroups, spreadRates } from './layerGroups.js';

type Shared = Omit<FitOptions, 'loss' | 'optimizer' | 'epochs' | 'resume' | 'checkpoint'>;

export interface FineTuneOptions extends Shared, FeatureOptions {
  /** @default 'categoricalCrossentropy' */
  readonly loss?: Loss | LossName;
  /** Epochs for the new layer alone. @default 1 */
  readonly freezeEpochs?: number;
  /** Epochs for all layers together, after that; 0 for none. @default 1 */
  readonly epochs?: number;
  /** The highest learning rate of the first stage; the second has half of it. @default 0.002 */
  readonly baseLearningRate?: number;
  /** In the second stage the lowest layers learn at a rate so many times smaller than the highest. @default 100 */
  readonly rateRatio?: number;
  /** Share of the second stage in which the learning rate rises. @default 0.3 */
  readonly pctStart?: number;
  /** The second stage begins with its highest learning rate divided by this. @default 5 */
  readonly divFactor?: number;
  /** The lowest layer that learns in the second stage. @default the first */
  readonly unfreezeFrom?: string | number;
  /**
   * Whether batch normalizations learn in the second stage. fastai lets them; a few hundred photos are too few for good
   * statistics. @default 'frozen'
   */
  readonly batchNormalization?: 'learns' | 'frozen';
  /** @default adam */
  readonly optimizer?: (options: OptimizerOptions) => Optimizer;
  /**
   * What belongs to one stage alone: when it makes checkpoints, and the one that it goes on from. Where the second stage
   * goes on from one, the first is done and left out.
   */
  readonly stages?: Partial<Record<'head' | 'all', Pick<FitOptions, 'checkpoint' | 'resume'>>>;
  /** Called before each stage. */
  readonly onStage?: (stage: 'head' | 'all', model: Model) => void;
}

/** What the two stages came to. */
export interface FineTuneResult {
  /** Undefined where `freezeEpochs` is 0 or the second stage was resumed. */
  readonly head: FitResult | undefined;
  /** Undefined where `epochs` is 0, or the first stage was ended early. */
  readonly all: FitResult | undefined;
  readonly stopped: FitResult['stopped'];
}

/**
 * Fits a model that `finetune` made to photos, in the manner of fastai's `fine_tune`: first what learns now, the new layer,
 * in one cycle that rises to its end; then all layers in another cycle, half as fast at the top and a hundredth of that at
 * the bottom. Where lower layers are frozen their features are computed once, see `fitOnFeatures`.
 *
 * @throws FoveaError as `fit` does.
 */
export async function fineTune(
  model: Model,
  data: Dataset | BatchSource,
  options: FineTuneOptions = {},
): Promise<FineTuneResult> {
  const {
    loss = 'categoricalCrossentropy',
    freezeEpochs = 1,
    epochs = 1,
    baseLearningRate = 0.002,
    rateRatio = 100,
    pctStart = 0.3,
    divFactor = 5,
    optimizer = adam,
    batchNormalization = 'frozen',
    stages = {},
    onStage,
    unfreezeFrom: lowest,
    ...shared
  } = options;
  for (const [name, value] of Object.entries({ freezeEpochs, epochs })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    const rule = `${name} must be a whole number of at least 0`;
    throw new FoveaError('option', { where: 'fineTune', rule, received: `${value}` });
  }
  const { seed = 0 } = shared;
  // Both stages keep the same examples aside.
  const { training, validation } = partData(data, shared.validation, seed);
  const both = { ...shared, loss, ...(validation === undefined ? {} : { validation }) };
  let head: FitResult | undefined;
  if (freezeEpochs > 0 && stages.all?.resume === undefined) {
    onStage?.('head', model);
    const learningRate = oneCycle({ maxLearningRate: baseLearningRate, pctStart: 0.99 });
    head = await fitOnFeatures(model, training, {
      ...both,
      ...stages.head,
      epochs: freezeEpochs,
      optimizer: optimizer({ learningRate }),
    });
    if (head.stopped === 'aborted') return { head, all: undefined, stopped: 'aborted' };
  }
  if (epochs === 0) return { head, all: undefined, stopped: head?.stopped ?? 'completed' };
  unfreezeFrom(model, lowest ?? 0, { batchNormalization });
  onStage?.('all', model);
  const learned = model.layers.filter((layer) => layer.weights.length > 0).length;
  const learningRateMultipliers = spreadRates(layerGroups(model, Math.min(3, learned)), 1 / rateRatio);
  const learningRate = oneCycle({ maxLearningRate: baseLearningRate / 2, pctStart, divFactor });
  const all = await fitOnFeatures(model, training, {
    ...both,
    ...stages.all,
    epochs,
    optimizer: optimizer({ learningRate, learningRateMultipliers }),
    // The examples come in another order than in the first stage.
    seed: seed + 1,
  });
  return { head, all, stopped: all.stopped };
}
