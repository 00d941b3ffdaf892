import type { WorkerCommand, WorkerReply } from '../protocol.js';

/** A worker of either kind, seen from the thread that started it. */
export interface WorkerHandle {
  post(command: WorkerCommand): void;
  /** Whether the worker keeps the program alive: it does while it has work, not while it is idle. */
  keepAlive(busy: boolean): void;
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  readonly onReply: (reply: WorkerReply) => void;
  /** The worker ended or threw; nothing more comes from it. */
  readonly onError: (message: string) => void;
}

/** Builds of the kernels: 256 bits by V8's revectorization, 128 bits with fused multiply-add, 128 bits. */
export type BuildName = 'wide' | 'relaxed' | 'simd';

/** A build as it is kept in the package. */
export interface StoredBuild {
  /** Builds that are stored together, each in so many pieces that take turns, deflated, as base64. */
  readonly data: string;
  readonly pieces: number;
  /** Bytes of each of them, and which one this is. */
  readonly lengths: readonly number[];
  readonly index: number;
  /** Index of the byte that says whether the module's memory is shared. */
  readonly sharedFlag: number;
}

/** What differs between Node and browsers. */
export interface Platform {
  /** Starts a worker from the text of a script. */
  startWorker(source: string, events: WorkerEvents): WorkerHandle;
  /** Number of threads that this machine runs at once. */
  hardwareThreads(): number;
  /** Whether memory may be shared with workers. */
  canShareMemory(): boolean;
  /**
   * Compiles a build of the kernels with what the JavaScript engine has but does not offer unasked.
   *
   * @param unpack turns the stored build into the bytes of a module.
   * @returns undefined where this build cannot run here.
   */
  compile(
    build: BuildName,
    unpack: (stored: StoredBuild) => Promise<Uint8Array>,
  ): Promise<WebAssembly.Module | undefined>;
}
