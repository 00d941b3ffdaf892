/** Augmentation: what may be done to photos while training, so that a network sees more than there are. */

export type { Picture, PictureSize } from '../picture.js';
export { type Augmentation, type AugmentationConfig, augmentation, type DrawKey, type Drawn } from './augmentation.js';
export { augmentationFromConfig } from './augmentationFromConfig.js';
export { type AugmentedOptions, type AugmentedPassesOptions, augmented, augmentedPasses } from './augmented.js';
export { type AugTransformsOptions, augTransforms } from './augTransforms.js';
export type { Box } from './boxes.js';
export type { ImageDataGeneratorOptions } from './generatorOptions.js';
export { type FitGeneratorOptions, type ImageDataGenerator, imageDataGenerator } from './imageDataGenerator.js';
export type { KerasSemantics } from './kerasGeometry.js';
export type { MixConfig, MixOptions } from './mix.js';
export { type AugmentationPreset, augmentationFromText, augmentationPresets } from './presets.js';
export { type AugmentedData, augmentationQuestions } from './questions.js';
export type { Fill } from './resample.js';
export type { StepFacts } from './steps.js';
export type { TransformConfig, TransformName } from './transformConfig.js';
