import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../tools/paths.mjs';
import { round } from '../tools/stats.mjs';

const run = promisify(execFile);
const QUIET = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];

async function folderBytes(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}

async function packagesIn(folder) {
  const { stdout } = await run('npm', ['ls', '--all', '--parseable', ...QUIET], { cwd: folder });
  return stdout.trim().split('\n').length - 1;
}

/** What `npm install fovea` brings: packed, then installed into an empty folder with an empty cache. */
export async function installSize() {
  const title = 'Installing the package without development dependencies, empty cache';
  if (!existsSync(join(root, 'dist/index.js'))) {
    return { title, notes: ['left out: there is no dist/index.js; run npm run build first'] };
  }
  const folder = await mkdtemp(join(tmpdir(), 'fovea-install-'));
  try {
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...QUIET],
      {
        cwd: root,
        maxBuffer: 1 << 26,
      },
    );
    const [packed] = Object.values(JSON.parse(stdout));
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    const start = performance.now();
    const tarball = join(folder, packed.filename);
    await run('npm', ['install', tarball, '--omit=dev', '--cache', join(folder, 'cache'), ...QUIET], { cwd: folder });
    const seconds = round((performance.now() - start) / 1000, 1);
    const measured = {
      seconds,
      installedMB: round((await folderBytes(join(folder, 'node_modules'))) / 1e6, 2),
      packages: await packagesIn(folder),
      tarballMB: round(packed.size / 1e6, 3),
    };
    return { title, rows: [measured], ...measured };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
