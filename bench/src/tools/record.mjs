import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { bench, root } from './paths.mjs';

/** The commit that was measured; `+` after it where sources differ from it. */
function measuredCommit() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const changed = git('status', '--porcelain', '--', 'src', 'scripts', 'bench/src').trim() !== '';
    return `${git('rev-parse', '--short=12', 'HEAD').trim()}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** Writes a run to `results/<date and time>.json` and returns where, from the project's folder. */
export async function record(run) {
  const date = new Date().toISOString();
  const path = join(bench, 'results', `${date.slice(0, 16).replace(':', '')}.json`);
  await mkdir(join(bench, 'results'), { recursive: true });
  const text = JSON.stringify({ date, commit: measuredCommit(), ...run }, null, 2);
  // Lists of numbers on one line: a file that can be read and compared.
  const compact = text.replace(/\[[\d\s.,-]+\]/g, (list) =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  );
  await writeFile(path, `${compact}\n`);
  return relative(root, path);
}
