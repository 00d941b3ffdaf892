import { platform } from '#platform';
import { conv2d } from '../../ops/conv2d.js';
import { Graph } from '../../ops/graph.js';
import { matMul } from '../../ops/matMul.js';
import { opTable } from '../../ops/table.js';
import { FoveaError } from '../../tensor/errors.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Engine } from '../engine.js';
import { interpret } from '../reference/interpret.js';
import type { LoweringOptions } from './lowering.js';
import type { BuildName, StoredBuild } from './platform/platform.js';
import { WorkerPool } from './pool.js';
import { noBuildRuns, WasmEngine } from './wasmEngine.js';

/** Builds of the kernels, fastest first. */
const BUILDS: readonly WasmBuild[] = ['wide', 'relaxed', 'simd'];
/** Which build of the kernels; see {@link WasmEngineOptions.build}. */
export type WasmBuild = BuildName;

/** What an engine calls its build. */
const BUILD_TITLES = { wide: '256-bit relaxed SIMD', relaxed: 'relaxed SIMD', simd: 'SIMD' } as const;

export interface WasmEngineOptions {
  /** Threads that compute, 1 to 64. @default all that the machine runs at once, at most 16 */
  readonly threads?: number;
  /**
   * Forces one build: `wide` (256 bits, Node 24 and later), `relaxed` (fused multiply-add) or `simd`.
   * @default the fastest that passes its self-check
   */
  readonly build?: WasmBuild;
  /** False: one worker with a memory of its own, as on a page without cross-origin isolation. @default where possible */
  readonly shared?: boolean;
  /**
   * How 3 × 3 convolutions with stride 1 are computed: `direct` rounds least, `winograd` (F(4×4, 3×3)) needs a quarter of
   * the products, `auto` takes the faster for each layer. @default 'auto'
   */
  readonly convolution?: 'auto' | 'direct' | 'winograd';
}

/**
 * Starts the WebAssembly engine: workers, memory, and the fastest build of the kernels that gives right results here.
 *
 * @throws FoveaError `engine` where none does, `option` for options out of range.
 */
export async function createWasmEngine(options: WasmEngineOptions = {}): Promise<Engine> {
  const shared = options.shared ?? platform.canShareMemory();
  const threads = options.threads ?? Math.min(16, platform.hardwareThreads());
  checkOptions(options, threads, shared);
  const reasons: string[] = [];
  for (const build of options.build === undefined ? BUILDS : [options.build]) {
    try {
      return await startBuild(build, threads, shared, { convolution: options.convolution ?? 'auto' });
    } catch (error) {
      reasons.push(`${build}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return noBuildRuns(reasons);
}

function checkOptions(options: WasmEngineOptions, threads: number, shared: boolean): void {
  const where = 'createWasmEngine';
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new FoveaError('option', {
      where,
      rule: 'threads must be a whole number from 1 to 64',
      received: `${threads}`,
    });
  }
  if (options.build !== undefined && !BUILDS.includes(options.build)) {
    throw new FoveaError('option', {
      where,
      rule: `build must be ${BUILDS.join(' or ')}`,
      received: `${options.build}`,
    });
  }
  const { convolution = 'auto' } = options;
  if (!['auto', 'direct', 'winograd'].includes(convolution)) {
    const rule = 'convolution must be auto, direct or winograd';
    throw new FoveaError('option', { where, rule, received: `${convolution}` });
  }
  if (shared && !platform.canShareMemory()) {
    throw new FoveaError('engine', {
      where,
      rule: 'this page may not share memory with workers, because it is not cross-origin isolated',
      remedy: 'Serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    });
  }
}

async function startBuild(
  build: WasmBuild,
  threads: number,
  shared: boolean,
  lowering: LoweringOptions,
): Promise<Engine> {
  const module = await platform.compile(build, (stored) => unpack(stored, shared));
  if (module === undefined) throw new FoveaError('engine', { where: build, rule: 'needs Node 24 or later' });
  const pool = await WorkerPool.start(module, threads, shared);
  const engine = new WasmEngine(pool, BUILD_TITLES[build], lowering);
  try {
    await selfCheck(engine);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return engine;
}

/** The bytes of a stored build; for a memory of its own the import's flag for sharing is cleared. */
async function unpack({ data, pieces, lengths, index, sharedFlag }: StoredBuild, shared: boolean): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const all = new Uint8Array(await new Response(stream).arrayBuffer());
  const bytes = new Uint8Array(lengths[index] as number);
  let at = 0;
  for (let piece = 0; piece < pieces; piece++) {
    lengths.forEach((length, build) => {
      const from = Math.floor((piece * length) / pieces);
      const end = at + Math.floor(((piece + 1) * length) / pieces) - from;
      if (build === index) bytes.set(all.subarray(at, end), from);
      at = end;
    });
  }
  if (!shared) bytes[sharedFlag] = 1;
  return bytes;
}

/**
 * Runs products and convolutions with their gradients, direct and by Winograd, and compares them with their definitions:
 * a build that computes wrongly here is not used.
 */
async function selfCheck(engine: Engine): Promise<void> {
  const graph = new Graph(opTable);
  const a = graph.input('a', [7, 20]);
  graph.output('product', matMul(a, graph.input('b', [20, 33])));
  graph.output('outer', matMul(a, graph.input('c', [7, 9]), { transposeA: true }));
  checkConvolution(graph, 'odd', [1, 9, 7, 5], 11);
  checkConvolution(graph, 'even', [1, 8, 8, 16], 32);
  const random = new RandomStream(1, 'self-check');
  const inputs: Record<string, Float32Array> = {};
  for (const [name, { shape }] of graph.inputs) {
    inputs[name] = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5);
  }
  const expected = interpret(graph, { inputs });
  const program = await engine.load(engine.plan(graph));
  const { outputs } = await program.run(inputs);
  for (const [name, value] of graph.outputs) {
    const truth = expected.get(value) as Float64Array;
    const wrong = outputs[name]?.some((got, i) => !(Math.abs(got - (truth[i] as number)) < 1e-3));
    if (wrong !== false) throw new FoveaError('engine', { where: 'self-check', rule: `"${name}" came out wrong` });
  }
}

/** Adds a 3 × 3 convolution with both of its gradients to what is checked. */
function checkConvolution(
  graph: Graph,
  name: string,
  shape: readonly [number, number, number, number],
  k: number,
): void {
  const x = graph.input(`${name} x`, shape);
  const w = graph.input(`${name} w`, [3, 3, shape[3], k]);
  const y = conv2d(x, w, { padding: 'same' });
  const dy = graph.input(`${name} dy`, y.shape);
  const window = { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 1 } as const;
  graph.output(`${name} y`, y);
  graph.output(
    `${name} dx`,
    graph.emit('conv2dInputGradient', [dy, w], { ...window, inputSize: [shape[1], shape[2]] })[0],
  );
  graph.output(`${name} dw`, graph.emit('conv2dFilterGradient', [x, dy], { ...window, kernelSize: [3, 3] })[0]);
}
