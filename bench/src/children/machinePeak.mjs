import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import asc from 'assemblyscript/asc';

const LOOPS = 500_000;
const ROUNDS = 40;
const LANES = 4;

/**
 * A loop of multiply-adds that depend on nothing but themselves: enough chains to keep every unit busy, few enough to stay
 * in registers. Neighbours are loaded and stored side by side, so that V8 can make one 256-bit chain of two.
 */
function loopSource(chains) {
  const each = (line) => Array.from({ length: chains }, (_, i) => `  ${line(i)}\n`).join('');
  return `export function chains(at: usize, loops: i32): void {
  const a0 = v128.load(at), a1 = v128.load(at, 16), b0 = v128.load(at, 32), b1 = v128.load(at, 48);
${each((i) => `let s${i} = v128.load(at, ${64 + 16 * i});`)}
  for (let i = 0; i < loops; i++) {
${each((i) => `  s${i} = f32x4.relaxed_madd(s${i}, a${i % 2}, b${i % 2});`)}
  }
${each((i) => `v128.store(at, s${i}, ${64 + 16 * i});`)}
}
`;
}

async function compile(chains) {
  let binary;
  const features = ['simd', 'relaxed-simd'].flatMap((feature) => ['--enable', feature]);
  const options = ['--outFile', 'peak.wasm', '--runtime', 'stub', '--importMemory', '--noExportMemory', '-O3'];
  const { error, stderr } = await asc.main(['peak.ts', ...options, ...features], {
    readFile: (name) => (name === 'peak.ts' ? loopSource(chains) : null),
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm')) binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`the peak loop does not compile: ${error.message}\n${stderr}`);
  return WebAssembly.compile(binary);
}

const WORKER = `
const { parentPort, workerData: { module, loops, rounds } } = require('node:worker_threads');
const memory = new WebAssembly.Memory({ initial: 1 });
new Float32Array(memory.buffer).fill(0.5);
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
for (let i = 0; i < 1000; i++) exports.chains(0, 1000); // until V8 has optimized it
const seconds = [];
for (let i = 0; i < rounds; i++) {
  const start = performance.now();
  exports.chains(0, loops);
  seconds.push((performance.now() - start) / 1000);
}
parentPort.postMessage(Math.min(...seconds));
`;

/** GFLOP/s of the loop on so many threads at the same time, added up. */
async function measure(chains, threads) {
  const workerData = { module: await compile(chains), loops: LOOPS, rounds: ROUNDS };
  const seconds = await Promise.all(
    Array.from(
      { length: threads },
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(WORKER, { eval: true, workerData });
          worker.once('message', resolve).once('error', reject);
        }),
    ),
  );
  return seconds.reduce((sum, one) => sum + (2 * LANES * chains * LOOPS) / one / 1e9, 0);
}

/**
 * The most that WebAssembly gets out of this machine: `narrow` with 128-bit multiply-adds, `wide` where this Node's V8 makes
 * 256-bit ones of pairs. GFLOP/s on all threads.
 */
export async function measurePeak({ threads }) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const narrow = await measure(10, threads);
  if (major < 24) return { narrow };
  setFlagsFromString('--experimental-wasm-revectorize');
  return { narrow, wide: await measure(20, threads) };
}
