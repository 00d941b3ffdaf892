import type { EpochRecord } from '../history.js';
import type { Callback, TrainingRun } from './callback.js';

/**
 * Takes the text of a log. 'begin' replaces what was there: the head and the epochs so far, so that a resumed run has each
 * epoch once; 'append' adds one epoch.
 */
export type LogSink = (text: string, mode: 'begin' | 'append') => void | Promise<void>;

/** Where a run is one of several stages: each line says which, and those of the stages before come first. */
export interface LogStage {
  readonly stage: string;
  readonly before?: readonly { readonly stage: string; readonly epochs: readonly EpochRecord[] }[];
}

/**
 * One line of comma-separated values per epoch, under a line of names; only numbers, no tables.
 *
 * @param among adds the column `stage`.
 */
export function csvLog(sink: LogSink, among?: LogStage): Callback {
  let names: string[] = [];
  const line = (record: EpochRecord, stage = among?.stage): string => {
    const { epoch, step, seconds, learningRate, logs } = record;
    const numbers = names.map((name) => (typeof logs[name] === 'number' ? logs[name] : ''));
    const first = stage === undefined ? [] : [quote(stage)];
    return `${[...first, epoch, step, seconds.toFixed(3), learningRate, ...numbers].join(',')}\n`;
  };
  return {
    type: 'csvLog',
    onTrainBegin: async (run) => {
      names = [...run.logNames];
      const first = among === undefined ? [] : ['stage'];
      const head = `${[...first, 'epoch', 'step', 'seconds', 'learningRate', ...names].map(quote).join(',')}\n`;
      await sink(head + earlierLines(run, among, line), 'begin');
    },
    onEpochEnd: async (_, record) => sink(line(record), 'append'),
  };
}

/**
 * One JSON object per epoch and line, tables included; NaN and infinity are written as null.
 *
 * @param among adds the field `stage`.
 */
export function jsonLinesLog(sink: LogSink, among?: LogStage): Callback {
  const line = ({ logs, ...rest }: EpochRecord, stage = among?.stage): string =>
    `${JSON.stringify({ ...(stage === undefined ? {} : { stage }), ...rest, ...logs })}\n`;
  return {
    type: 'jsonLinesLog',
    onTrainBegin: async (run) => sink(earlierLines(run, among, line), 'begin'),
    onEpochEnd: async (_, record) => sink(line(record), 'append'),
  };
}

/** The lines of all epochs that are done when a run begins. */
function earlierLines(
  { history }: TrainingRun,
  among: LogStage | undefined,
  line: (record: EpochRecord, stage?: string) => string,
): string {
  const before = (among?.before ?? []).flatMap(({ stage, epochs }) => epochs.map((record) => line(record, stage)));
  return [...before, ...history.epochs.map((record) => line(record))].join('');
}

function quote(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
