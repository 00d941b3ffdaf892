import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { relaxed, simd } from '../generated/narrow.js';
import type { WorkerReply } from '../protocol.js';
import type { BuildName, Platform, StoredBuild } from './platform.js';

type Unpack = (stored: StoredBuild) => Promise<Uint8Array>;

/** Node: worker_threads; relaxed SIMD stands behind a flag in Node 20, revectorization in Node 24 and later. */
export const platform: Platform = {
  startWorker: (source, events) => {
    const worker = new Worker(source, { eval: true, stdout: false, stderr: false });
    let ended = false;
    worker.on('message', (reply: WorkerReply) => events.onReply(reply));
    worker.on('error', (error) => events.onError(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => {
      if (!ended) events.onError(`the worker ended with code ${code}`);
    });
    return {
      post: (command) => worker.postMessage(command),
      keepAlive: (busy) => (busy ? worker.ref() : worker.unref()),
      terminate: async () => {
        ended = true;
        await worker.terminate();
      },
    };
  },
  hardwareThreads: () => availableParallelism(),
  canShareMemory: () => true,
  compile: (build, unpack) => keepingAlive(() => compile(build, unpack)),
};

async function compile(build: BuildName, unpack: Unpack): Promise<WebAssembly.Module | undefined> {
  if (build === 'simd') return WebAssembly.compile(await bytesOf(unpack, simd));
  if (build === 'relaxed') {
    if (NODE_MAJOR < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
    return WebAssembly.compile(await bytesOf(unpack, relaxed));
  }
  if (NODE_MAJOR < 24) return undefined;
  const { wide } = await import('../generated/wide.js');
  const bytes = await bytesOf(unpack, wide);
  // Everything is compiled at once and optimised, so that the self-check runs what training will run; other modules
  // of this process are compiled as ever.
  for (const flag of WIDE_FLAGS) setFlagsFromString(flag);
  try {
    return await WebAssembly.compile(bytes);
  } finally {
    for (const flag of USUAL_FLAGS) setFlagsFromString(flag);
  }
}

/** Node 24 ends a process that waits for nothing but a compilation of WebAssembly; a timer keeps it. */
async function keepingAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 2 ** 30);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
const WIDE_FLAGS = ['--experimental-wasm-revectorize', '--no-liftoff', '--no-wasm-lazy-compilation'];
const USUAL_FLAGS = ['--no-experimental-wasm-revectorize', '--liftoff', '--wasm-lazy-compilation'];

async function bytesOf(unpack: Unpack, stored: StoredBuild): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await unpack(stored));
}
