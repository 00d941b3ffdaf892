import type { EpochRecord } from '../history.js';
import type { Callback } from './callback.js';

/**
 * Takes the text of a log. 'begin' replaces what was there: the head and the epochs so far, so that a resumed run has each
 * epoch once; 'append' adds one epoch.
 */
export type LogSink = (text: string, mode: 'begin' | 'append') => void | Promise<void>;

/** One line of comma-separated values per epoch, under a line of names; only numbers, no tables. */
export function csvLog(sink: LogSink): Callback {
  let names: string[] = [];
  const line = (record: EpochRecord): string => {
    const { epoch, step, seconds, learningRate, logs } = record;
    const numbers = names.map((name) => (typeof logs[name] === 'number' ? logs[name] : ''));
    return `${[epoch, step, seconds.toFixed(3), learningRate, ...numbers].join(',')}\n`;
  };
  return {
    type: 'csvLog',
    onTrainBegin: async (run) => {
      names = [...run.logNames];
      const head = `${['epoch', 'step', 'seconds', 'learningRate', ...names].map(quote).join(',')}\n`;
      await sink(head + run.history.epochs.map(line).join(''), 'begin');
    },
    onEpochEnd: async (_, record) => sink(line(record), 'append'),
  };
}

/** One JSON object per epoch and line, tables included; NaN and infinity are written as null. */
export function jsonLinesLog(sink: LogSink): Callback {
  const line = ({ logs, ...rest }: EpochRecord): string => `${JSON.stringify({ ...rest, ...logs })}\n`;
  return {
    type: 'jsonLinesLog',
    onTrainBegin: async (run) => sink(run.history.epochs.map(line).join(''), 'begin'),
    onEpochEnd: async (_, record) => sink(line(record), 'append'),
  };
}

function quote(name: string): string {
  return /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
