import { makePlan, type Plan, type PlanRequest } from '../../compile/plan.js';
import type { Graph, Value } from '../../ops/graph.js';
import { FoveaError } from '../../tensor/errors.js';
import { nextTask } from '../../tensor/nextTask.js';
import { sizeOf } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import type { Variable, VariableStorage } from '../../tensor/variable.js';
import type { Engine, EngineDescription, Feeds, Program, RunResult } from '../engine.js';
import { checkFeeds } from '../feeds.js';
import { Allocator } from './allocator.js';
import {
  type Addresses,
  addressOf,
  algorithmOf,
  encodeProgram,
  preparedOf,
  programBytes,
  STEP_BYTES,
  workspaceOf,
} from './encode.js';
import type { LoweringOptions } from './lowering.js';
import { MEMORY_LIMIT, type WorkerPool } from './pool.js';

/** Bytes of the barrier's control words: a cache line of their own. */
const CONTROL = 1024;
/** First address for programs, variables and the arena; before it lie tiles (kernels/tiles.ts). */
const HEAP = 4096 + 65 * 512;

/**
 * Runs plans with WebAssembly kernels on a pool of workers that walk one plan over shared memory. Programs, variables
 * and one arena, shared by all programs, live in that memory; runs follow one another.
 */
export class WasmEngine implements Engine {
  readonly description: EngineDescription;
  readonly #pool: WorkerPool;
  readonly #options: LoweringOptions;
  readonly #allocator = new Allocator(HEAP);
  readonly #variables = new Set<WeakRef<Variable>>();
  readonly #released = new FinalizationRegistry<number>((at) => this.#allocator.release(at));
  #arena = { at: 0, bytes: 0 };
  #last: Promise<unknown> = Promise.resolve();

  constructor(pool: WorkerPool, build: string, options: LoweringOptions) {
    this.#pool = pool;
    this.#options = options;
    this.description = { name: 'wasm', build, threads: pool.threads };
  }

