import type { Dataset } from '../../data/dataset.js';
import type { Measure } from '../../report/measure.js';
import type { BatchInfo, TrainingRun } from '../../train/callbacks/callback.js';
import type { FitResult } from '../../train/fit.js';
import { type EpochRecord, numberIn } from '../../train/history.js';
import { clock, commas, count, duration, percent, shellWord } from '../format.js';
import { drawPictures, isPicture, picturesPerLine } from '../pictures.js';
import { ProgressBar } from '../progressBar.js';
import { adviceLines } from '../report/adviceText.js';
import { paint, type Terminal } from '../terminal.js';
import { accuracyText, mixupText } from './measureText.js';
import { nextCommands } from './nextCommands.js';
import type { CoachWord, Pace, TrainFacts, TrainReporter } from './trainReporter.js';

/** Tells a person how training goes: results on stdout, a bar on stderr where that is a terminal. */
export class TextReporter implements TrainReporter {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  readonly #bar: ProgressBar;
  #facts: TrainFacts | undefined;
  #headed = false;

  constructor(terminal: Terminal, quiet: boolean) {
    this.#terminal = terminal;
    this.#quiet = quiet;
    this.#bar = new ProgressBar(terminal.stderr);
  }

  async begin(facts: TrainFacts): Promise<void> {
    this.#facts = facts;
    if (this.#quiet) return;
    const { config, model, data, trainSize, stepsPerEpoch, engine, folder } = facts;
    const { epochs, batchSize, validation } = config.training;
    const kept = validation === 0 ? '' : `, ${commas(validation)} to validate`;
    const rows = [
      ['model', `${config.modelName}, ${commas(model.countParameters().total)} parameters`],
      ['data', `${data.title}: ${commas(trainSize)} to train on${kept}, ${commas(data.test.size)} to test`],
      [
        'training',
        `${count(epochs, 'epoch')} of ${count(stepsPerEpoch, 'step')}, batch size ${batchSize}, ${describeRate(config)}`,
      ],
      ['engine', `${engine.name}, ${engine.build}, ${count(engine.threads, 'thread')}`],
      ['run', folder.path],
    ];
    for (const [name = '', value = ''] of rows) this.#line(`${paint(this.#terminal, 'dim', name.padEnd(9))} ${value}`);
    await this.#showSample(data.train);
    this.#line('');
  }

  step({ epochs, stepsPerEpoch = 0 }: TrainingRun, info: BatchInfo, { imagesPerSecond, secondsLeft }: Pace): void {
    if (this.#quiet) return;
    const { epoch, stepInEpoch, logs } = info;
    const done = stepInEpoch + 1;
    this.#bar.draw(`epoch ${epoch + 1}/${epochs}`, done / stepsPerEpoch, () => {
      const loss = numberIn(logs, 'loss') ?? Number.NaN;
      const accuracy = numberIn(logs, 'accuracy') ?? Number.NaN;
      const speed = `${commas(imagesPerSecond)} images/s  ${clock(secondsLeft)} left`;
      return `${percent(done / stepsPerEpoch, 0).padStart(5)}  loss ${loss.toFixed(4)}  accuracy ${percent(accuracy, 1)}  ${speed}`;
    });
  }

