import type { EpochRecord } from '../../train/history.js';
import type { Predictions } from '../predictions.js';

/** How a run was made: what decides which steps are left to take. */
export interface RunSetup {
  /** Of the last stage. */
  readonly epochs: number;
  /** The highest of the schedule. */
  readonly learningRate: number;
  /** Highest rate of a dropout that acts while training. */
  readonly dropout: number;
  readonly weightDecay: number;
  readonly augmented: boolean;
  /** The augmentation that suits the data: what `--augment` takes. @default 'photos' */
  readonly augmentation?: string | undefined;
  /** How many examples could be learned from for the asking, where that is more than were. */
  readonly moreExamples?: number | undefined;
  readonly batchNormalization: boolean;
  /** Layers that learn of a network that was trained before: the new ones alone, or more; undefined for a network from scratch. */
  readonly learns: 'head' | 'more' | undefined;
  /** Names of networks to try instead, where there are such. */
  readonly larger?: string | undefined;
  readonly better?: string | undefined;
  /** Why that one generalizes better, as a sentence after a colon. */
  readonly betterSince?: string | undefined;
  readonly smaller?: string | undefined;
  /** Names of the settings that can be changed, in camelCase; steps that need others are left out. @default all */
  readonly options?: readonly string[] | undefined;
}

/** All that the coach looks at. Whatever is predicted here is predicted in inference mode. */
export interface RunEvidence {
  /** Of a run in several stages those of the last, by which the others are superseded. */
  readonly history: readonly EpochRecord[];
  /** Why training could not go on, where numbers were no longer finite. */
  readonly failure?: string | undefined;
  /**
   * On a fixed sample of the training examples, without augmentation; undefined where training failed before there was a
   * model.
   */
  readonly training: Predictions | undefined;
  /** On examples that nothing was learned from. */
  readonly validation: Predictions | undefined;
  /** On training examples, by networks that had not learned from them. */
  readonly outOfFold?: Predictions | undefined;
  /** How many examples of each class were learned from. */
  readonly classCounts: readonly number[];
  /** Validation examples that have a copy among the training examples; undefined where nobody has looked. */
  readonly copies?: readonly number[] | undefined;
  readonly setup: RunSetup;
  /** Accuracy that is good enough, and beyond which nothing is called underfitting. @default 0.95 */
  readonly goal?: number | undefined;
}
