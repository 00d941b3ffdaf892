import { trafficBytes } from '../ops/definition.js';
import type { Assignment, Graph, Node, Value } from '../ops/graph.js';
import type { OpName } from '../ops/table.js';
import { sizeOf } from '../tensor/shape.js';
import type { Variable } from '../tensor/variable.js';
import { align, type Interval, placeIntervals } from './arena.js';
import { fuse } from './fuse.js';
import { recomputedOrders } from './recompute.js';

/** Where the numbers of a value are while the plan runs. */
export type Placement =
  | { readonly kind: 'arena'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'kept'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'variable'; readonly variable: Variable; readonly bytes: number };

/** One op with the places of its arrays. */
export interface PlanStep {
  readonly node: Node;
  readonly inputs: readonly Placement[];
  readonly outputs: readonly Placement[];
  /** Outputs that nothing reads; an engine may leave them unwritten. */
  readonly unused: readonly boolean[];
  /** Scratch memory of the engine for this step alone. */
  readonly workspace: Placement | undefined;
  /** The step depends on weights alone that no step of the plan changes: it runs once, and its results are kept. */
  readonly constant: boolean;
  /**
   * Place of this step's prepared weights among the plan's kept bytes: weights that no step of the plan changes are
   * prepared once and again only after they were written from outside.
   */
  readonly kept: { readonly offset: number; readonly bytes: number } | undefined;
  /** The engine's algorithm for the op, where it has several. */
  readonly algorithm: string | undefined;
  readonly flops: number;
  /** Bytes read and written, each array counted once. */
  readonly traffic: number;
}

/** A value that goes in before a run or comes out after it. */
export interface PlanPort {
  readonly value: Value;
  readonly placement: Placement;
}

/** A graph made ready to run: what happens in which order, and where every number is kept. */
export interface Plan {
  readonly graph: Graph;
  readonly steps: readonly PlanStep[];
  /** Number of the first step that updates variables; these are left out where the guard is not finite. */
  readonly firstUpdate: number;
  readonly inputs: ReadonlyMap<string, PlanPort>;
  readonly outputs: ReadonlyMap<string, PlanPort>;
  readonly guard: PlanPort | undefined;
  readonly variables: readonly Variable[];
  /** Bytes of all activations, gradients and scratch together: the arena that the engine reserves. */
  readonly arenaBytes: number;
  /** Bytes of prepared weights that are kept from run to run. */
  readonly keptBytes: number;
  /** Bytes of the weights, running statistics and optimiser states that the plan touches. */
  readonly variableBytes: number;
  readonly flops: number;
}

export interface PlanOptions {
  /** Bytes of scratch that the engine needs to run a node, besides those of its prepared weights. */
  readonly workspace?: (node: Node) => number;
  /** Bytes of a node's prepared weights (its input 1): kept between runs where the plan does not change them. */
  readonly prepared?: (node: Node) => number;
  /** Whether the engine makes a convolution together with the 2 × 2 max pooling that follows it. */
  readonly pools?: (node: Node<'conv2d'>) => boolean;
  /** Name of the algorithm that the engine chose for a node. */
  readonly algorithm?: (node: Node) => string | undefined;
  /**
   * Whether the backward pass may compute arrays of the forward pass again rather than keep them, where that takes less
   * memory: the same bits in up to a forward pass more of time. @default false
   */
  readonly recompute?: boolean;
  /**
   * Whether prepared weights, and what depends on weights alone, stay in memory from run to run. Without it each run makes them
   * anew, for plans of large networks of which many are alive. @default true
   */
  readonly keep?: boolean;
}

/** What a caller may ask of a plan, whatever the engine. */
export type PlanRequest = Pick<PlanOptions, 'recompute' | 'keep'>;

/** A stretch of memory shared by all values that are views of one another or follow in place. */
interface Buffer {
  bytes: number;
  first: number;
  last: number;
  variable: Variable | undefined;
  /** Offset among the kept bytes, for results that are computed once. */
  kept?: number;
}

