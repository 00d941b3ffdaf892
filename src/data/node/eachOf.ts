/** Calls `action` with 0 … count − 1, at most `atOnce` at the same time. */
export async function eachOf(count: number, atOnce: number, action: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await action(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
}
