import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/subset.js';
import type { Engine } from '../../engines/engine.js';
import type { Model } from '../../model/model.js';
import { copiesOf } from '../../report/coach/copies.js';
import type { RunEvidence, RunSetup } from '../../report/coach/runEvidence.js';
import { collectPredictions } from '../../report/predictions.js';
import { partData, sampleIndices } from '../../train/fitOptions.js';
import type { EpochRecord } from '../../train/history.js';
import type { OpenedData } from '../data/dataSource.js';
import type { RunConfig } from '../train/runConfig.js';
import { highestRate, optionsOf } from './optimizerConfig.js';

/** Training examples that are measured again; as many as `fit` measures on after each epoch. */
const SAMPLE = 2000;

/** What `fovea train` may be told to do otherwise; the coach proposes nothing else. */
const OPTIONS = ['epochs', 'learningRate', 'weightDecay', 'model', 'validation', 'augment', 'trainSize'];

/** Networks by name, with one that can learn more, one that generalizes better and why, and one that learns less. */
const others: Readonly<Record<string, Pick<RunSetup, 'larger' | 'better' | 'betterSince' | 'smaller'>>> = {
  linear: { larger: 'mlp' },
  mlp: {
    ...{ larger: 'cnn', better: 'cnn', smaller: 'linear' },
    betterSince: 'a convolutional network generalizes better: it looks for the same things everywhere.',
  },
  cnn: { better: 'cnn-bn', betterSince: 'a network with batch normalization generalizes better.' },
};

export interface TrainedRun {
  readonly config: RunConfig;
  readonly model: Model;
  readonly data: OpenedData;
  readonly history: readonly EpochRecord[];
}

/** Gathers what the coach looks at, in inference mode; the validation examples are those that the run had set aside. */
export async function trainEvidence(
  { config, model, data, history }: TrainedRun,
  { engine, signal }: { readonly engine: Engine; readonly signal: AbortSignal },
): Promise<RunEvidence> {
  const { validation, seed } = config.training;
  const parts = partData(data.train, validation === 0 ? undefined : validation / data.train.size, seed);
  const training = parts.training as Dataset;
  const held = parts.validation as Dataset | undefined;
  const options = { engine, signal, batchSize: 128 };
  const labels = training.labels ?? new Int32Array(0);
  return {
    history,
    training: await collectPredictions(model, subset(training, sampleIndices(training.size, SAMPLE, seed)), options),
    validation: held === undefined ? undefined : await collectPredictions(model, held, options),
    classCounts: (training.classNames ?? []).map((_, c) => labels.filter((label) => label === c).length),
    copies: held === undefined ? undefined : await copiesOf(training, held),
    setup: setupOf(config, model, data),
  };
}

function setupOf({ training, modelName }: RunConfig, model: Model, { train, available }: OpenedData): RunSetup {
  const rates = model.layers.map((layer) => ('rate' in layer && typeof layer.rate === 'number' ? layer.rate : 0));
  const more = Math.min(2 * train.size, available);
  return {
    epochs: training.epochs,
    learningRate: highestRate(training.optimizer),
    augmented: training.augment !== null,
    // In grey there are digits, letters and clothes, which do not lie on their side, nor are they seen in a mirror.
    augmentation: train.inputShape[2] === 1 ? 'digits' : 'photos',
    ...(more > train.size ? { moreExamples: more } : {}),
    learns: undefined,
    dropout: Math.max(0, ...rates),
    weightDecay: numberOf(optionsOf(training.optimizer).weightDecay) ?? 0,
    batchNormalization: model.layers.some(({ type }) => type === 'batchNormalization'),
    ...others[modelName],
    options: OPTIONS,
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
