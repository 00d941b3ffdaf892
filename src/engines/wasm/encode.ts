import type { Placement, Plan, PlanStep } from '../../compile/plan.js';
import type { Node } from '../../ops/graph.js';
import type { OpName } from '../../ops/table.js';
import type { Variable } from '../../tensor/variable.js';
import { kernelNames } from './generated/kernelNames.js';
import type { KernelCall, KernelName, LowerCall, Lowering, LoweringOptions } from './lowering.js';
import { lowerings } from './lowerings/table.js';

/** Kernel number of the step that checks the guard; the same stands in kernels/runtime.ts. */
const GUARD = -1;
const WORDS_PER_STEP = 4;
const kernelNumbers = new Map<KernelName, number>(kernelNames.map((name, i) => [name, i]));

/** A plan as the kernels read it: a table of steps, and the parameter words that they point to. */
export interface EncodedProgram {
  readonly bytes: Uint8Array;
  /** The first steps of the table prepare weights that are kept; then come those of every run. */
  readonly preparing: number;
  readonly steps: number;
  /** Bytes from the start to the first parameter word. */
  readonly tableBytes: number;
}

/** Bytes of a step in the table. */
export const STEP_BYTES = 16;

/** Addresses that an encoding depends on. */
export interface Addresses {
  readonly arena: number;
  /** First address of the weights that are kept prepared. */
  readonly kept: number;
  readonly variables: ReadonlyMap<Variable, number>;
  readonly threads: number;
  readonly options: LoweringOptions;
}

/** Bytes of scratch memory that a node needs on so many threads. */
export function workspaceOf<K extends OpName>(node: Node<K>, threads: number, options: LoweringOptions): number {
  const lowering: Lowering<K> = lowerings[node.op];
  return lowering.workspace?.(node, threads, options) ?? 0;
}

/** Bytes of a node's prepared weights. */
export function preparedOf<K extends OpName>(node: Node<K>, threads: number, options: LoweringOptions): number {
  const lowering: Lowering<K> = lowerings[node.op];
  return lowering.prepared?.(node, threads, options) ?? 0;
}

/** Name of the algorithm that a node runs by, where there is a choice. */
export function algorithmOf<K extends OpName>(node: Node<K>, options: LoweringOptions): string | undefined {
  const lowering: Lowering<K> = lowerings[node.op];
  return lowering.algorithm?.(node, options);
}

type Call = KernelCall | { readonly guard: number };

/** The kernel calls of a plan: those that prepare kept weights, and the rest in order, with the guard's check. */
function callsOf(plan: Plan, addresses: Addresses): { preparing: Call[]; running: Call[] } {
  const preparing: Call[] = [];
  const running: Call[] = [];
  plan.steps.forEach((step, number) => {
    if (number === plan.firstUpdate && plan.guard !== undefined) {
      running.push({ guard: addressOf(plan.guard.placement, addresses) });
    }
    for (const call of lowerStep(step.node, step, addresses)) {
      const once = step.constant || (step.kept !== undefined && call.prepares === true);
      (once ? preparing : running).push(call);
    }
  });
  if (plan.firstUpdate >= plan.steps.length && plan.guard !== undefined) {
    running.push({ guard: addressOf(plan.guard.placement, addresses) });
  }
  return { preparing, running };
}

function lowerStep<K extends OpName>(node: Node<K>, step: PlanStep, addresses: Addresses): KernelCall[] {
  const lowering: Lowering<K> = lowerings[node.op];
  const scratch = step.workspace === undefined ? 0 : addressOf(step.workspace, addresses);
  const preparedBytes = step.kept === undefined ? preparedOf(node, addresses.threads, addresses.options) : 0;
  const call: LowerCall<K> = {
    node,
    attributes: node.attributes,
    inputs: step.inputs.map((placement) => addressOf(placement, addresses)),
    outputs: step.outputs.map((placement) => addressOf(placement, addresses)),
    inputShapes: node.inputs.map((value) => value.shape),
    outputShapes: node.outputs.map((value) => value.shape),
    unused: step.unused,
    prepared: step.kept === undefined ? scratch : addresses.kept + step.kept.offset,
    workspace: scratch + preparedBytes,
    threads: addresses.threads,
    options: addresses.options,
  };
  return lowering.lower(call);
}

/** Address of a placed value. */
export function addressOf(placement: Placement, addresses: Addresses): number {
  if (placement.kind === 'arena') return addresses.arena + placement.offset;
  if (placement.kind === 'kept') return addresses.kept + placement.offset;
  return addresses.variables.get(placement.variable) as number;
}

/** Number of bytes that {@link encodeProgram} will make; it does not depend on addresses. */
export function programBytes(plan: Plan, threads: number, options: LoweringOptions): number {
  const variables = new Map(plan.variables.map((variable) => [variable, 0]));
  return encodeProgram(plan, 0, { arena: 0, kept: 0, variables, threads, options }).bytes.length;
}

/** Writes a plan as a step table followed by parameter words, for the address at which it will stand. */
export function encodeProgram(plan: Plan, at: number, addresses: Addresses): EncodedProgram {
  const { preparing, running } = callsOf(plan, addresses);
  const calls = [...preparing, ...running];
  const tableWords = calls.length * WORDS_PER_STEP;
  const total = calls.reduce((sum, call) => sum + ('guard' in call ? 0 : call.words.length), tableWords);
  const words = new Int32Array(total);
  let next = tableWords;
  calls.forEach((call, i) => {
    const entry = i * WORDS_PER_STEP;
    if ('guard' in call) {
      words.set([GUARD, 0, call.guard, 0], entry);
      return;
    }
    words.set([kernelNumbers.get(call.kernel) as number, call.items, at + 4 * next, 0], entry);
    words.set(call.words, next);
    next += call.words.length;
  });
  const bytes = new Uint8Array(words.buffer);
  return { bytes, preparing: preparing.length, steps: running.length, tableBytes: 4 * tableWords };
}
