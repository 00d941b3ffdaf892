import { isAbsolute, join } from 'node:path';
import type { Advice } from '../../report/coach/finding.js';
import type { Measure } from '../../report/measure.js';
import type { BatchInfo, TrainingRun } from '../../train/callbacks/callback.js';
import type { FeatureProgress } from '../../train/features/cacheFeatures.js';
import { type EpochRecord, numberIn } from '../../train/history.js';
import { clock, columns, commas, count, duration, percent, shellWord } from '../format.js';
import { ProgressBar } from '../progressBar.js';
import { adviceLines } from '../report/adviceText.js';
import { paint, type Terminal } from '../terminal.js';
import { accuracyText, classTable, confusionTable } from '../train/measureText.js';

/** A photo that was taken for something else. */
export interface WorstMistake {
  readonly photo: string;
  readonly truth: string;
  readonly predicted: string;
  readonly probability: number;
}

/** Everything of a fine-tuning that is known before it begins. */
export interface FinetuneFacts {
  /** The folder of the run. */
  readonly run: string;
  readonly photos: string;
  /** The folder that the names of photos are relative to. */
  readonly root: string;
  readonly base: string;
  readonly weights: string;
  /** The words of a command that does the same. */
  readonly command: readonly string[];
  readonly classes: readonly string[];
  readonly train: number;
  readonly valid: number;
  readonly test: number;
  readonly leftOut: number;
  /** What a person should know of how the photos were dealt out. */
  readonly remarks: readonly string[];
  readonly parameters: { readonly total: number; readonly trainable: number };
  readonly engine: string;
}

/** What it came to; the file `report.json` too. */
export interface FinetuneResult extends FinetuneFacts {
  /** What was measured on: `test` where there is such a folder, `valid` otherwise; undefined where there is neither. */
  readonly measuredOn: 'test' | 'valid' | undefined;
  readonly measure: Omit<Measure, 'wrong'> | undefined;
  readonly worst: readonly WorstMistake[];
  /** Largest difference between the whole network and its parts on a few photos. */
  readonly coach: Advice & { readonly next: readonly string[] | null };
  readonly wholeNetworkDifference: number | undefined;
  readonly seconds: Readonly<Record<string, number>>;
  /** How long computing stood still because photos were not yet decoded, and how long it took in all; seconds. */
  readonly waiting: { readonly seconds: number; readonly of: number };
  readonly model: string;
}

/** Milliseconds between two events of progress. */
const PAUSE = 1000;

/** Tells a person, or with --json a program, how fine-tuning goes. */
export class FinetuneReporter {
  readonly #terminal: Terminal;
  readonly #kind: 'text' | 'json' | 'quiet';
  readonly #bar: ProgressBar;
  #last = Number.NEGATIVE_INFINITY;
  #began = performance.now();

  constructor(terminal: Terminal, kind: 'text' | 'json' | 'quiet') {
    this.#terminal = terminal;
    this.#kind = kind;
    this.#bar = new ProgressBar(terminal.stderr);
  }

