import { FoveaError } from './errors.js';

/** Throws `aborted` where the caller has asked to stop. */
export function throwIfAborted(where: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(where, signal);
}

/** The error of something that the caller asked to stop. */
export function abortError(where: string, signal: AbortSignal): FoveaError {
  return new FoveaError('aborted', { where, rule: 'it was asked to stop', cause: signal.reason });
}

/** The promise's value; rejects as soon as the signal is given, without waiting for it. */
export async function unlessAborted<T>(
  where: string,
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return promise;
  throwIfAborted(where, signal);
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortError(where, signal));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
    promise.catch(() => undefined);
  }
}