  plan(graph: Graph, request: PlanRequest = {}): Plan {
    return makePlan(graph, {
      ...request,
      workspace: (node) => workspaceOf(node, this.#pool.threads, this.#options),
      prepared: (node) => preparedOf(node, this.#pool.threads, this.#options),
      pools: (node) => algorithmOf(node, this.#options)?.startsWith('Winograd') === true,
      algorithm: (node) => algorithmOf(node, this.#options),
    });
  }

  async load(plan: Plan): Promise<Program> {
    refuseTooLarge(plan);
    const at = this.#allocator.allocate(programBytes(plan, this.#pool.threads, this.#options));
    const kept = plan.keptBytes > 0 ? this.#allocator.allocate(plan.keptBytes) : 0;
    const loaded = new LoadedPlan(plan, at, kept);
    const program: Program = { plan, run: (feeds) => this.#enqueue(() => this.#run(loaded, feeds)) };
    this.#released.register(program, at);
    if (kept > 0) this.#released.register(program, kept);
    return program;
  }

  async close(): Promise<void> {
    for (const reference of this.#variables) {
      const variable = reference.deref();
      if (variable !== undefined && variable.storage.owner === this) await variable.moveToHost();
    }
    await this.#enqueue(() => this.#pool.close());
  }

  /** Reads a variable's numbers, behind every run that was asked for before. */
  readBytes(at: number, length: number): Promise<Uint8Array> {
    return this.#enqueue(async () => {
      const { reads } = await this.#pool.run({ ...IDLE, writes: [], reads: [{ at, length }] });
      return reads[0] as Uint8Array;
    });
  }

  /** Writes a variable's numbers, behind every run that was asked for before. */
  writeBytes(at: number, bytes: Uint8Array): Promise<void> {
    return this.#enqueue(() => this.#write(at, bytes));
  }

  /** Writes in pieces, so that the calling thread stays responsive while hundreds of megabytes are copied. */
  async #write(at: number, bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; from += PIECE) {
      if (from > 0) await nextTask();
      const piece = bytes.subarray(from, from + PIECE);
      await this.#pool.run({ ...IDLE, writes: [{ at: at + from, bytes: piece }], reads: [] });
    }
  }

  #enqueue<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #run(loaded: LoadedPlan, feeds: Feeds): Promise<RunResult> {
    const { plan } = loaded;
    checkFeeds(plan, feeds);
    const addresses = await this.#addresses(loaded);
    const { encoded, fresh } = loaded.encode(addresses);
    await this.#pool.reach(this.#allocator.end);
    const writes = [{ at: loaded.at, bytes: fresh ? encoded.bytes : encoded.bytes.subarray(0, encoded.tableBytes) }];
    for (const [name, { placement }] of plan.inputs) {
      const data = feeds[name] as TensorData;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      writes.push({ at: addressOf(placement, addresses), bytes });
    }
    // What prepares weights stands before the steps of every run, and is skipped while the weights stay as they are.
    const skipped = loaded.preparedWeights(fresh) ? encoded.preparing : 0;
    const ports = [...plan.outputs];
    const { complete, reads } = await this.#pool.run({
      table: loaded.at + skipped * STEP_BYTES,
      steps: encoded.preparing - skipped + encoded.steps,
      control: CONTROL,
      writes,
      reads: ports.map(([, { value, placement }]) => ({
        at: addressOf(placement, addresses),
        length: 4 * sizeOf(value.shape),
      })),
    });
    if (complete || plan.firstUpdate >= plan.steps.length) loaded.ran();
    const outputs: Record<string, TensorData> = {};
    ports.forEach(([name, { value }], i) => {
      const { buffer } = reads[i] as Uint8Array;
      outputs[name] = value.dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
    });
    return { outputs, complete };
  }

  /** Places everything that the plan needs; memory is reached for before anything is written. */
  async #addresses({ plan, kept }: LoadedPlan): Promise<Addresses> {
    const variables = new Map<Variable, number>();
    for (const variable of plan.variables) variables.set(variable, await this.#adopt(variable));
    if (plan.arenaBytes > this.#arena.bytes) {
      if (this.#arena.bytes > 0) this.#allocator.release(this.#arena.at);
      this.#arena = { at: this.#allocator.allocate(plan.arenaBytes), bytes: plan.arenaBytes };
    }
    return { arena: this.#arena.at, kept, variables, threads: this.#pool.threads, options: this.#options };
  }

  async #adopt(variable: Variable): Promise<number> {
    const { storage } = variable;
    if (storage instanceof WasmStorage && storage.owner === this) return storage.at;
    const held: VariableStorage = storage;
    const data = await (held.take?.() ?? held.read());
    const at = this.#allocator.allocate(data.byteLength);
    try {
      await this.#pool.reach(this.#allocator.end);
    } catch (error) {
      this.#allocator.release(at);
      throw error;
    }
    await this.#write(at, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const own = new WasmStorage(this, at, data.byteLength);
    variable.storage = own;
    this.#variables.add(new WeakRef(variable));
    this.#released.register(own, at);
    return at;
  }
}