  begin(facts: FinetuneFacts): void {
    if (this.#event('start', facts) || this.#kind === 'quiet') return;
    const { run, photos, base, weights, classes, train, valid, test, leftOut, parameters, engine } = facts;
    const names = classes.length <= 6 ? classes.join(', ') : `${classes.slice(0, 5).join(', ')} …`;
    const parts = [`${commas(train)} to train on`, `${commas(valid)} to validate`];
    if (test > 0) parts.push(`${commas(test)} to test`);
    const rows = [
      ['photos', `${photos}: ${parts.join(', ')}`],
      ['classes', `${classes.length}: ${names}`],
      ['base', `${base}, ${commas(parameters.total)} parameters, of which ${commas(parameters.trainable)} learn`],
      ['weights', weights],
      ['engine', engine],
      ['run', run],
      ...(leftOut === 0 ? [] : [['left out', `${count(leftOut, 'file')} that cannot be used`]]),
    ];
    for (const [name = '', value = ''] of rows) this.#line(`${paint(this.#terminal, 'dim', name.padEnd(9))} ${value}`);
    for (const remark of facts.remarks) this.#line(remark);
    this.#line('');
  }

  checking(done: number, total: number): void {
    this.#bar.draw('looking at photos', done / total, () => `${commas(done)} of ${commas(total)}`);
  }

  message(text: string): void {
    this.clear();
    if (this.#event('message', { text }) || this.#kind === 'quiet') return;
    this.#line(text);
  }

  features(part: string, { done, size, found }: FeatureProgress): void {
    if (done === found) this.#began = performance.now();
    const seconds = (performance.now() - this.#began) / 1000;
    const rate = (done - found) / Math.max(1e-3, seconds);
    if (this.#kind === 'json') {
      if (done < size && performance.now() - this.#last < PAUSE) return;
      this.#last = performance.now();
      this.#event('features', { part, done, size, found, photosPerSecond: rate });
      return;
    }
    this.#bar.draw(`features (${part})`, done / size, () => {
      const left = rate > 0 ? clock((size - done) / rate) : clock(Number.NaN);
      return `${commas(done)} of ${commas(size)}  ${rate.toFixed(0)} photos/s  ${left} left`;
    });
    if (done === size) this.clear();
  }

  step({ epochs, stepsPerEpoch = 1 }: TrainingRun, { epoch, stepInEpoch, step, learningRate, logs }: BatchInfo): void {
    if (this.#kind === 'json') {
      if (performance.now() - this.#last < PAUSE) return;
      this.#last = performance.now();
      this.#event('step', { epoch, epochs, stepInEpoch, stepsPerEpoch, step, learningRate, ...logs });
      return;
    }
    if (this.#kind === 'quiet') return;
    this.#bar.draw(`epoch ${epoch + 1}/${epochs}`, (stepInEpoch + 1) / stepsPerEpoch, () => {
      return `loss ${(numberIn(logs, 'loss') ?? Number.NaN).toFixed(4)}`;
    });
  }

  epoch(stage: string, epochs: number, { epoch, seconds, logs, learningRate }: EpochRecord): void {
    this.clear();
    if (this.#event('epoch', { stage, epoch, epochs, seconds, learningRate, ...logs }) || this.#kind === 'quiet')
      return;
    const of = (name: string): number => numberIn(logs, name) ?? Number.NaN;
    const validation = Number.isFinite(of('valLoss'))
      ? `   validation: loss ${of('valLoss').toFixed(4)}, ${percent(of('valAccuracy'))}`
      : '';
    const training = `training photos: loss ${of('trainLoss').toFixed(4)}, ${percent(of('trainAccuracy'))}`;
    const name = stage === 'head' ? 'new layer' : 'more layers';
    this.#line(`${name} ${`${epoch + 1}/${epochs}`.padEnd(6)} ${training}${validation}   ${duration(seconds)}`);
  }

  stopping(): void {
    this.clear();
    if (this.#event('stopping', {})) return;
    this.#terminal.stderr.write('Stopping and saving. Once more ends at once.\n');
  }

  /** @param left the run's folder, and the model as it is now; undefined where nothing was learned. */
  interrupted(left: { readonly run: string; readonly model: string | undefined } | undefined): void {
    this.clear();
    const { run, model } = left ?? {};
    if (this.#event('interrupted', { run: run ?? null, model: model ?? null })) return;
    if (run === undefined) {
      this.#line('Stopped. Features that are finished are kept: the same command goes on from there.');
      return;
    }
    this.#line('Stopped. Nothing is lost; to go on:');
    this.#say(['finetune', '--resume', run]);
    if (model !== undefined) this.#line(`The model as it is now: ${model}`);
  }

  end(result: FinetuneResult): void {
    this.clear();
    if (this.#event('result', result)) return;
    const { measure, measuredOn, worst, model, seconds, waiting } = result;
    const bold = (text: string): string => paint(this.#terminal, 'bold', text);
    if (this.#kind !== 'quiet') this.#line('');
    if (measure !== undefined)
      this.#line(`${bold(measuredOn === 'test' ? 'Test      ' : 'Validation')} ${accuracyText(measure)}`);
    if (this.#kind === 'quiet') {
      this.#line(`Model      ${model}`);
      return;
    }
    if (measure !== undefined) {
      for (const line of ['', ...classTable(measure), '', 'Rows are true classes, columns what they were taken for:'])
        this.#line(line);
      for (const line of confusionTable(measure)) this.#line(line);
    }
    if (worst.length > 0) {
      this.#line('');
      this.#line('The surest mistakes:');
      const rows = worst.map(({ photo, truth, predicted, probability }) => [
        ...[`  ${photo}`, `${truth}, taken for ${predicted}`, percent(probability, 1)],
      ]);
      for (const line of columns(rows, new Set([2]))) this.#line(line);
    }
    this.#line('');
    this.#line(`${bold('Model')}      ${model}`);
    this.#line(
      `${bold('Time')}       ${Object.entries(seconds)
        .map(([name, s]) => `${name} ${duration(s)}`)
        .join(', ')}`,
    );
    this.#line(`           waited for photos ${duration(waiting.seconds)} of ${duration(waiting.of)}`);
    if (measure !== undefined) this.#line(`           everything in one page: ${join(result.run, 'report.html')}`);
    this.#line('');
    const { next, ...advice } = result.coach;
    for (const line of adviceLines(this.#terminal, advice, next ?? undefined)) this.#line(line);
    this.#line('');
    this.#line('What to try:');
    const photo = worst[0]?.photo;
    this.#say([
      'predict',
      model,
      photo === undefined ? 'PHOTO.jpg' : isAbsolute(photo) ? photo : join(result.root, photo),
    ]);
    if (!result.command.includes('--unfreeze')) this.#say(['finetune', '--resume', result.run, '--unfreeze', 'all']);
  }

  clear(): void {
    this.#bar.clear();
  }

  #event(event: string, facts: object): boolean {
    if (this.#kind !== 'json') return false;
    this.#terminal.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);
    return true;
  }

  /** A command as a person can type it. */
  #say(words: readonly string[]): void {
    const text = `${this.#terminal.program} ${words.map(shellWord).join(' ')}`;
    this.#line(`    ${paint(this.#terminal, 'cyan', text)}`);
  }

  #line(text: string): void {
    this.#terminal.stdout.write(`${text}\n`);
  }
}
