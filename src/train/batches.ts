import type { Batch, BatchSource, Dataset } from '../data/dataset.js';
import { nextTask } from '../tensor/nextTask.js';

/** Gives one batch after the other, and undefined after the last. */
export interface Batches {
  next(): Promise<Batch | undefined>;
  /** Lets go of what the batches come from. */
  close(): Promise<void>;
  /** Told how long somebody waited for the next batch. */
  onWaited?(seconds: number): void;
}

/** How many batches a data set is told of before they are asked for. */
const BATCHES_AHEAD = 3;

/**
 * The examples of a data set in a given order, from batch number `first` on; the last batch may be short.
 *
 * @param epoch for training: see `Dataset.batch`.
 */
export function datasetBatches(
  dataset: Dataset,
  order: Uint32Array,
  batchSize: number,
  first = 0,
  epoch?: number,
): Batches {
  let start = first * batchSize;
  return {
    next: async () => {
      if (start >= order.length) return undefined;
      const indices = order.slice(start, start + batchSize);
      start += batchSize;
      const batch = dataset.batch(indices, epoch);
      dataset.expect?.(order.subarray(start, start + BATCHES_AHEAD * batchSize));
      return batch;
    },
    close: async () => undefined,
    onWaited: (seconds) => dataset.onWaited?.(seconds),
  };
}

/** The batches of one epoch of a stream; the first `skip` are made and dropped. At most `limit` batches in all. */
export function sourceBatches(
  source: BatchSource,
  epoch: number,
  skip: number,
  limit = Number.POSITIVE_INFINITY,
): Batches {
  const iterable = source(epoch);
  const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  let count = 0;
  const next = async (): Promise<Batch | undefined> => {
    if (count >= limit) return undefined;
    count++;
    const { done, value } = await iterator.next();
    return done ? undefined : value;
  };
  return {
    next: async () => {
      while (count < skip) if ((await next()) === undefined) return undefined;
      return next();
    },
    close: async () => void (await iterator.return?.()),
  };
}

/** Fetches the next batch while the engine works on the present one. */
export class Prefetch {
  readonly #batches: Batches;
  #pending: Promise<Batch | undefined> | undefined;

  constructor(batches: Batches) {
    this.#batches = batches;
  }

  /** The next batch: the one that was fetched ahead, where there is one. */
  async take(): Promise<Batch | undefined> {
    const began = performance.now();
    const next = this.#pending ?? this.#batches.next();
    this.#pending = undefined;
    const batch = await next;
    this.#batches.onWaited?.((performance.now() - began) / 1000);
    return batch;
  }

  /** Begins to fetch the next batch, once what was asked of the engine is on its way. */
  fetch(): void {
    this.#pending = nextTask().then(() => this.#batches.next());
    // Who takes the batch gets its error; nobody may take it any more.
    this.#pending.catch(() => undefined);
  }

  /** Lets go of the batches, without waiting for one that is on its way and may never come. */
  close(): void {
    this.#batches.close().catch(() => undefined);
  }
}
