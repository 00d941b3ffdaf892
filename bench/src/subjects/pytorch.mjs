import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const NAME = 'PyTorch';
const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'pytorch.py');
/** Debian's python3-torch is for Debian's Python; FOVEA_BENCH_PYTHON names another. */
const PYTHON = process.env.FOVEA_BENCH_PYTHON ?? '/usr/bin/python3';

/**
 * PyTorch on the CPU in a process of its own, which waits, asleep, while others are measured. One line of JSON is asked,
 * one is answered; the times are taken over there.
 */
export async function openPytorch(network, { threads }) {
  const child = spawn(PYTHON, [SCRIPT], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  child.stdin.on('error', () => {}); // its end is reported by the missing answer
  const failed = new Promise((resolve) => child.on('error', (error) => resolve({ unavailable: error.message })));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const ask = async (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = await Promise.race([lines.next(), failed]);
    if (answer.unavailable !== undefined) return answer;
    if (answer.done) throw new Error(`${PYTHON} ended early:\n${errors.trim()}`);
    return JSON.parse(answer.value);
  };

  const { version, unavailable, ...details } = await ask({ open: network, threads });
  if (unavailable !== undefined) {
    child.stdin.end();
    return { name: NAME, unavailable: `${PYTHON}: ${unavailable}` };
  }
  return {
    name: NAME,
    version,
    details,
    run: async (steps) => (await ask({ run: steps })).seconds,
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
