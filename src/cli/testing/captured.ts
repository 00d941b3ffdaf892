import { runCommandLine } from '../commandLine.js';
import type { Output, Terminal } from '../terminal.js';

/** What a command wrote and ended with. */
export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CaptureOptions {
  /** Somebody looks at both streams. */
  readonly isTerminal?: boolean;
  readonly color?: boolean;
  readonly signal?: AbortSignal;
  /** Called with everything that is written. */
  readonly onWrite?: (text: string) => void;
}

/** Runs a command line in this process. */
export async function capture(args: readonly string[], options: CaptureOptions = {}): Promise<Captured> {
  const texts = { out: '', err: '' };
  const output = (name: 'out' | 'err'): Output => ({
    isTerminal: options.isTerminal ?? false,
    columns: 80,
    write: (text) => {
      texts[name] += text;
      options.onWrite?.(text);
    },
  });
  const terminal: Terminal = {
    stdout: output('out'),
    stderr: output('err'),
    color: options.color ?? false,
    signal: options.signal ?? new AbortController().signal,
    program: 'fovea',
    now: () => new Date(2026, 0, 31),
  };
  const code = await runCommandLine(args, terminal);
  return { code, ...texts };
}

/** The events that a command wrote with --json. */
export function events({ out }: Captured): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
