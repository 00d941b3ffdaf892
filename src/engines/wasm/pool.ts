import { platform } from '#platform';
import { FoveaError } from '../../tensor/errors.js';
import { workerSource } from './generated/workerSource.js';
import type { WorkerHandle } from './platform/platform.js';
import type { MemoryRead, MemoryWrite, WorkerCommand, WorkerReply } from './protocol.js';

/** One run of a step table with what goes into memory before it and what comes out after it. */
export interface Job {
  readonly table: number;
  readonly steps: number;
  readonly control: number;
  readonly writes: readonly MemoryWrite[];
  readonly reads: readonly MemoryRead[];
}

export interface JobResult {
  readonly complete: boolean;
  readonly reads: readonly Uint8Array[];
}

const PAGE = 65536;
/** wasm32 reaches 4 GiB; the last page is left free so that a vector load past an array's end stays inside. */
const MAX_PAGES = 65535;
/** Bytes that an engine can hold together. */
export const MEMORY_LIMIT = (MAX_PAGES - 1) * PAGE;

/** Pages that shared memory may grow to: browsers on small devices may refuse the whole 4 GiB. */
const PAGE_LIMITS = [65536, 32768, 16384];

/**
 * The workers of one engine and the memory that they work on. With shared memory this thread writes and reads it
 * directly and every worker walks the same table; without it, one worker owns the memory and all goes by message.
 */
export class WorkerPool {
  readonly threads: number;
  readonly #memory: WebAssembly.Memory | undefined;
  readonly #workers: WorkerHandle[];
  readonly #pending: ((reply: WorkerReply) => void)[] = [];
  #pages: number;
  #failure: FoveaError | undefined;

  private constructor(threads: number, memory: WebAssembly.Memory | undefined, pages: number) {
    this.threads = threads;
    this.#memory = memory;
    this.#pages = pages;
    this.#workers = Array.from({ length: threads }, (_, index) =>
      platform.startWorker(workerSource, {
        onReply: (reply) => (reply.type === 'failed' ? this.#fail(reply.message) : this.#pending[index]?.(reply)),
        onError: (message) => this.#fail(message),
      }),
    );
  }

  /** Starts the workers; resolves when all have the kernels. */
  static async start(module: WebAssembly.Module, threads: number, shared: boolean): Promise<WorkerPool> {
    const memory = shared ? newSharedMemory() : undefined;
    const pool = new WorkerPool(shared ? threads : 1, memory, 16);
    await pool.#ask(() => ({ type: 'start', module, memory, pages: 16 }));
    return pool;
  }

  /** Makes sure that addresses below `bytes` exist. */
  async reach(bytes: number): Promise<void> {
    const pages = Math.ceil(bytes / PAGE) + 1;
    if (pages <= this.#pages) return;
    let grown = pages <= MAX_PAGES;
    if (grown && this.#memory !== undefined) {
      try {
        this.#memory.grow(pages - this.#pages);
      } catch {
        grown = false;
      }
    } else if (grown) {
      const [reply] = await this.#ask(() => ({ type: 'grow', pages }));
      grown = reply?.type === 'done' && reply.complete;
    }
    if (!grown) {
      throw new FoveaError('memory', {
        where: 'wasm engine',
        rule: `${megabytes(bytes)} MB of memory are needed, more than can be had (WebAssembly reaches 4,096 MB)`,
        remedy: 'Use a smaller batch, smaller images or a smaller network',
        data: { bytes },
      });
    }
    this.#pages = pages;
  }

  async run(job: Job): Promise<JobResult> {
    const buffer = this.#memory?.buffer;
    if (buffer !== undefined) {
      for (const { at, bytes } of job.writes) new Uint8Array(buffer, at, bytes.length).set(bytes);
    }
    const direct = buffer !== undefined;
    let complete = true;
    let reads: readonly Uint8Array[] = [];
    if (!direct || job.steps > 0) {
      const replies = await this.#ask((thread) => ({
        type: 'run',
        table: job.table,
        steps: job.steps,
        control: job.control,
        thread,
        threads: this.threads,
        writes: direct ? [] : job.writes.map(ownBytes),
        reads: direct ? [] : job.reads,
      }));
      const first = replies[0] as Extract<WorkerReply, { type: 'done' }>;
      ({ complete, reads } = first);
    }
    if (direct) reads = job.reads.map(({ at, length }) => new Uint8Array(buffer, at, length).slice());
    return { complete, reads };
  }

  async close(): Promise<void> {
    this.#failure ??= new FoveaError('engine', { where: 'wasm engine', rule: 'the engine has been closed' });
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Sends one command to each worker and waits for all answers. */
  async #ask(command: (thread: number) => WorkerCommand): Promise<WorkerReply[]> {
    if (this.#failure !== undefined) throw this.#failure;
    for (const worker of this.#workers) worker.keepAlive(true);
    try {
      const replies = await Promise.all(
        this.#workers.map(
          (worker, index) =>
            new Promise<WorkerReply>((resolve) => {
              this.#pending[index] = resolve;
              worker.post(command(index));
            }),
        ),
      );
      if (this.#failure !== undefined) throw this.#failure;
      return replies;
    } finally {
      for (const worker of this.#workers) worker.keepAlive(false);
    }
  }

  /** A worker ended or threw: nothing that waits would ever be answered, so everything is. */
  #fail(message: string): void {
    this.#failure ??= new FoveaError('engine', {
      where: 'wasm engine',
      rule: `a worker failed: ${message}`,
      remedy: 'Create a new engine; if it happens again, please report it with the network that caused it',
    });
    for (const resolve of this.#pending) resolve({ type: 'failed', message });
    for (const worker of this.#workers) void worker.terminate();
  }
}

/** A message copies the whole buffer behind a view, so a part is cut out first. */
function ownBytes({ at, bytes }: MemoryWrite): MemoryWrite {
  return bytes.byteLength === bytes.buffer.byteLength ? { at, bytes } : { at, bytes: bytes.slice() };
}

function newSharedMemory(): WebAssembly.Memory {
  let cause: unknown;
  for (const maximum of PAGE_LIMITS) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared: true });
    } catch (error) {
      cause = error;
    }
  }
  throw new FoveaError('memory', { where: 'wasm engine', rule: 'shared memory could not be reserved', cause });
}

function megabytes(bytes: number): string {
  return Math.ceil(bytes / 2 ** 20).toLocaleString('en-US');
}
