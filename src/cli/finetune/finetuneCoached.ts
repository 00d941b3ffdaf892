import { augmentationFromText } from '../../data/augment/presets.js';
import type { JsonObject } from '../../layers/json.js';
import { meanInterval } from '../../report/bootstrap.js';
import type { Step } from '../../report/coach/finding.js';
import { decisions, lossesOf, type Predictions } from '../../report/predictions.js';
import { FoveaError } from '../../tensor/errors.js';
import { interruptedCode, SUCCESS } from '../exitCode.js';
import { columns, commas, duration, percent } from '../format.js';
import type { Terminal } from '../terminal.js';
import type { FinetuneOptions } from './finetuneOptions.js';
import { type FinishedFinetuning, finetuneRun } from './finetuneRun.js';

/** Minutes that are spent where nothing is said. */
const usualBudget = 10;

/** What one run came to. */
interface CoachedRun extends FinishedFinetuning {
  /** What was changed, in words; the first run is as it was asked for. */
  readonly change: string;
  readonly options: FinetuneOptions;
  readonly seconds: number;
}

/** Takes the coach's steps one after the other, each on top of the best run so far, and keeps every run; returns the exit code. */
export async function coachedFinetuning(path: string, options: FinetuneOptions, terminal: Terminal): Promise<number> {
  const { budget = usualBudget, coach: _, ...asked } = options;
  const began = performance.now();
  const left = (): number => 60 * budget - (performance.now() - began) / 1000;
  const runs: CoachedRun[] = [];
  const failed: string[] = [];
  const tried = new Set<string>([keyOf(asked)]);
  let code = 0;
  let next: { readonly change: string; readonly options: FinetuneOptions } | undefined = {
    change: 'as asked',
    options: asked,
  };
  while (next !== undefined) {
    const { change, options: own } = next;
    say(terminal, options, `Run ${runs.length + failed.length + 1}: ${change}`);
    const limited = runs.length === 0 ? terminal : within(terminal, left());
    const start = performance.now();
    try {
      code = await finetuneRun(path, { ...own, quiet: true }, limited, (finished) => {
        const seconds = (performance.now() - start) / 1000;
        runs.push({ ...finished, change, options: own, seconds });
      });
      if (limited.signal.aborted && !terminal.signal.aborted) failed.push(`${change}: did not fit into the budget`);
    } catch (error) {
      // A step that cannot be taken is no reason to lose what was found.
      if (runs.length === 0 || !(error instanceof FoveaError) || terminal.signal.aborted) throw error;
      failed.push(`${change}: ${error.message.split('\n')[0]}`);
    }
    if (terminal.signal.aborted || runs.length === 0 || left() <= 0) break;
    next = nextRun(bestOf(runs), tried);
  }
  if (runs.length === 0) return code;
  report(runs, failed, options, terminal);
  return terminal.signal.aborted ? interruptedCode(terminal) : SUCCESS;
}

/**
 * The run to build on, by the loss on validation photos: it changes before the accuracy does. A later run takes the place where
 * it is better by more than the standard error of the difference (the rule of Breiman et al., 1984, for choosing among
 * many): the least of many losses on few photos would be found by luck.
 */
function bestOf(runs: readonly CoachedRun[]): CoachedRun {
  return runs.reduce((best, run) => (isBetter(run.validation, best.validation) ? run : best));
}

function isBetter(after: Predictions, before: Predictions): boolean {
  const losses = lossesOf(before);
  const gains = Array.from(lossesOf(after), (loss, i) => (losses[i] as number) - loss);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  return mean > Math.sqrt(squares / Math.max(1, gains.length - 1) / gains.length);
}

function nextRun({ result, options, further }: CoachedRun, tried: Set<string>) {
  for (const step of [...result.coach.steps, ...further]) {
    if (Object.keys(step.settings).length === 0) continue;
    const { augment, ...others } = step.settings;
    const changed: FinetuneOptions = {
      ...{ ...options, ...others },
      ...(augment === undefined ? {} : { augment: augmentationFromText(`${augment}`).config() as JsonObject }),
    };
    // Other photos to measure on would make runs that cannot be compared, and another network may have to be fetched first.
    if (step.settings.validation !== undefined || step.settings.base !== undefined || tried.has(keyOf(changed)))
      continue;
    tried.add(keyOf(changed));
    return { change: changeText(step), options: changed };
  }
  return undefined;
}