/** Decides order and memory of a graph: fusion, liveness, in-place reuse, one arena. */
export function makePlan(graph: Graph, options: PlanOptions = {}): Plan {
  const { nodes: ordered, assignments } = appendCopies(graph, fuse(graph, options.pools));
  const constant = options.keep === false ? NOTHING : findConstants(graph, ordered, assignments);
  const isFirst = (node: Node): boolean => constant.nodes.has(node);
  const usual = [...ordered.filter(isFirst), ...ordered.filter((node) => !isFirst(node))];
  const orders = [usual];
  if (options.recompute === true) {
    orders.push(...recomputedOrders(graph, usual, (value) => constant.values.has(value)));
  }
  const layouts = orders.map((nodes) => layOut(graph, nodes, assignments, constant, options));
  const least = layouts.reduce((best, one) => (one.arena.bytes < best.arena.bytes ? one : best));
  return planOf(graph, least, assignments, constant, options);
}

/** An order of nodes with a place for everything. */
interface Layout {
  readonly nodes: readonly Node[];
  readonly kept: ReturnType<typeof placeKept>;
  readonly buffers: ReadonlyMap<Value, Buffer>;
  readonly scratch: ReadonlyMap<Node, Buffer>;
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly arena: { readonly bytes: number };
}

function layOut(
  graph: Graph,
  nodes: readonly Node[],
  assignments: readonly Assignment[],
  constant: Constants,
  options: PlanOptions,
): Layout {
  const kept = placeKept(graph, nodes, constant, options);
  const scratchOf = (node: Node): number =>
    (options.workspace?.(node) ?? 0) + (kept.places.has(node) ? 0 : (options.prepared?.(node) ?? 0));
  const { buffers, scratch } = assignBuffers(graph, nodes, assignments, scratchOf, kept.values);
  const unique = [...new Set(buffers.values()), ...scratch.values()].filter(inArena);
  const arena = placeIntervals(unique satisfies readonly Interval[]);
  const offsets = new Map(unique.map((buffer, i) => [buffer, arena.offsets[i] as number]));
  return { nodes, kept, buffers, scratch, offsets, arena };
}

function planOf(
  graph: Graph,
  { nodes, kept, buffers, scratch, offsets, arena }: Layout,
  assignments: readonly Assignment[],
  constant: Constants,
  options: PlanOptions,
): Plan {
  const placementOf = (buffer: Buffer, bytes: number): Placement => {
    if (buffer.variable !== undefined) return { kind: 'variable', variable: buffer.variable, bytes };
    if (buffer.kept !== undefined) return { kind: 'kept', offset: buffer.kept, bytes };
    return { kind: 'arena', offset: offsets.get(buffer) as number, bytes };
  };
  const place = (value: Value): Placement => placementOf(buffers.get(value) as Buffer, bytesOf(value));
  const port = (value: Value): PlanPort => ({ value, placement: place(value) });
  const used = new Set<Value>([...nodes.flatMap((node) => node.inputs), ...graph.outputs.values()]);
  for (const { value } of assignments) used.add(value);
  if (graph.guard !== undefined) used.add(graph.guard);
  const steps = nodes
    .map((node): PlanStep => {
      const cost = costOf(graph, node);
      const workspace = scratch.get(node);
      return {
        node,
        inputs: node.inputs.map(place),
        outputs: node.outputs.map(place),
        unused: node.outputs.map((output) => !used.has(output)),
        workspace: workspace === undefined ? undefined : placementOf(workspace, workspace.bytes),
        constant: constant.nodes.has(node),
        kept: kept.places.get(node),
        algorithm: options.algorithm?.(node),
        flops: cost.flops,
        traffic: cost.bytes,
      };
    })
    .filter((step) => graph.definition(step.node.op).view !== true);
  const firstUpdate = steps.findIndex((step) => step.node.phase === 'update');
  const variables = [...new Set([...buffers.values()].flatMap((buffer) => buffer.variable ?? []))];
  return {
    graph,
    steps,
    firstUpdate: firstUpdate === -1 ? steps.length : firstUpdate,
    inputs: new Map([...graph.inputs].filter(([, value]) => buffers.has(value)).map(([name, v]) => [name, port(v)])),
    outputs: new Map([...graph.outputs].map(([name, value]) => [name, port(value)])),
    guard: graph.guard === undefined ? undefined : port(graph.guard),
    variables,
    arenaBytes: arena.bytes,
    keptBytes: kept.bytes,
    variableBytes: variables.reduce((sum, variable) => sum + align(4 * variable.size), 0),
    flops: steps.reduce((sum, step) => sum + step.flops, 0),
  };
}

