import type { FinetuneConfig } from './finetuneConfig.js';
import { finetuneDefaults } from './finetuneOptions.js';

/** The words of a command that does again what a configuration says; what is usual is left out. */
export function finetuneWords({ photos, base, training, features }: FinetuneConfig): string[] {
  const { columns, group, duplicates, validation, seed } = photos;
  const option = (name: string, value: string | number | null | undefined, usual?: string | number): string[] =>
    value === null || value === undefined || value === usual ? [] : [name, `${value}`];
  const named = columns && Object.entries(columns).map((pair) => pair.join('='));
  const { epochs, learningRate, dropout, weightDecay, unfreeze, unfreezeEpochs, classWeights, augment, passes } =
    training;
  return [
    ...['finetune', photos.folder, '--base', base.network],
    ...option('--columns', named?.join()),
    ...option('--group', group),
    ...option('--duplicates', duplicates, 'together'),
    ...option('--weights', base.weights),
    ...option('--epochs', epochs, finetuneDefaults.epochs),
    ...option('--learning-rate', learningRate, finetuneDefaults.learningRate),
    ...option('--dropout', dropout, finetuneDefaults.dropout),
    ...option('--weight-decay', weightDecay, finetuneDefaults.weightDecay),
    ...option('--class-weights', classWeights),
    ...option('--unfreeze', unfreeze),
    ...(unfreeze === null ? [] : option('--unfreeze-epochs', unfreezeEpochs, finetuneDefaults.unfreezeEpochs)),
    ...option('--augment', augment === null ? null : JSON.stringify(augment)),
    ...option('--passes', passes),
    ...option('--validation', validation, finetuneDefaults.validation),
    ...option('--seed', seed, finetuneDefaults.seed),
    ...option('--features', features),
  ];
}
