// Compiles the kernels (AssemblyScript) to WebAssembly, once per build, and writes them into
// src/engines/wasm/generated as TypeScript, so that nothing has to be fetched or located at run time.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { build as bundle } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const kernels = join(root, 'src/engines/wasm/kernels');
const generated = join(root, 'src/engines/wasm/generated');
const run = promisify(execFile);

const BUILDS = [
  { name: 'wide', relaxed: true, wide: true },
  { name: 'relaxed', relaxed: true, wide: false },
  { name: 'simd', relaxed: false, wide: false },
];

/** Functions `export function name(p: usize, item: i32, thread: i32): void` are kernels that a step may call. */
async function findKernels() {
  const found = [];
  for (const file of (await readdir(kernels)).filter((name) => name.endsWith('.ts')).sort()) {
    const source = await readFile(join(kernels, file), 'utf8');
    for (const [, name] of source.matchAll(/export function (\w+)\(p: usize, item: i32, _?thread: i32\): void/g)) {
      found.push({ name, file: file.replace(/\.ts$/, '') });
    }
  }
  return found;
}

async function writeIfChanged(path, text) {
  await mkdir(dirname(path), { recursive: true });
  const old = await readFile(path, 'utf8').catch(() => undefined);
  if (old !== text) await writeFile(path, text);
}

function dispatchSource(found) {
  const imports = found.map(({ name, file }) => `import { ${name} } from '../${file}';`);
  const cases = found.map(({ name }, i) => `    case ${i}: ${name}(p, item, thread); break;`);
  return `${imports.join('\n')}

export function dispatch(kernel: i32, p: usize, item: i32, thread: i32): void {
  switch (kernel) {
${cases.join('\n')}
  }
}
`;
}

/** Compiles a copy of the sources, so that nothing in the tree changes before all of it has compiled. */
async function compile(folder, { name, relaxed, wide }, dispatch) {
  const sources = join(folder, name);
  await cp(kernels, sources, { recursive: true });
  await writeIfChanged(
    join(sources, 'generated/build.ts'),
    `export const RELAXED: bool = ${relaxed};\nexport const WIDE: bool = ${wide};\n`,
  );
  await writeIfChanged(join(sources, 'generated/dispatch.ts'), dispatch);
  const out = `${sources}.wasm`;
  const features = ['threads', 'simd', 'bulk-memory', ...(relaxed ? ['relaxed-simd'] : [])];
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const options = [
    join(sources, 'runtime.ts'),
    ...['--outFile', out, '--runtime', 'stub', '--importMemory', '--sharedMemory', '--maximumMemory', '65536'],
    ...['--noExportMemory', '--use', 'abort=', '-O3'],
    ...features.flatMap((feature) => ['--enable', feature]),
  ];
  await run(process.execPath, [asc, ...options], { cwd: root, maxBuffer: 1 << 24 }).catch((error) => {
    throw new Error(`the kernels do not compile (${name}):\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  });
  return readFile(out);
}

/** Where the import of the memory says that it is shared (3: a maximum, and shared; 1: a maximum). */
function sharedFlag(wasm) {
  const entry = Buffer.concat([Buffer.of(3), Buffer.from('env'), Buffer.of(6), Buffer.from('memory'), Buffer.of(2)]);
  const at = wasm.indexOf(entry) + entry.length;
  if (wasm[at] !== 3) throw new Error('the memory import is not where it should be');
  return at;
}

/** Which builds are stored together: wide is for Node alone, and not in bundles for browsers. */
const FILES = { wide: ['wide'], narrow: ['relaxed', 'simd'] };
/** Pieces that each of several builds is cut into. */
const PIECES = 16;

/**
 * Builds as TypeScript: cut into pieces that take turns, so that like parts of builds lie within the 32 KiB that deflating looks
 * back. The second of two builds then takes little more room.
 */
function storedSource(names, builds) {
  const lengths = builds.map(({ length }) => length);
  const pieces = Array.from({ length: PIECES }, (_, p) =>
    builds.map((bytes) =>
      bytes.subarray(Math.floor((p * bytes.length) / PIECES), Math.floor(((p + 1) * bytes.length) / PIECES)),
    ),
  );
  const text = deflateRawSync(Buffer.concat(pieces.flat()), { level: 9 }).toString('base64');
  const stored = names.map((name, i) => {
    const fields = `data, lengths, pieces: ${PIECES}, index: ${i}, sharedFlag: ${sharedFlag(builds[i])}`;
    return `export const ${name} = { ${fields} };`;
  });
  const lines = [
    '/** Builds of the kernels, in pieces that take turns, deflated, as base64: made by scripts/buildKernels.mjs. */',
    `const data =\n  '${text}';`,
    `const lengths = [${lengths.join(', ')}];`,
    ...stored,
    '',
  ];
  return lines.join('\n');
}

export async function buildKernels() {
  const found = await findKernels();
  const dispatch = dispatchSource(found);
  const folder = await mkdtemp(join(tmpdir(), 'fovea-kernels-'));
  const outputs = [];
  let bytes = 0;
  try {
    const compiled = await Promise.all(BUILDS.map((build) => compile(folder, build, dispatch)));
    for (const [file, names] of Object.entries(FILES)) {
      const builds = names.map((name) => compiled[BUILDS.findIndex((build) => build.name === name)]);
      bytes += builds.reduce((sum, { length }) => sum + length, 0);
      outputs.push([join(generated, `${file}.ts`), storedSource(names, builds)]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const names = found.map(({ name }) => `  '${name}',`).join('\n');
  const worker = await bundle({
    entryPoints: [join(root, 'src/engines/wasm/worker.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  for (const [path, text] of outputs) await writeIfChanged(path, text);
  await writeIfChanged(
    join(generated, 'kernelNames.ts'),
    `/** Kernels by number: made by scripts/buildKernels.mjs. */\nexport const kernelNames = [\n${names}\n] as const;\n`,
  );
  await writeIfChanged(
    join(generated, 'workerSource.ts'),
    `/** The worker as a script: made by scripts/buildKernels.mjs. */\nexport const workerSource = ${JSON.stringify(worker.outputFiles[0].text.trim())};\n`,
  );
  return { kernels: found.length, bytes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const start = performance.now();
  const { kernels: count, bytes } = await buildKernels();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`kernels: ${count} in ${BUILDS.length} builds, ${(bytes / 1024).toFixed(0)} kB, ${seconds} s\n`);
}
