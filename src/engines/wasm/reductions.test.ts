import { afterAll, beforeAll, expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import type { Engine } from '../engine.js';
import { interpret } from '../reference/interpret.js';
import { createWasmEngine } from './index.js';

// Arrays that are cut into several blocks: smaller ones are covered by the conformance tests.

const engines: Engine[] = [];
beforeAll(async () => {
  for (const threads of [1, 2, 3]) engines.push(await createWasmEngine({ threads }));
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
});

/** Values of both signs whose sums are far from zero. */
function numbers(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 1000) / 500 - 0.5);
}

async function check(emit: (graph: Graph) => void, x: Float32Array, tolerance: number): Promise<void> {
  const results: Float32Array[] = [];
  for (const engine of engines) {
    const graph = new Graph(opTable);
    emit(graph);
    const { outputs } = await (await engine.load(engine.plan(graph))).run({ x });
    const got = outputs.y as Float32Array;
    const value = graph.outputs.get('y');
    const expected = value === undefined ? undefined : interpret(graph, { inputs: { x } }).get(value);
    let worst = 0;
    expected?.forEach((want, i) => {
      worst = Math.max(worst, Math.abs((got[i] as number) - want) / Math.max(Math.abs(want), 1e-3));
    });
    expect(expected?.length).toBe(got.length);
    expect(worst).toBeLessThanOrEqual(tolerance);
    results.push(got);
  }
  for (const result of results) expect(result).toEqual(results[0]);
}

const shapes = [
  ['bias gradient', [6, 33, 31, 24], [0, 1, 2]],
  ['bias gradient of wide rows', [5, 14, 13, 70], [0, 1, 2]],
  ['bias gradient of odd rows', [4, 60, 60, 5], [0, 1, 2]],
  ['everything', [3, 150, 151], [0, 1, 2]],
  ['long rows', [3, 70001], [1]],
  ['very wide rows', [130, 5003], [0]],
  ['the middle', [3, 4099, 18], [1]],
  ['every other axis', [70, 6, 80, 5, 9], [0, 2, 4]],
] as const;

test.each(shapes)('sum: %s', async (_, shape, axes) => {
  const x = numbers(shape.reduce((size, n) => size * n, 1));
  const emit = (graph: Graph): void =>
    graph.output('y', graph.emit('sum', [graph.input('x', shape)], { axes, keepDims: false })[0]);
  await check(emit, x, 1e-5);
});

test.each(shapes)('mean: %s', async (_, shape, axes) => {
  const x = numbers(shape.reduce((size, n) => size * n, 1));
  const emit = (graph: Graph): void =>
    graph.output('y', graph.emit('mean', [graph.input('x', shape)], { axes, keepDims: true })[0]);
  await check(emit, x, 1e-5);
});

test.each(shapes)('max: %s', async (_, shape, axes) => {
  const x = numbers(shape.reduce((size, n) => size * n, 1));
  x[x.length - 1] = 17;
  const emit = (graph: Graph): void =>
    graph.output('y', graph.emit('max', [graph.input('x', shape)], { axes, keepDims: false })[0]);
  await check(emit, x, 0);
});

test('sumOfSquares over many blocks', async () => {
  const x = numbers(200_003);
  await check((graph) => graph.output('y', graph.emit('sumOfSquares', [graph.input('x', [x.length])], {})[0]), x, 1e-5);
});

test('a NaN in any block is the maximum', async () => {
  const [engine] = engines as [Engine];
  const graph = new Graph(opTable);
  const x = numbers(100_000);
  x[77_777] = Number.NaN;
  graph.output('y', graph.emit('max', [graph.input('x', [x.length])], { axes: [0], keepDims: true })[0]);
  const { outputs } = await (await engine.load(engine.plan(graph))).run({ x });
  expect(outputs.y).toEqual(Float32Array.of(Number.NaN));
});

test.each([
  ['rows and columns', [301, 205], [1, 0]],
  ['channels to the front', [3, 33, 35, 13], [0, 3, 1, 2]],
  ['channels to the back', [3, 13, 33, 35], [0, 2, 3, 1]],
  ['filters', [5, 3, 37, 41], [3, 2, 0, 1]],
  ['rows kept whole', [40, 50, 23], [1, 0, 2]],
] as const)('transpose: %s', async (_, shape, permutation) => {
  const x = numbers(shape.reduce((size, n) => size * n, 1));
  await check(
    (graph) => graph.output('y', graph.emit('transpose', [graph.input('x', shape)], { permutation })[0]),
    x,
    1e-7,
  );
});
