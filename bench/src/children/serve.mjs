import { createInterface } from 'node:readline';

/** Answers each line of JSON with a line of JSON until the input ends; whatever a library prints goes to the error output. */
export async function serve(answer) {
  const say = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await Promise.resolve(answer(JSON.parse(line))).catch((error) => ({ failed: String(error.stack) }));
    say(`${JSON.stringify(reply)}\n`);
  }
  process.exit(0); // a peer's threads may still wait for work
}

/** Seconds of each of `steps` steps, or of as many as were begun within `limit` seconds. */
export async function timed(step, steps, limit) {
  const seconds = [];
  const begin = performance.now();
  while (seconds.length < steps && (seconds.length === 0 || performance.now() - begin < 1000 * limit)) {
    const start = performance.now();
    await step();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

/** Most memory that this process has held, in bytes. */
export const peakMemory = () => process.resourceUsage().maxRSS * 1024;
