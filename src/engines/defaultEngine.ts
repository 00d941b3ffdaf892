import type { Engine } from './engine.js';

let shared: Promise<Engine> | undefined;

/**
 * The engine of whoever names none: the WebAssembly engine with all threads of the machine, started at the first call and
 * shared from then on. A start that failed is tried anew by the next call.
 */
export function defaultEngine(): Promise<Engine> {
  shared ??= start();
  return shared;
}

async function start(): Promise<Engine> {
  try {
    const { createWasmEngine } = await import('./wasm/index.js');
    return await createWasmEngine();
  } catch (error) {
    shared = undefined;
    throw error;
  }
}
