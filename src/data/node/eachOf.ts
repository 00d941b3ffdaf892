/**
 * Calls `action` with 0 … count − 1, at most `atOnce` at the same time. Where one fails no further ones begin, and those that have
 * begun are waited for, before its error is thrown.
 */
export async function eachOf(count: number, atOnce: number, action: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    try {
      while (next < count) await action(next++);
    } finally {
      // Ends the others too where an action failed.
      next = count;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, count) }, work));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
