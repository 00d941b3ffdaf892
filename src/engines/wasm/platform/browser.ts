import { relaxed, simd } from '../generated/narrow.js';
import type { WorkerReply } from '../protocol.js';
import type { Platform } from './platform.js';

/** Browsers: the script comes from a Blob, so that no file has to be found; memory is shared on isolated pages only. */
export const platform: Platform = {
  startWorker: (source, events) => {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.addEventListener('message', (event: MessageEvent<WorkerReply>) => events.onReply(event.data));
    worker.addEventListener('error', (event) => events.onError(event.message || 'the worker could not be started'));
    return {
      post: (command) => worker.postMessage(command),
      keepAlive: () => {},
      terminate: async () => {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  },
  hardwareThreads: () => navigator.hardwareConcurrency ?? 1,
  canShareMemory: () => globalThis.crossOriginIsolated === true,
  compile: async (build, unpack) => {
    if (build === 'wide') return undefined;
    return WebAssembly.compile(new Uint8Array(await unpack(build === 'relaxed' ? relaxed : simd)));
  },
};
