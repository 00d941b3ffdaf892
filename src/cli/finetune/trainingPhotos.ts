import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { augmented, augmentedPasses } from '../../data/augment/augmented.js';
import type { Dataset } from '../../data/dataset.js';
import type { FinetuneStage } from './finetuneStages.js';
import type { PreparedFinetuning } from './prepareFinetuning.js';

/** The photos that a stage learns from: as they are, changed anew in each epoch, or in a fixed number of changed passes. */
export function trainingPhotos(
  { config, photos }: Pick<PreparedFinetuning, 'config' | 'photos'>,
  stage: FinetuneStage,
): Dataset {
  const { augment, passes, seed } = config.training;
  const { train } = photos.parts;
  if (augment === null) return train;
  const augmentation = augmentationFromConfig(augment);
  // Where more layers learn nothing is kept, and new changes cost no more than old ones.
  if (passes === null || stage === 'all') return augmented(train, augmentation, { seed });
  return augmentedPasses(train, augmentation, { passes, seed });
}

/** Says which photos the features of the new layer are made of; undefined where their own numbers must say it. */
export function trainingSource({ config, photos }: Pick<PreparedFinetuning, 'config' | 'photos'>): string | undefined {
  const { augment, passes, seed } = config.training;
  const { train } = photos.choice.stamps;
  if (!train) return undefined;
  return augment === null || passes === null ? train : JSON.stringify({ photos: train, augment, passes, seed });
}

/** What passes cost and save, in a sentence; undefined where there are none. */
export function passesText({ config, photos }: Pick<PreparedFinetuning, 'config' | 'photos'>): string | undefined {
  const { passes, epochs } = config.training;
  if (passes === null) return undefined;
  const n = photos.parts.train.size;
  const all = (passes + 1) * n;
  const anew = epochs * n;
  const cost =
    all < anew
      ? `instead of ${anew.toLocaleString('en-US')} where each of ${epochs} epochs had changes of its own`
      : `more than the ${anew.toLocaleString('en-US')} of ${epochs} epochs with changes of their own, which would be the better choice`;
  return `${passes} augmented ${passes === 1 ? 'pass' : 'passes'} and the photos as they are: ${all.toLocaleString('en-US')} photos go through the frozen layers once, ${cost}. Each epoch learns from all of them.`;
}
