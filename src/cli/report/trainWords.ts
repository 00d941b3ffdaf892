import { type DataChoice, dataArguments } from '../data/dataSource.js';
import type { RunConfig } from '../train/runConfig.js';
import { trainDefaults, usualRates, usualValidation } from '../train/trainOptions.js';
import { highestRate, optionsOf } from './optimizerConfig.js';

/** The schedules as the command calls them. */
const SCHEDULES: Readonly<Record<string, string>> = {
  constantRate: 'constant',
  stepDecay: 'step',
  exponentialDecay: 'exponential',
  cosineDecay: 'cosine',
  oneCycle: 'one-cycle',
};

/**
 * The words of a command that does again what a configuration says; what is usual is left out.
 *
 * @param size training examples, those that are set aside included.
 */
export function trainWords({ data, modelName, modelFile, training }: RunConfig, size: number): string[] {
  const { optimizer, epochs, batchSize, seed, validation, labelSmoothing, earlyStopping, augment } = training;
  const option = (name: string, value: unknown, usual?: string | number): string[] =>
    value === null || value === undefined || value === usual ? [] : [name, `${value}`];
  // The class is called `adamW`, the option's value `adamw`.
  const type = typeOf(optimizer).toLowerCase();
  const { learningRate, momentum, weightDecay, clipNorm } = optionsOf(optimizer);
  const schedule = SCHEDULES[typeof learningRate === 'number' ? 'constantRate' : typeOf(learningRate)];
  return [
    ...['train', ...dataArguments(data), '--model', modelFile ?? modelName],
    ...sizeWords(data),
    ...option('--validation', validation, usualValidation(size)),
    ...option('--augment', augment === null ? null : JSON.stringify(augment)),
    ...option('--epochs', epochs, trainDefaults.epochs),
    ...option('--batch-size', batchSize, Math.min(trainDefaults.batchSize, size - validation)),
    ...option('--optimizer', type, trainDefaults.optimizer),
    ...option('--learning-rate', highestRate(optimizer), usualRates[type as keyof typeof usualRates]),
    ...option('--schedule', schedule, trainDefaults.schedule),
    ...option('--momentum', momentum, 0),
    ...option('--weight-decay', weightDecay, type === 'adamw' ? 0.004 : 0),
    ...option('--clip-norm', clipNorm),
    ...option('--label-smoothing', labelSmoothing, 0),
    ...option('--early-stopping', earlyStopping),
    ...option('--seed', seed, trainDefaults.seed),
  ];
}

function sizeWords({ name, trainSize, testSize }: DataChoice): string[] {
  const { train, test } = name === 'digits' ? trainDefaults.digits : {};
  return [
    ...(trainSize === undefined || trainSize === train ? [] : ['--train-size', `${trainSize}`]),
    ...(testSize === undefined || testSize === test ? [] : ['--test-size', `${testSize}`]),
  ];
}

function typeOf(config: unknown): string {
  return (config as { readonly type?: string } | undefined)?.type ?? '';
}
