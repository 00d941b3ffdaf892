import { platform } from '#platform';
import { conv2d } from '../../ops/conv2d.js';
import { Graph } from '../../ops/graph.js';
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
async function unpack({ data, sharedFlag }: StoredBuild, shared: boolean): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (!shared) bytes[sharedFlag] = 1;
  return bytes;
}

/** Runs one convolution and compares it with its definition: a build that computes wrongly here is not used. */
async function selfCheck(engine: Engine): Promise<void> {
  const graph = new Graph(opTable);
  const x = graph.input('x', [1, 9, 7, 5]);
  const w = graph.input('w', [3, 3, 5, 11]);
  const y = conv2d(x, w, { padding: 'same' });
  graph.output('y', y);
  const random = new RandomStream(1, 'self-check');
  const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.uniform() - 0.5);
  const inputs = { x: draw(sizeOf(x.shape)), w: draw(sizeOf(w.shape)) };
  const expected = interpret(graph, { inputs }).get(y) as Float64Array;
  const program = await engine.load(engine.plan(graph));
  const { outputs } = await program.run(inputs);
  const wrong = (outputs.y as Float32Array).findIndex(
    (value, i) => !(Math.abs(value - (expected[i] as number)) < 1e-4),
  );
  if (wrong !== -1) throw new FoveaError('engine', { where: 'self-check', rule: 'a convolution came out wrong' });
}