  epoch({ epoch, seconds, logs }: EpochRecord): void {
    this.clear();
    if (this.#quiet) return;
    const kinds = ['', 'train', 'val'].filter(
      (kind) => numberIn(logs, kind === '' ? 'loss' : `${kind}Loss`) !== undefined,
    );
    if (!this.#headed) {
      const titles: Record<string, string> = { '': 'while training', train: 'training data', val: 'validation data' };
      this.#line(
        paint(
          this.#terminal,
          'dim',
          row(
            '',
            kinds.map((kind) => (titles[kind] ?? '').padStart(17)),
            '',
          ),
        ),
      );
      this.#line(
        paint(
          this.#terminal,
          'dim',
          row(
            'epoch',
            kinds.map(() => '   loss  accuracy'),
            'time',
          ),
        ),
      );
      this.#headed = true;
    }
    const cells = kinds.map((kind) => {
      const loss = numberIn(logs, kind === '' ? 'loss' : `${kind}Loss`) ?? Number.NaN;
      const accuracy = numberIn(logs, kind === '' ? 'accuracy' : `${kind}Accuracy`) ?? Number.NaN;
      return `${loss.toFixed(4).padStart(7)}${percent(accuracy).padStart(10)}`;
    });
    const epochs = this.#facts?.config.training.epochs ?? 0;
    this.#line(row(`${epoch + 1}/${epochs}`, cells, duration(seconds)));
  }

  stopping(): void {
    this.clear();
    this.#terminal.stderr.write('Stopping after this step and saving. Once more ends at once.\n');
  }

  interrupted({ epochs, steps }: FitResult): void {
    this.clear();
    const { folder, stepsPerEpoch, config } = this.#facts as TrainFacts;
    const inEpoch = steps - epochs * stepsPerEpoch;
    const where = `in epoch ${epochs + 1} of ${config.training.epochs}, after ${count(inEpoch, 'step')} of ${stepsPerEpoch}`;
    this.#line(`Stopped ${where}. Nothing is lost; continue with`);
    this.#line(`  ${this.#terminal.program} train --resume ${shellWord(folder.path)}`);
  }

  async end(result: FitResult, test: Measure, testData: Dataset, { advice, next }: CoachWord): Promise<void> {
    this.clear();
    const terminal = this.#terminal;
    const { folder } = this.#facts as TrainFacts;
    if (!this.#quiet) {
      if (result.stopped === 'stopped') this.#line(`Stopped early: ${result.reason}.`);
      this.#line('');
    }
    this.#line(`${paint(terminal, 'bold', 'Test')}      ${accuracyText(test)}`);
    if (this.#quiet) {
      this.#line(`Model     ${folder.model}`);
      return;
    }
    const mixups = mixupText(test);
    if (mixups !== '') this.#line(`Mistakes  ${mixups}`);
    await this.#showWrong(test, testData);
    this.#line('');
    this.#line(`${paint(terminal, 'bold', 'Model')}     ${folder.model}`);
    this.#line(`Report    ${folder.report}`);
    this.#line('');
    for (const line of adviceLines(terminal, advice, next)) this.#line(line);
    this.#line('');
    this.#line('What to try next:');
    for (const { what, command } of nextCommands(this.#facts as TrainFacts, terminal.program)) {
      this.#line(`  ${what}`);
      this.#line(`    ${paint(terminal, 'cyan', command)}`);
    }
  }

  clear(): void {
    this.#bar.clear();
  }

  /** A few examples of the data, so that a person sees what is to be learnt. */
  async #showSample(data: Dataset): Promise<void> {
    const fit = this.#howMany(data);
    if (fit === 0) return;
    const { labels, classNames } = data;
    const indices = Uint32Array.from({ length: Math.min(fit, data.size) }, (_, i) => i);
    const captions = [...indices].map((i) => (labels === undefined ? [] : [className(classNames, labels[i] ?? 0)]));
    this.#line('');
    for (const line of drawPictures(this.#terminal, await data.batch(indices), captions)) this.#line(line);
  }

  /** The surest mistakes. */
  async #showWrong({ wrong }: Measure, data: Dataset): Promise<void> {
    const fit = this.#howMany(data);
    const worst = [...wrong].sort((a, b) => b.output - a.output).slice(0, fit);
    if (worst.length === 0) return;
    const name = (index: number): string => className(data.classNames, index);
    const captions = worst.map(({ truth, predicted }) => [name(truth), `taken for ${name(predicted)}`]);
    this.#line('');
    const pictures = await data.batch(Uint32Array.from(worst, ({ index }) => index));
    for (const line of drawPictures(this.#terminal, pictures, captions)) this.#line(line);
  }

  /** Pictures that fit a line; none where nobody looks at them. */
  #howMany({ inputShape }: Dataset): number {
    const { stdout } = this.#terminal;
    if (!stdout.isTerminal || !isPicture(inputShape)) return 0;
    return Math.min(8, picturesPerLine(inputShape[1] ?? 1, stdout.columns));
  }

  #line(text: string): void {
    this.#terminal.stdout.write(`${text}\n`);
  }
}

function row(first: string, cells: readonly string[], last: string): string {
  return [first.padEnd(7), ...cells, last.padStart(11)].join('   ').trimEnd();
}

function className(names: readonly string[] | undefined, index: number): string {
  return names?.[index] ?? `${index}`;
}

/** Schedules as the command line calls them. */
const scheduleNames: Readonly<Record<string, string>> = {
  stepDecay: 'falling in steps',
  exponentialDecay: 'falling exponentially',
  cosineDecay: 'falling as a cosine',
  oneCycle: 'in one cycle',
};

/** `adam, learning rate 0.001 falling as a cosine` */
function describeRate({ training }: TrainFacts['config']): string {
  const { type, options } = training.optimizer as {
    readonly type?: unknown;
    readonly options?: { readonly learningRate?: unknown };
  };
  const rate = options?.learningRate;
  if (typeof rate === 'number') return `${type}, learning rate ${rate}`;
  const schedule = rate as { readonly type?: string; readonly options?: Readonly<Record<string, unknown>> };
  const { maxLearningRate, initialLearningRate, learningRate } = schedule.options ?? {};
  return `${type}, learning rate ${maxLearningRate ?? initialLearningRate ?? learningRate} ${scheduleNames[schedule.type ?? ''] ?? schedule.type}`;
}
