import { FoveaError } from '../tensor/errors.js';
import type { Terminal } from './terminal.js';

export const SUCCESS = 0;
/** Something failed through no mistake of the person. */
export const FAILURE = 1;
/** The person asked for something that cannot be. */
export const MISTAKE = 2;

const failures: ReadonlySet<FoveaError['code']> = new Set(['memory', 'numeric', 'engine', 'gradient', 'network']);
/** The system's errors for what no other name of a file would mend. */
const systemFailures: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'EFBIG']);

/** The code that a command ends with after an error. */
export function exitCodeOf(error: unknown, terminal: Pick<Terminal, 'signal'>): number {
  if (!(error instanceof FoveaError)) return FAILURE;
  if (error.code === 'aborted') return interruptedCode(terminal);
  if (error.code === 'file' && systemFailures.has(error.data.systemCode)) return FAILURE;
  return failures.has(error.code) ? FAILURE : MISTAKE;
}

/** The code of a command that was asked to stop: 128 and the signal's number, as shells have it. */
export function interruptedCode({ signal }: Pick<Terminal, 'signal'>): number {
  if (signal.reason === 'EPIPE') return SUCCESS;
  return signal.reason === 'SIGTERM' ? 143 : signal.reason === 'SIGHUP' ? 129 : 130;
}
