/** Augmentation: what may be done to photos while training, so that a network sees more than there are. */

export type { Picture, PictureSize } from '../picture.js';
export { type Augmentation, type AugmentationConfig, augmentation, type DrawKey, type Drawn } from './augmentation.js';
export { type AugmentedOptions, type AugmentedPassesOptions, augmented, augmentedPasses } from './augmented.js';
export type { Box } from './boxes.js';
export type { MixConfig, MixOptions } from './mix.js';
export type { Fill } from './resample.js';
export type { StepFacts } from './steps.js';
export type { TransformConfig, TransformName } from './transformConfig.js';
