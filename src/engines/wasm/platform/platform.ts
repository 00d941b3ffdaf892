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

/** What differs between Node and browsers. */
export interface Platform {
  /** Starts a worker from the text of a script. */
  startWorker(source: string, events: WorkerEvents): WorkerHandle;
  /** Number of threads that this machine runs at once. */
  hardwareThreads(): number;
  /** Whether memory may be shared with workers. */
  canShareMemory(): boolean;
  /** Switches on what the JavaScript engine has but does not offer unasked; harmless where it is on already. */
  enableWasmFeatures(): Promise<void>;
}
