import { appendFile } from 'node:fs/promises';
import { fileError } from '../../formats/node/fileError.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { LogSink } from '../callbacks/log.js';

/** Writes a log to a file: `csvLog(logFile('log.csv'))`. Throws `file` where it cannot be written. */
export function logFile(path: string): LogSink {
  return async (text, mode) => {
    if (mode === 'begin') return writeFileAtomic(path, text);
    try {
      await appendFile(path, text);
    } catch (error) {
      throw fileError(path, 'cannot be written', error);
    }
  };
}