function inArena(buffer: Buffer): boolean {
  return buffer.variable === undefined && buffer.kept === undefined;
}

/** What depends on nothing but variables that the plan does not assign. */
interface Constants {
  /** Nodes whose results stay inside the plan, so that they need to run only once. */
  readonly nodes: ReadonlySet<Node>;
  /** Their results, and the variables themselves. */
  readonly values: ReadonlySet<Value>;
}

const NOTHING: Constants = { nodes: new Set(), values: new Set() };

function findConstants(graph: Graph, nodes: readonly Node[], assignments: readonly Assignment[]): Constants {
  const assigned = new Set(assignments.flatMap(({ variable, value }) => [variable, value]));
  const outside = new Set(graph.outputs.values());
  const values = new Set([...graph.variables.values()].filter((variable) => !assigned.has(variable)));
  const constant = new Set<Node>();
  for (const node of nodes) {
    // Without inputs there is nothing to spare: a fill costs what reading its result would.
    if (node.phase !== 'forward' || node.inputs.length === 0) continue;
    if (!node.inputs.every((input) => values.has(input))) continue;
    if (node.outputs.some((output) => assigned.has(output) || outside.has(output))) continue;
    constant.add(node);
    for (const output of node.outputs) values.add(output);
  }
  return { nodes: constant, values };
}

/** Places for what is kept between runs: results of constant nodes, and prepared weights that are constant. */
function placeKept(
  graph: Graph,
  nodes: readonly Node[],
  constant: Constants,
  options: PlanOptions,
): { places: Map<Node, { offset: number; bytes: number }>; values: Map<Value, number>; bytes: number } {
  const places = new Map<Node, { offset: number; bytes: number }>();
  const values = new Map<Value, number>();
  let total = 0;
  const reserve = (bytes: number): number => {
    const offset = total;
    total += align(bytes);
    return offset;
  };
  for (const node of nodes) {
    if (constant.nodes.has(node) && graph.definition(node.op).view !== true) {
      for (const output of node.outputs) values.set(output, reserve(bytesOf(output)));
    }
    const weights = node.inputs[1];
    const bytes = weights !== undefined && constant.values.has(weights) ? (options.prepared?.(node) ?? 0) : 0;
    if (bytes > 0) places.set(node, { offset: reserve(bytes), bytes });
  }
  return { places, values, bytes: total };
}

function bytesOf(value: Value): number {
  return 4 * sizeOf(value.shape);
}

function costOf<K extends OpName>(graph: Graph, node: Node<K>): { flops: number; bytes: number } {
  const definition = graph.definition(node.op);
  const call = { inputs: node.inputs, attributes: node.attributes, where: node.op };
  if (definition.view === true) return { flops: 0, bytes: 0 };
  const cost = definition.cost(call, node.outputs);
  return { flops: cost.flops, bytes: Math.max(cost.bytes, trafficBytes([], node.outputs)) };
}

/**
 * Adds a copy for each assignment whose value cannot be computed straight into its variable: another value's view, a
 * value that several variables take, or one whose op does not work in place.
 */
function appendCopies(graph: Graph, nodes: readonly Node[]): { nodes: Node[]; assignments: Assignment[] } {
  const copies: Node[] = [];
  const assignments = graph.assignments.map(({ variable, value }): Assignment => {
    if (writesInPlace(graph, nodes, variable, value)) return { variable, value };
    const [copy] = graph.phase('update', () => graph.emit('scale', [value], { factor: 1, offset: 0 }));
    copies.push(graph.nodes.pop() as Node); // belongs to this plan, not to the graph
    return { variable, value: copy };
  });
  return { nodes: [...nodes, ...copies], assignments };
}

/** Whether the op that makes `value` may write it over the variable's old values, which nothing reads later. */
function writesInPlace(graph: Graph, nodes: readonly Node[], variable: Value, value: Value): boolean {
  const at = nodes.findIndex((node) => node.outputs.includes(value));
  const node = nodes[at];
  if (node === undefined || node.phase !== 'update') return false;
  const paired = inPlacePairs(graph, node).some(([i, o]) => node.inputs[i] === variable && node.outputs[o] === value);
  if (!paired) return false;
  const views = new Set<Value>([variable]);
  for (const { op, inputs, outputs } of nodes) {
    if (graph.definition(op).view === true && views.has(inputs[0] as Value)) views.add(outputs[0] as Value);
  }
  return !nodes.slice(at + 1).some((later) => later.inputs.some((input) => views.has(input)));
}

