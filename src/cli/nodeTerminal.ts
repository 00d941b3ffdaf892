import { basename, relative } from 'node:path';
import type { Output, Terminal } from './terminal.js';

/** The exit code of a command that a signal ended, by the signal. */
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The terminal of this process: its streams, its signals, the name that it was called by. */
export function nodeTerminal(): Terminal {
  const controller = new AbortController();
  const stdout = outputOf(process.stdout, controller);
  const stderr = outputOf(process.stderr, controller);
  for (const signal of Object.keys(signalCodes) as (keyof typeof signalCodes)[]) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(signalCodes[signal]);
      controller.abort(signal);
    });
  }
  const { NO_COLOR, TERM } = process.env;
  return {
    stdout,
    stderr,
    color: stdout.isTerminal && !NO_COLOR && TERM !== 'dumb',
    signal: controller.signal,
    program: programName(),
    now: () => new Date(),
  };
}

/** Whoever reads the output may go away, as `head` does: that ends the command, and nothing more is written. */
function outputOf(stream: NodeJS.WriteStream, controller: AbortController): Output {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    gone = true;
    controller.abort(error.code ?? 'EPIPE');
  });
  return {
    write: (text) => {
      if (!gone) stream.write(text);
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
  };
}

function programName(): string {
  const script = process.argv[1] ?? 'fovea';
  if (/^fovea(\.\w+)?$/.test(basename(script))) return process.env.npm_command === 'exec' ? 'npx fovea' : 'fovea';
  const near = relative(process.cwd(), script);
  return `node ${near.startsWith('..') ? script : near}`;
}
