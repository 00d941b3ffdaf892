// `npm run build`, which `npm ci` runs too: the kernels to WebAssembly, then TypeScript to dist/, without the tests.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const wasm = join(root, 'src/engines/wasm');
const stamp = join(root, 'node_modules/.cache/fovea/kernels.sha256');

async function timed(name, step) {
  const start = performance.now();
  const done = await step();
  process.stdout.write(`${name}: ${done}, ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

/** A digest of all that the kernels are made from: they take most of the time, and seldom change. */
async function kernelInputs() {
  const hash = createHash('sha256');
  const folders = [wasm, join(wasm, 'kernels')];
  const files = [join(root, 'scripts/buildKernels.mjs'), join(root, 'package-lock.json')];
  for (const folder of folders) {
    for (const name of (await readdir(folder)).sort()) if (name.endsWith('.ts')) files.push(join(folder, name));
  }
  for (const file of files) hash.update(file.slice(root.length)).update(await readFile(file));
  return hash.digest('hex');
}

async function buildKernels() {
  const inputs = await kernelInputs();
  const built = await readFile(stamp, 'utf8').catch(() => '');
  const outputs = ['wide.ts', 'narrow.ts', 'kernelNames.ts', 'workerSource.ts'].map((name) =>
    join(wasm, 'generated', name),
  );
  if (built === inputs && outputs.every((output) => existsSync(output))) return 'unchanged since the last build';
  const { buildKernels: compile } = await import('./buildKernels.mjs');
  const { kernels, bytes } = await compile();
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, inputs);
  return `${kernels} kernels, ${(bytes / 1024).toFixed(0)} kB of WebAssembly in all builds`;
}

/** Files of dist/ whose source is gone, or has become a helper of tests, would otherwise be published. */
async function removeStale(dist) {
  const names = await readdir(dist, { recursive: true });
  const isStale = (name) => {
    const base = name.match(/^(.*?)(\.d\.ts|\.js)(\.map)?$/)?.[1];
    if (base === undefined) return false;
    return base.split(sep).includes('testing') || !existsSync(join(root, 'src', `${base}.ts`));
  };
  const stale = names.filter(isStale);
  await Promise.all(stale.map((name) => rm(join(dist, name))));
  return names.filter((name) => name.endsWith('.js')).length - stale.filter((name) => name.endsWith('.js')).length;
}

async function compileTypeScript() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`the types do not fit:\n${stdout}${stderr}`);
  return `${await removeStale(join(root, 'dist'))} modules to dist/`;
}

try {
  await timed('kernels', buildKernels);
  await timed('tsc', compileTypeScript);
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
