import type { WorkerCommand, WorkerReply } from './protocol.js';

/**
 * What runs in a worker: instantiates the kernels over a memory, shared or its own, and walks programs on command.
 * Node's worker_threads and the browser's Worker look alike after the first lines.
 */

interface Port {
  postMessage(message: WorkerReply, transfer?: Transferable[]): void;
}
interface Kernels {
  run(table: number, steps: number, control: number, thread: number, threads: number): number;
}

interface NodePort extends Port {
  on(event: 'message', listener: (data: WorkerCommand) => void): void;
}
interface Scope {
  readonly process?: { readonly getBuiltinModule?: (name: string) => { readonly parentPort: NodePort } | undefined };
}

// Not by `require`: where the script is made for browsers, a bundler puts a function of that name in its place.
const nodePort = (globalThis as Scope).process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
const port: Port = nodePort ?? (globalThis as unknown as Port);
let kernels: Kernels | undefined;
let memory: WebAssembly.Memory | undefined;

function handle(command: WorkerCommand): void {
  switch (command.type) {
    case 'start': {
      memory = command.memory ?? new WebAssembly.Memory({ initial: command.pages, maximum: 65536 });
      void WebAssembly.instantiate(command.module, { env: { memory } }).then(
        (instance) => {
          kernels = instance.exports as unknown as Kernels;
          port.postMessage({ type: 'started' });
        },
        (error: unknown) => port.postMessage({ type: 'failed', message: String(error) }),
      );
      return;
    }
    case 'run': {
      const { buffer } = memory as WebAssembly.Memory;
      for (const { at, bytes } of command.writes) new Uint8Array(buffer, at, bytes.length).set(bytes);
      const { table, steps, control, thread, threads } = command;
      const complete = steps === 0 || (kernels as Kernels).run(table, steps, control, thread, threads) === 1;
      const reads = command.reads.map(({ at, length }) => new Uint8Array(buffer, at, length).slice());
      port.postMessage(
        { type: 'done', complete, reads },
        reads.map((bytes) => bytes.buffer),
      );
      return;
    }
    case 'grow': {
      const { buffer } = memory as WebAssembly.Memory;
      try {
        (memory as WebAssembly.Memory).grow(Math.max(0, command.pages - buffer.byteLength / 65536));
        port.postMessage({ type: 'done', complete: true, reads: [] });
      } catch {
        port.postMessage({ type: 'done', complete: false, reads: [] });
      }
    }
  }
}

function guarded(command: WorkerCommand): void {
  try {
    handle(command);
  } catch (error) {
    port.postMessage({ type: 'failed', message: String(error) });
  }
}

if (nodePort !== undefined) nodePort.on('message', guarded);
else globalThis.addEventListener('message', (event) => guarded((event as MessageEvent<WorkerCommand>).data));
