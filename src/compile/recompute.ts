import type { Graph, Node, Value } from '../ops/graph.js';
import { sizeOf } from '../tensor/shape.js';

/** Smaller arrays are kept rather than computed again: they would save nothing. */
const SMALL_BYTES = 4096;
/** So many limits are tried for what may be computed again at once. */
const LIMITS = 12;

/**
 * Orders of the same work in less memory: the forward pass is cut into segments, only what crosses a cut is kept, and the
 * backward pass computes a segment's other arrays again where it needs them (Chen et al., "Training deep nets with
 * sublinear memory cost", 2016). The same ops on the same numbers, so results keep their bits; the price is at most one
 * forward pass more.
 *
 * @param nodes an order in which everything runs, fused already.
 * @param isKept what stays in memory anyway.
 * @returns one order for each way to cut, from few long segments to many short ones; none where there is nothing to gain.
 */
export function recomputedOrders(graph: Graph, nodes: readonly Node[], isKept: (value: Value) => boolean): Node[][] {
  const uses = usesOf(graph, nodes);
  const forward = nodes.filter(({ phase }) => phase === 'forward');
  const place = new Map(forward.map((node, i) => [node, i]));
  const saved = forward.map((node) =>
    node.outputs.filter(
      (output) => !isKept(output) && uses.get(output)?.backward === true && bytesOf(output) > SMALL_BYTES,
    ),
  );
  const savedBytes = saved.map((outputs) => outputs.reduce((sum, output) => sum + bytesOf(output), 0));
  const all = savedBytes.reduce((a, b) => a + b, 0);
  if (all === 0) return [];
  const crossing = crossingBytes(graph, nodes, place, isKept);
  const seen = new Set<string>();
  const orders: Node[][] = [];
  for (let limit = 1; limit <= LIMITS; limit++) {
    const cuts = cheapestCuts(savedBytes, crossing, (all / 2) * (limit / LIMITS) ** 2);
    if (cuts.length === 0 || seen.has(cuts.join())) continue;
    seen.add(cuts.join());
    orders.push(reorder(graph, nodes, place, cuts, uses, isKept));
  }
  return orders;
}

interface Use {
  /** The last forward node that reads the value; −1 where none does. */
  forward: number;
  backward: boolean;
  /** Read by an update, or from outside. */
  later: boolean;
}

function usesOf(graph: Graph, nodes: readonly Node[]): Map<Value, Use> {
  const uses = new Map<Value, Use>();
  const useOf = (value: Value): Use => {
    const use = uses.get(value) ?? { forward: -1, backward: false, later: false };
    uses.set(value, use);
    return use;
  };
  let place = 0;
  for (const node of nodes) {
    for (const input of node.inputs) {
      const use = useOf(input);
      if (node.phase === 'forward') use.forward = place;
      else if (node.phase === 'backward') use.backward = true;
      else use.later = true;
    }
    if (node.phase === 'forward') place++;
  }
  for (const value of graph.outputs.values()) useOf(value).later = true;
  for (const { value } of graph.assignments) useOf(value).later = true;
  if (graph.guard !== undefined) useOf(graph.guard).later = true;
  return uses;
}

/** Bytes of what lies in memory at a cut after each forward node, because a forward node behind the cut reads it. */
function crossingBytes(
  graph: Graph,
  nodes: readonly Node[],
  place: ReadonlyMap<Node, number>,
  isKept: (value: Value) => boolean,
): number[] {
  const bytes = new Array<number>(place.size).fill(0);
  const lastRead = new Map<Value, number>();
  const root = (value: Value): Value => {
    const { source } = value;
    const view = source.kind === 'node' && graph.definition(source.node.op).view === true;
    return view ? root(source.node.inputs[0] as Value) : value;
  };
  for (const node of nodes) {
    const at = place.get(node);
    if (at !== undefined) for (const input of node.inputs) lastRead.set(root(input), at);
  }
  for (const [node, at] of place) {
    for (const output of node.outputs) {
      if (isKept(output) || root(output) !== output) continue;
      const last = lastRead.get(output) ?? -1;
      for (let cut = at; cut < last; cut++) bytes[cut] = (bytes[cut] as number) + bytesOf(output);
    }
  }
  return bytes;
}

/**
 * The cuts (numbers of forward nodes after which one lies) that keep the fewest bytes while no segment saves more than
 * `limit`. The last segment is never computed again: its backward pass follows at once.
 */
function cheapestCuts(savedBytes: readonly number[], crossing: readonly number[], limit: number): number[] {
  const count = savedBytes.length;
  const cost = new Array<number>(count + 1).fill(Number.POSITIVE_INFINITY);
  const previous = new Array<number>(count + 1).fill(-1);
  cost[0] = 0;
  for (let end = 1; end <= count; end++) {
    let inside = 0;
    for (let start = end - 1; start >= 0; start--) {
      inside += savedBytes[start] as number;
      if (inside > limit && start < end - 1) break;
      const total = (cost[start] as number) + (end < count ? (crossing[end - 1] as number) : 0);
      if (total >= (cost[end] as number)) continue;
      cost[end] = total;
      previous[end] = start;
    }
  }
  const cuts: number[] = [];
  for (let end = previous[count] as number; end > 0; end = previous[end] as number) cuts.unshift(end - 1);
  return cuts;
}

/** Nodes with copies of forward nodes where the backward pass needs what they made. */
function reorder(
  graph: Graph,
  nodes: readonly Node[],
  place: ReadonlyMap<Node, number>,
  cuts: readonly number[],
  uses: ReadonlyMap<Value, Use>,
  isKept: (value: Value) => boolean,
): Node[] {
  const segmentOf = (at: number): number => cuts.filter((cut) => cut < at).length;
  const producer = new Map<Value, Node>();
  for (const node of place.keys()) for (const output of node.outputs) producer.set(output, node);
  const stays = (value: Value): boolean => {
    const node = producer.get(value);
    if (node === undefined || isKept(value)) return true;
    const { forward = -1, later = false } = uses.get(value) ?? {};
    const segment = segmentOf(place.get(node) as number);
    return (
      later ||
      segment === cuts.length ||
      (forward >= 0 && segmentOf(forward) > segment) ||
      bytesOf(value) <= SMALL_BYTES
    );
  };
  const again = new Map<Value, Value>();
  const result: Node[] = [];
  const present = (value: Value): Value => {
    if (stays(value)) return value;
    const known = again.get(value);
    if (known !== undefined) return known;
    const node = producer.get(value) as Node;
    const inputs = node.inputs.map(present);
    const outputs = graph.scope(node.scope, () =>
      graph.phase('backward', () => graph.emit(node.op, inputs, node.attributes)),
    );
    result.push(graph.nodes.pop() as Node); // belongs to this order, not to the graph
    node.outputs.forEach((output, i) => {
      again.set(output, outputs[i] as Value);
    });
    return again.get(value) as Value;
  };
  for (const node of nodes) {
    const inputs = node.phase === 'backward' ? node.inputs.map(present) : node.inputs;
    const same = inputs.every((input, i) => input === node.inputs[i]);
    result.push(same ? node : { ...node, inputs });
  }
  return result;
}

function bytesOf(value: Value): number {
  return 4 * sizeOf(value.shape);
}
