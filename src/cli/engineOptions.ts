import type { Command } from 'commander';
import type { Engine } from '../engines/engine.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { oneOf, option, wholeNumber } from './optionValues.js';

const ENGINES = ['wasm', 'reference'] as const;

export interface EngineChoice {
  readonly engine?: (typeof ENGINES)[number];
  readonly threads?: number;
}

/** Adds the options that choose an engine. */
export function addEngineOptions(command: Command): Command {
  return command
    .addOption(
      option('--threads <n>', 'threads that compute; results do not depend on it', wholeNumber(1, 64), 'all cores'),
    )
    .addOption(
      option('--engine <name>', 'wasm, or reference: the plain definitions, very slow', oneOf(ENGINES), 'wasm'),
    );
}

/** Starts an engine for the time of `body`. */
export async function withEngine<T>({ engine, threads }: EngineChoice, body: (engine: Engine) => Promise<T>) {
  const started =
    engine === 'reference' ? new ReferenceEngine() : await createWasmEngine(threads === undefined ? {} : { threads });
  try {
    return await body(started);
  } finally {
    await started.close();
  }
}
