import type { Plan, PlanRequest } from '../compile/plan.js';
import type { Graph } from '../ops/graph.js';
import type { TensorData } from '../tensor/tensor.js';

/** What an engine says of itself. */
export interface EngineDescription {
  readonly name: string;
  /** Which build of its kernels runs: `relaxed SIMD`, `SIMD`, `definitions`. */
  readonly build: string;
  /** Number of threads that compute. */
  readonly threads: number;
}

/** Numbers for every input of a plan, by name. */
export type Feeds = Readonly<Record<string, TensorData>>;

/** What came out of one run. */
export interface RunResult {
  /** Copies of the plan's outputs, by name. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** False where the guard found its value not finite and the updates were left out. */
  readonly complete: boolean;
}

/** A plan loaded into an engine. */
export interface Program {
  readonly plan: Plan;
  /** Runs the plan once. Runs of one engine follow one another in the order in which they were asked for. */
  run(feeds: Feeds): Promise<RunResult>;
}

/** Something that runs plans. No number can be read without waiting: it may live in a worker or on a GPU. */
export interface Engine {
  readonly description: EngineDescription;
  /** Decides order and memory of a graph for this engine; nothing runs yet. */
  plan(graph: Graph, request?: PlanRequest): Plan;
  load(plan: Plan): Promise<Program>;
  /** Stops the engine's threads; variables that it holds are read back to the host first. */
  close(): Promise<void>;
}
