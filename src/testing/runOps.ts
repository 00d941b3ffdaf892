import { differentiate } from '../compile/differentiate.js';
import { interpret } from '../engines/reference/interpret.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import type { Shape } from '../tensor/shape.js';
import { type NestedNumbers, tensor } from '../tensor/tensor.js';

/** What came out of a graph: float64 values in scan order. */
export interface Result {
  readonly shape: Shape;
  readonly values: number[];
}

/** Builds a graph on inputs of the given numbers (int32 where they come so) and runs its definitions in float64. */
export function runOps(
  inputs: readonly (NestedNumbers | Int32Array)[],
  build: (...inputs: Value[]) => readonly Value[],
): Result[] {
  const graph = new Graph(opTable);
  const values = inputs.map((numbers, i) => {
    if (numbers instanceof Int32Array) return graph.input(`${i}`, [numbers.length], 'int32');
    return graph.input(`${i}`, tensor(numbers).shape);
  });
  const wanted = build(...values);
  const feeds = Object.fromEntries(
    inputs.map((numbers, i) => [`${i}`, numbers instanceof Int32Array ? numbers : flat(numbers)]),
  );
  const known = interpret(graph, { inputs: feeds });
  return wanted.map((value) => ({ shape: value.shape, values: Array.from(known.get(value) ?? []) }));
}

/** Runs one op; gives the values of its first output. */
export function runOp(inputs: readonly (NestedNumbers | Int32Array)[], build: (...inputs: Value[]) => Value): number[] {
  return (runOps(inputs, (...values) => [build(...values)])[0] as Result).values;
}

/** Gradients of Σ seed · build(inputs) by each input; the seed has the shape of what is built, ones unless given. */
export function gradientsOf(
  inputs: readonly NestedNumbers[],
  build: (...inputs: Value[]) => Value,
  seed?: NestedNumbers,
): number[][] {
  const all = seed === undefined ? inputs : [...inputs, seed];
  const results = runOps(all, (...values) => {
    const wrt = values.slice(0, inputs.length);
    const y = build(...wrt);
    const dy = values[inputs.length] ?? y.graph.emit('fill', [], { shape: y.shape, value: 1 })[0];
    return differentiate(y.graph, y, wrt, { seed: dy }) as Value[];
  });
  return results.map(({ values }) => values);
}

function flat(numbers: NestedNumbers): number[] {
  return typeof numbers === 'number' ? [numbers] : numbers.flatMap(flat);
}
