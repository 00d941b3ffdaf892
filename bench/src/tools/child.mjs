import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * A process that answers a line of JSON for each line of JSON, and waits, asleep, while others are measured. Nothing is shared
 * with the others but the machine.
 */
export function startChild(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-4000);
  });
  child.stdin.on('error', () => {}); // its end is reported by the missing answer
  const failed = new Promise((resolve) => child.on('error', (error) => resolve({ unavailable: error.message })));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await Promise.race([lines.next(), failed]);
      if (answer.unavailable !== undefined) return answer;
      if (answer.done) throw new Error(`${[command, ...args].join(' ')} ended early:\n${errors.trim()}`);
      const parsed = JSON.parse(answer.value);
      if (parsed.failed !== undefined) throw new Error(parsed.failed);
      return parsed;
    },
    end: async () => {
      child.stdin.end();
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