function inPlacePairs(graph: Graph, node: Node): readonly (readonly [number, number])[] {
  const { inPlace = [], inPlaceOutputs = [] } = graph.definition(node.op);
  return [...inPlace.map((input) => [input, 0] as const), ...inPlaceOutputs];
}

function assignBuffers(
  graph: Graph,
  nodes: readonly Node[],
  assignments: readonly Assignment[],
  scratchOf: (node: Node) => number,
  kept: ReadonlyMap<Value, number>,
): { buffers: Map<Value, Buffer>; scratch: Map<Node, Buffer> } {
  const end = nodes.length;
  const lastUse = lastUses(graph, nodes, end);
  const buffers = new Map<Value, Buffer>();
  const scratch = new Map<Node, Buffer>();
  const targets = new Map(assignments.map(({ variable, value }) => [value, variable]));
  const external = (value: Value): void => {
    if (buffers.has(value)) return;
    const variable = value.source.kind === 'variable' ? value.source.variable : undefined;
    buffers.set(value, { bytes: bytesOf(value), first: -1, last: lastUse.get(value) ?? -1, variable });
  };
  for (const value of graph.inputs.values()) if (lastUse.has(value)) external(value);
  nodes.forEach((node, step) => {
    node.inputs.forEach(external);
    const taken = new Set<Buffer>();
    node.outputs.forEach((output, index) => {
      const target = targets.get(output);
      const last = Math.max(step, lastUse.get(output) ?? step);
      if (target !== undefined) {
        external(target);
        buffers.set(output, buffers.get(target) as Buffer);
        return;
      }
      const offset = kept.get(output);
      if (offset !== undefined) {
        buffers.set(output, { bytes: bytesOf(output), first: step, last, variable: undefined, kept: offset });
        return;
      }
      const shared = sharedBuffer(graph, node, index, step, buffers, taken);
      if (shared === undefined) {
        buffers.set(output, { bytes: bytesOf(output), first: step, last, variable: undefined });
      } else {
        shared.last = Math.max(shared.last, last);
        taken.add(shared);
        buffers.set(output, shared);
      }
    });
    const bytes = scratchOf(node);
    if (bytes > 0) scratch.set(node, { bytes, first: step, last: step, variable: undefined });
  });
  for (const value of graph.outputs.values()) external(value);
  return { buffers, scratch };
}

/** The buffer of an input that an output may live in: always for a view, otherwise where nothing reads it later. */
function sharedBuffer(
  graph: Graph,
  node: Node,
  output: number,
  step: number,
  buffers: ReadonlyMap<Value, Buffer>,
  taken: ReadonlySet<Buffer>,
): Buffer | undefined {
  if (graph.definition(node.op).view === true) return buffers.get(node.inputs[0] as Value);
  const size = bytesOf(node.outputs[output] as Value);
  for (const [i, o] of inPlacePairs(graph, node)) {
    const input = node.inputs[i];
    if (o !== output || input === undefined || bytesOf(input) !== size) continue;
    const buffer = buffers.get(input) as Buffer;
    const readElsewhere = node.inputs.some((other, j) => j !== i && other !== input && buffers.get(other) === buffer);
    const free = inArena(buffer) && buffer.last <= step && !taken.has(buffer);
    if (free && !readElsewhere) return buffer;
  }
  return undefined;
}

/** The last step that reads each value, where reading a view reads what it is a view of. */
function lastUses(graph: Graph, nodes: readonly Node[], end: number): Map<Value, number> {
  const root = new Map<Value, Value>();
  const rootOf = (value: Value): Value => root.get(value) ?? value;
  const last = new Map<Value, number>();
  const use = (value: Value, step: number): void => {
    for (const one of [value, rootOf(value)]) last.set(one, Math.max(step, last.get(one) ?? -1));
  };
  nodes.forEach((node, step) => {
    if (graph.definition(node.op).view === true) {
      for (const output of node.outputs) root.set(output, rootOf(node.inputs[0] as Value));
    }
    for (const input of node.inputs) use(input, step);
  });
  for (const value of graph.outputs.values()) use(value, end);
  if (graph.guard !== undefined) use(graph.guard, end);
  return last;
}
