/** Bytes to put into memory before a run. */
export interface MemoryWrite {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Bytes to take out of memory after a run. */
export interface MemoryRead {
  readonly at: number;
  readonly length: number;
}

/** What the engine tells a worker. */
export type WorkerCommand =
  | {
      readonly type: 'start';
      readonly module: WebAssembly.Module;
      /** The memory that all workers share; without it the worker makes one of its own. */
      readonly memory: WebAssembly.Memory | undefined;
      readonly pages: number;
    }
  | {
      readonly type: 'run';
      /** Address and length of the step table; no steps: only writes and reads. */
      readonly table: number;
      readonly steps: number;
      readonly control: number;
      readonly thread: number;
      readonly threads: number;
      /** Used only without shared memory. */
      readonly writes: readonly MemoryWrite[];
      readonly reads: readonly MemoryRead[];
    }
  | { readonly type: 'grow'; readonly pages: number };

/** What a worker answers. */
export type WorkerReply =
  | { readonly type: 'started' }
  | { readonly type: 'done'; readonly complete: boolean; readonly reads: readonly Uint8Array[] }
  | { readonly type: 'failed'; readonly message: string };
