import { throwIfAborted } from '../tensor/abort.js';

/**
 * Calls `run` with a few items at a time, one call after another.
 *
 * @throws FoveaError `aborted` where the signal is given, between two calls.
 */
export async function inBatches<T, R>(
  items: readonly T[],
  size: number,
  signal: AbortSignal | undefined,
  run: (some: readonly T[], first: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let first = 0; first < items.length; first += size) {
    throwIfAborted('explain', signal);
    results.push(await run(items.slice(first, first + size), first));
  }
  return results;
}