function changeText({ settings }: Step): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`)
    .join(', ');
}

function keyOf({ run: _, ...options }: FinetuneOptions): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same terminal, which stops when time is up. */
function within(terminal: Terminal, seconds: number): Terminal {
  const signal = AbortSignal.any([terminal.signal, AbortSignal.timeout(Math.max(1, Math.round(1000 * seconds)))]);
  return { ...terminal, signal };
}

function meanLoss(predictions: Predictions): number {
  const losses = lossesOf(predictions);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** What a run brought on the same photos: accuracy and loss, each with its 95 % interval (paired bootstrap). */
function gainOf(before: Predictions, after: Predictions) {
  const right = (predictions: Predictions): number[] => {
    const decided = decisions(predictions);
    return Array.from(predictions.labels, (label, i) => (decided[i] === label ? 1 : 0));
  };
  const paired = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    const differences = Array.from(b, (value, i) => value - (a[i] as number));
    return {
      value: differences.reduce((sum, d) => sum + d, 0) / differences.length,
      interval: meanInterval(differences),
    };
  };
  return {
    accuracy: paired(right(before), right(after)),
    loss: paired(lossesOf(before), lossesOf(after)),
  };
}

function report(
  runs: readonly CoachedRun[],
  failed: readonly string[],
  options: FinetuneOptions,
  terminal: Terminal,
): void {
  const [first] = runs as [CoachedRun];
  const best = bestOf(runs);
  const gain = gainOf(first.measured, best.measured);
  const on = best.result.measuredOn === 'test' ? 'test' : 'validation';
  if (options.json) {
    const table = runs.map(({ change, result, validation, measured, seconds }) => ({
      ...{ change, run: result.run, seconds, finding: result.coach.name, validationLoss: meanLoss(validation) },
      ...{ accuracy: result.measure?.accuracy, interval: result.measure?.interval, loss: result.measure?.loss },
      gain: gainOf(first.measured, measured),
    }));
    const line = { event: 'coachAuto', measuredOn: on, runs: table, failed, best: best.result.run, gain };
    terminal.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const bounds = ({ low, high }: { low: number; high: number }, unit: number, digits: number): string =>
    `${(unit * low).toFixed(digits)} to ${(unit * high).toFixed(digits)}`;
  const rows = runs.map(({ change, result, measured, seconds }, i) => {
    const { accuracy, interval } = result.measure ?? { accuracy: Number.NaN, interval: { low: 0, high: 1 } };
    const { loss } = gainOf(first.measured, measured);
    return [
      `${i + 1}${result === best.result ? ' *' : ''}`,
      change,
      `${percent(accuracy, 1)} (${bounds(interval, 100, 1)})`,
      `${(result.measure?.loss ?? Number.NaN).toFixed(4)}`,
      i === 0 ? '' : `${loss.value.toFixed(4)} (${bounds(loss.interval, 1, 4)})`,
      duration(seconds),
    ];
  });
  const lines = [
    '',
    `What each run came to on ${commas(first.measured.labels.length)} ${on} photos (* the best by validation loss):`,
    ...columns([['run', 'change', 'right (95 %)', 'loss', 'loss less that of run 1', 'time'], ...rows]),
    ...failed.map((text) => `not done: ${text}`),
    '',
    best === first
      ? 'No step made it better by more than chance would: the first run is the best.'
      : `From the first run to the best: ${(100 * gain.accuracy.value).toFixed(1)} points of accuracy (95 % interval ${bounds(gain.accuracy.interval, 100, 1)}), loss ${gain.loss.value.toFixed(4)} (${bounds(gain.loss.interval, 1, 4)})${on === 'validation' ? '; these photos chose the run too, which flatters it' : ''}.`,
    `Model      ${best.result.model}`,
  ];
  for (const line of lines) terminal.stdout.write(`${line}\n`);
}

function say(terminal: Terminal, options: FinetuneOptions, text: string): void {
  if (options.json) terminal.stdout.write(`${JSON.stringify({ event: 'coachRun', text })}\n`);
  else terminal.stdout.write(`${text}\n`);
}
