import type { Dataset } from '../../data/dataset.js';
import type { EngineDescription } from '../../engines/engine.js';
import type { Model } from '../../model/model.js';
import type { Advice } from '../../report/coach/finding.js';
import type { Measure } from '../../report/measure.js';
import type { BatchInfo, TrainingRun } from '../../train/callbacks/callback.js';
import type { FitResult } from '../../train/fit.js';
import type { EpochRecord } from '../../train/history.js';
import type { OpenedData } from '../data/dataSource.js';
import type { RunConfig } from './runConfig.js';
import type { RunFolder } from './runFolder.js';

/** Everything of a run that is known before its first step. */
export interface TrainFacts {
  readonly config: RunConfig;
  readonly model: Model;
  readonly data: OpenedData;
  /** Number of examples to learn from, without those set aside. */
  readonly trainSize: number;
  readonly stepsPerEpoch: number;
  readonly engine: EngineDescription;
  readonly folder: RunFolder;
}

/** Tells somebody how training goes: a person, or a program. */
export interface TrainReporter {
  begin(facts: TrainFacts): void | Promise<void>;
  step(run: TrainingRun, info: BatchInfo, pace: Pace): void;
  epoch(record: EpochRecord): void;
  /** The person asked to stop; the present step is finished first. */
  stopping(): void;
  /** It was stopped and can be continued. */
  interrupted(result: FitResult): void;
  end(result: FitResult, test: Measure, testData: Dataset, coach: CoachWord): void | Promise<void>;
  /** Takes away what is drawn over, before something else is written. */
  clear(): void;
}

/** What the coach says at the end, with the words of the command that takes the next step. */
export interface CoachWord {
  readonly advice: Advice;
  readonly next: readonly string[] | undefined;
}

/** How fast training goes. */
export interface Pace {
  readonly imagesPerSecond: number;
  /** To the end of the last epoch. */
  readonly secondsLeft: number;
}

/** Measures the pace: of the last seconds for examples, of all since the beginning for the time that is left. */
export class PaceMeter {
  readonly #began = performance.now();
  #steps = 0;
  /** Times and numbers of examples of the latest steps. */
  #recent: { readonly at: number; readonly examples: number }[] = [];

  step(examples: number, stepsLeft: number): Pace {
    const now = performance.now();
    this.#steps++;
    this.#recent.push({ at: now, examples });
    while (this.#recent.length > 2 && now - (this.#recent[0]?.at ?? now) > 3000) this.#recent.shift();
    const first = this.#recent[0]?.at ?? now;
    const since = this.#recent.slice(1).reduce((sum, one) => sum + one.examples, 0);
    return {
      imagesPerSecond: now > first ? (1000 * since) / (now - first) : 0,
      secondsLeft: ((now - this.#began) / 1000 / this.#steps) * stepsLeft,
    };
  }
}
