import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { WorkerReply } from '../protocol.js';
import type { Platform } from './platform.js';

/** Node: worker_threads; relaxed SIMD stands behind a flag in Node 20. */
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
  enableWasmFeatures: async () => {
    if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
  },
};
