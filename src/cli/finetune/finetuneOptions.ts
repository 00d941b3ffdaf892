import type { JsonObject } from '../../layers/json.js';
import type { CheckpointOptions } from '../../train/checkpoint.js';
import type { DUPLICATES, PhotoOptions } from '../data/photoOptions.js';
import type { EngineChoice } from '../engineOptions.js';

/** What `fovea finetune` is asked for; what is left out is undefined. */
export interface FinetuneOptions extends EngineChoice, PhotoOptions {
  readonly base?: string;
  readonly weights?: string;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly augment?: JsonObject;
  readonly passes?: number;
  readonly dropout?: number;
  readonly weightDecay?: number;
  readonly classWeights?: 'balanced';
  readonly unfreeze?: string;
  readonly unfreezeEpochs?: number;
  readonly validation?: number;
  readonly seed?: number;
  readonly duplicates?: (typeof DUPLICATES)[number];
  readonly features?: string;
  readonly run?: string;
  readonly resume?: string;
  readonly checkpointEvery?: Omit<CheckpointOptions, 'save'>;
  /** Takes the coach's steps by itself. */
  readonly coach?: 'auto';
  /** Minutes for that. */
  readonly budget?: number;
  readonly json?: true;
  readonly quiet?: true;
}

/** What is used where nothing is said. */
export const finetuneDefaults = {
  base: 'mobilenet',
  epochs: 10,
  learningRate: 0.002,
  batchSize: 32,
  dropout: 0,
  weightDecay: 0,
  unfreezeEpochs: 2,
  validation: 0.2,
  duplicates: 'together',
  seed: 0,
  checkpointEvery: { everySeconds: 60 },
} as const;
