import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/subset.js';
import type { Engine } from '../../engines/engine.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { fit as fitModel } from '../../train/fit.js';
import { sampleIndices } from '../../train/fitOptions.js';
import type { EpochRecord } from '../../train/history.js';
import { adam } from '../../train/optimizers/adam.js';
import { copiesOf } from '../coach/copies.js';
import type { RunEvidence, RunSetup } from '../coach/runEvidence.js';
import { collectPredictions } from '../predictions.js';

export interface TrainedRunOptions {
  readonly model: Model;
  readonly data: Dataset;
  readonly validation: Dataset;
  readonly engine: Engine;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly seed?: number;
  /** What training sees in place of `data`: the same examples, changed. */
  readonly augmented?: Dataset;
  readonly setup?: Partial<RunSetup>;
}

/** Trains a model and gathers what the coach looks at. */
export async function trainedRun(options: TrainedRunOptions): Promise<RunEvidence> {
  const { model, data, validation, engine, epochs = 10, learningRate = 0.002, batchSize = 32, seed = 0 } = options;
  let history: readonly EpochRecord[] = [];
  let failure: string | undefined;
  const kept: EpochRecord[] = [];
  // The clean sample: as fit measures it, but never augmented.
  const sample = subset(data, sampleIndices(data.size, 2000, seed));
  try {
    const result = await fitModel(model, options.augmented ?? data, {
      ...{ loss: 'categoricalCrossentropy', metrics: ['accuracy'], validation, engine, epochs, batchSize, seed },
      optimizer: adam({ learningRate }),
      callbacks: [{ onEpochEnd: (_, record) => void kept.push(record) }],
    });
    history = result.history.epochs;
  } catch (error) {
    if (!(error instanceof FoveaError) || error.code !== 'numeric') throw error;
    [history, failure] = [kept, error.message];
  }
  const classCounts = (data.classNames ?? []).map((_, c) => (data.labels ?? []).filter((label) => label === c).length);
  return {
    ...{ history, failure, classCounts },
    training: failure === undefined ? await collectPredictions(model, sample, { engine }) : undefined,
    validation: failure === undefined ? await collectPredictions(model, validation, { engine }) : undefined,
    copies: await copiesOf(data, validation),
    setup: {
      ...{ epochs, learningRate, dropout: 0, weightDecay: 0, augmented: options.augmented !== undefined },
      ...{ batchNormalization: false, learns: undefined, ...options.setup },
    },
  };
}
