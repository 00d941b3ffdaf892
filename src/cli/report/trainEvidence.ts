import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/subset.js';
import type { Engine } from '../../engines/engine.js';
import type { Model } from '../../model/model.js';
import { copiesOf } from '../../report/coach/copies.js';
import type { RunEvidence, RunSetup } from '../../report/coach/runEvidence.js';
import { collectPredictions } from '../../report/predictions.js';
import { partData, sampleIndices } from '../../train/fitOptions.js';
import type { EpochRecord } from '../../train/history.js';
import { dataArguments, type OpenedData } from '../dataSource.js';
import type { RunConfig } from '../runConfig.js';
import { trainDefaults } from '../trainOptions.js';

/** Training examples that are measured again; as many as `fit` measures on after each epoch. */
const SAMPLE = 2000;

/** What `fovea train` may be told to do otherwise; the coach proposes nothing else. */
const OPTIONS = ['epochs', 'learningRate', 'weightDecay', 'model', 'validation'];

/** Networks by name, with one that can learn more, and one that generalizes better. */
const others: Readonly<
  Record<string, { readonly larger?: string; readonly better?: string; readonly smaller?: string }>
> = {
  linear: { larger: 'mlp' },
  mlp: { larger: 'cnn', better: 'cnn', smaller: 'linear' },
  cnn: { better: 'cnn-bn' },
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
    setup: setupOf(config, model),
  };
}

function setupOf({ training, modelName }: RunConfig, model: Model): RunSetup {
  const rates = model.layers.map((layer) => ('rate' in layer && typeof layer.rate === 'number' ? layer.rate : 0));
  return {
    ...{
      epochs: training.epochs,
      learningRate: learningRateOf(training.optimizer),
      augmented: false,
      learns: undefined,
    },
    dropout: Math.max(0, ...rates),
    weightDecay: numberOf(optionsOf(training.optimizer).weightDecay) ?? 0,
    batchNormalization: model.layers.some(({ type }) => type === 'batchNormalization'),
    ...others[modelName],
    options: OPTIONS,
  };
}

/** The words of a command that trains again as a configuration says. */
export function trainWords({ data, modelName, training }: RunConfig): string[] {
  const { epochs, seed, optimizer } = training;
  const rate = learningRateOf(optimizer);
  return [
    ...['train', ...dataArguments(data), '--model', modelName],
    ...(epochs === trainDefaults.epochs ? [] : ['--epochs', `${epochs}`]),
    ...(rate === 0.001 ? [] : ['--learning-rate', `${rate}`]),
    ...(data.trainSize === undefined || (data.name === 'digits' && data.trainSize === trainDefaults.digits.train)
      ? []
      : ['--train-size', `${data.trainSize}`]),
    ...(seed === trainDefaults.seed ? [] : ['--seed', `${seed}`]),
  ];
}

function optionsOf(optimizer: object): Readonly<Record<string, unknown>> {
  return (optimizer as { readonly options?: Readonly<Record<string, unknown>> }).options ?? {};
}

function learningRateOf(optimizer: object): number {
  const { learningRate } = optionsOf(optimizer);
  if (typeof learningRate === 'number') return learningRate;
  const schedule = optionsOf(learningRate as object);
  return (
    numberOf(schedule.maxLearningRate) ?? numberOf(schedule.initialLearningRate) ?? numberOf(schedule.learningRate) ?? 0
  );
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
