import type { Interval } from '../interval.js';

/** What the coach can find. */
export type FindingName =
  | 'learningRateTooHigh'
  | 'learningRateTooLow'
  | 'leakedData'
  | 'mislabelledData'
  | 'imbalance'
  | 'underfitting'
  | 'overfitting'
  | 'tooLittleValidation'
  | 'fine';

/** One figure that speaks for a finding. */
export interface Evidence {
  readonly what: string;
  /** The figure in words, its interval included. */
  readonly text: string;
  readonly value: number;
  readonly interval?: Interval | undefined;
}

/** What is the matter with a run, or that nothing is. */
export interface Finding {
  readonly name: FindingName;
  /** One sentence. */
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
}

/** Something to do about it. */
export interface Step {
  readonly action:
    | 'changeLearningRate'
    | 'trainLonger'
    | 'unfreeze'
    | 'lowerDropout'
    | 'largerNetwork'
    | 'moreExamples'
    | 'augment'
    | 'betterNetwork'
    | 'regularize'
    | 'smallerNetwork'
    | 'weighClasses'
    | 'look'
    | 'moreValidation'
    | 'use';
  /** One or two sentences. */
  readonly what: string;
  /** What differs from the run, by names of the command's options in camelCase; empty where it is not for a command to do. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** What the coach says of a run. */
export interface Advice extends Finding {
  /** The next step to take, and those that would come after it. */
  readonly steps: readonly [Step, ...Step[]];
  /** Other things that were found, and that can wait. */
  readonly others: readonly Finding[];
  /** Where the reason is told. */
  readonly reason: string;
}
