import type { Measure } from '../../report/measure.js';
import type { BatchInfo, TrainingRun } from '../../train/callbacks/callback.js';
import type { FitResult } from '../../train/fit.js';
import type { EpochRecord } from '../../train/history.js';
import type { Terminal } from '../terminal.js';
import type { CoachWord, Pace, TrainFacts, TrainReporter } from './trainReporter.js';

/** Milliseconds between two events of steps. */
const PAUSE = 1000;

/** One JSON object per line on stdout, each with the name of its event; NaN and infinity are null. */
export class JsonReporter implements TrainReporter {
  readonly #terminal: Terminal;
  #facts: TrainFacts | undefined;
  #lastStep = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  begin(facts: TrainFacts): void {
    this.#facts = facts;
    const { config, model, data, trainSize, stepsPerEpoch, engine, folder } = facts;
    const { validation } = config.training;
    this.#write('start', {
      ...{ run: folder.path, continued: folder.continued, engine, stepsPerEpoch, training: config.training },
      data: { ...config.data, train: trainSize, validation, test: data.test.size },
      model: { name: config.modelName, parameters: model.countParameters() },
    });
  }

  step({ epochs, stepsPerEpoch }: TrainingRun, info: BatchInfo, pace: Pace): void {
    const now = performance.now();
    if (now - this.#lastStep < PAUSE) return;
    this.#lastStep = now;
    const { epoch, stepInEpoch, step, learningRate, logs } = info;
    this.#write('step', { epoch, epochs, stepInEpoch, stepsPerEpoch, step, learningRate, ...logs, ...pace });
  }

  epoch({ logs, ...rest }: EpochRecord): void {
    this.#write('epoch', { ...rest, ...logs });
  }

  stopping(): void {
    this.#write('stopping', {});
  }

  interrupted({ epochs, steps }: FitResult): void {
    const run = this.#facts?.folder.path;
    this.#write('interrupted', { run, epochs, steps, resume: ['train', '--resume', run] });
  }

  end(
    { stopped, reason, epochs, steps }: FitResult,
    { wrong, ...test }: Measure,
    _: unknown,
    { advice, next }: CoachWord,
  ): void {
    this.#write('test', { ...test, wrong });
    this.#write('coach', { ...advice, next: next ?? null });
    const { path, model } = this.#facts?.folder ?? {};
    this.#write('end', { stopped, reason: reason ?? null, epochs, steps, run: path, model });
  }

  clear(): void {}

  #write(event: string, facts: object): void {
    this.#terminal.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
  }
}
