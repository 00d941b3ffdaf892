// `npm run check`: everything about the source that a machine can judge without running it, cheapest first. It stops at
// the first kind of failure and shows all of that kind. `npm run check -- --fix` also formats and applies safe fixes.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const options = process.argv.slice(2);
const unknown = options.find((option) => option !== '--fix');
if (unknown !== undefined) {
  process.stderr.write(`check: unknown option ${unknown}; the only one is --fix\n`);
  process.exit(2);
}
const fix = options.includes('--fix');

const bin = (path) => join(root, 'node_modules', path);
const biome = [
  'check',
  '--error-on-warnings',
  '--diagnostic-level=warn',
  '--max-diagnostics=none',
  ...(fix ? ['--write'] : []),
];
const STEPS = [
  {
    name: 'imports',
    what: 'direction, cycles, node-only files, size',
    command: [join(root, 'scripts/checkImports.mjs')],
  },
  { name: 'style', what: 'format and lint', command: [bin('@biomejs/biome/bin/biome'), ...biome] },
  { name: 'types', what: 'tsc', command: [bin('typescript/bin/tsc'), '--noEmit'] },
  { name: 'exports', what: 'what nothing uses', command: [bin('knip/bin/knip.js'), '--no-progress'] },
];

const started = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

for (const { name, what, command } of STEPS) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const passed = status === 0;
  process.stdout.write(`${passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(8)}${seconds(start).padStart(7)}  ${what}\n`);
  if (!passed) {
    process.stdout.write(`\n${stdout ?? ''}${stderr ?? ''}\n`);
    process.exit(1);
  }
}
process.stdout.write(`all in ${seconds(started)}\n`);