/** Throws where a plan cannot fit into memory, before anything of it is placed. */
function refuseTooLarge({ arenaBytes, variableBytes, keptBytes }: Plan): void {
  const total = arenaBytes + variableBytes + keptBytes + HEAP;
  if (total <= MEMORY_LIMIT) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MB`;
  throw new FoveaError('memory', {
    where: 'wasm engine',
    rule: `the plan needs ${megabytes(total)}, and WebAssembly reaches ${megabytes(MEMORY_LIMIT)}`,
    received: `${megabytes(arenaBytes)} of activations, gradients and scratch, ${megabytes(variableBytes)} of weights and optimizer state, ${megabytes(keptBytes)} of prepared weights`,
    remedy: 'Use a smaller batch, smaller images or a smaller network; or train with recompute, which keeps less',
    data: { arenaBytes, variableBytes, keptBytes },
  });
}

/** Bytes that are copied into memory before other tasks get their turn: some milliseconds. */
const PIECE = 16 * 2 ** 20;

/** A job that runs nothing. */
const IDLE = { table: 0, steps: 0, control: CONTROL } as const;

/** A plan with its place in memory, encoded again whenever something that it points to has moved. */
class LoadedPlan {
  readonly plan: Plan;
  readonly at: number;
  /** Address of the weights that are kept prepared. */
  readonly kept: number;
  readonly #assigned: readonly Variable[];
  readonly #constant: readonly Variable[];
  #versions: readonly number[] | undefined;
  #encoded: ReturnType<typeof encodeProgram> | undefined;
  #addresses: Addresses | undefined;

  constructor(plan: Plan, at: number, kept: number) {
    this.plan = plan;
    this.at = at;
    this.kept = kept;
    this.#assigned = plan.graph.assignments.flatMap(({ variable }) => variablesBehind(variable));
    const once = plan.steps.flatMap(({ node, kept: place, constant }) => {
      if (constant) return node.inputs;
      return place === undefined ? [] : node.inputs.slice(1, 2);
    });
    this.#constant = [...new Set(once.flatMap(variablesBehind))];
  }

  encode(addresses: Addresses): { encoded: ReturnType<typeof encodeProgram>; fresh: boolean } {
    if (this.#encoded !== undefined && this.#addresses !== undefined && sameAddresses(this.#addresses, addresses)) {
      return { encoded: this.#encoded, fresh: false };
    }
    this.#addresses = addresses;
    this.#encoded = encodeProgram(this.plan, this.at, addresses);
    return { encoded: this.#encoded, fresh: true };
  }

  /** Whether the weights that are kept prepared are those of the last run; from now on the present ones count. */
  preparedWeights(fresh: boolean): boolean {
    const versions = this.#constant.map(({ storage }) => (storage as WasmStorage).version);
    const same =
      !fresh && this.#versions !== undefined && this.#versions.every((version, i) => version === versions[i]);
    this.#versions = versions;
    return same;
  }

  /** Notes that a run has given the assigned variables new values. */
  ran(): void {
    for (const { storage } of this.#assigned) (storage as WasmStorage).version++;
  }
}

/** The variables that a value is computed from. */
function variablesBehind({ source }: Value): Variable[] {
  if (source.kind === 'node') return source.node.inputs.flatMap(variablesBehind);
  return source.kind === 'variable' ? [source.variable] : [];
}

function sameAddresses(a: Addresses, b: Addresses): boolean {
  if (a.arena !== b.arena) return false;
  for (const [variable, at] of a.variables) if (b.variables.get(variable) !== at) return false;
  return true;
}

/** A variable's numbers in an engine's memory. */
class WasmStorage implements VariableStorage {
  readonly owner: WasmEngine;
  readonly at: number;
  /** Grows with every change of the values. */
  version = 0;
  readonly #length: number;

  constructor(owner: WasmEngine, at: number, length: number) {
    this.owner = owner;
    this.at = at;
    this.#length = length;
  }

  async read(): Promise<Float32Array> {
    return new Float32Array((await this.owner.readBytes(this.at, this.#length)).buffer as ArrayBuffer);
  }

  async write(data: Float32Array): Promise<void> {
    const copy = data.slice();
    this.version++;
    await this.owner.writeBytes(this.at, new Uint8Array(copy.buffer));
  }
}

/** Throws the error for a machine on which no build runs. */
export function noBuildRuns(reasons: readonly string[]): never {
  throw new FoveaError('engine', {
    where: 'wasm engine',
    rule: `no build of the kernels runs here: ${reasons.join('; ')}`,
    remedy: 'Use Node 20.19 or later, or a current browser, with WebAssembly SIMD',
  });
}
