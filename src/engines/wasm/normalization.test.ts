import { afterAll, beforeAll, expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { RandomStream } from '../../tensor/random.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import type { Engine } from '../engine.js';
import { interpret } from '../reference/interpret.js';
import { createWasmEngine } from './index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
});
afterAll(() => engine.close());

function normals(shape: Shape, seed: number, mean = 0): Float32Array {
  const random = new RandomStream(seed, 'normalization test');
  return Float32Array.from({ length: sizeOf(shape) }, () => mean + random.normal());
}

/** Errors as shares of an output's largest number, or of 1: the deviation of x, which all others follow. */
async function worstError(graph: Graph, feeds: Record<string, TensorData>): Promise<Record<string, number>> {
  const expected = interpret(graph, { inputs: feeds });
  const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
  const worst: Record<string, number> = {};
  for (const [name, value] of graph.outputs) {
    const wanted = expected.get(value) as ArrayLike<number>;
    const got = outputs[name] as TensorData;
    const scale = Array.from(wanted).reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    let error = 0;
    for (let i = 0; i < wanted.length; i++) {
      const distance = Math.abs((got[i] as number) - (wanted[i] as number)) / scale;
      error = Number.isNaN(distance) ? distance : Math.max(error, distance);
    }
    worst[name] = error;
  }
  return worst;
}

// Mean 1000 and deviation 1: E[x²] − E[x]² would have no correct digit in float32.
test.each<[mean: number, shape: number[], limit: number]>([
  [0, [16, 24, 24, 32], 2e-6],
  [0, [3, 41, 37, 7], 2e-6],
  [0, [5000, 1], 2e-6],
  [1000, [16, 24, 24, 32], 5e-5],
  [1000, [5000, 3], 5e-5],
])('batch normalization of values around %f, shape %j, is right to %f', async (mean, shape, limit) => {
  const graph = new Graph(opTable);
  const c = shape.slice(-1);
  const x = graph.input('x', shape);
  const dy = graph.input('dy', shape);
  const [gamma, beta] = [graph.input('gamma', c), graph.input('beta', c)];
  const epsilon = 1e-3;
  const [y, m, v] = graph.emit('batchNormalization', [x, gamma, beta], { epsilon }) as [typeof x, typeof x, typeof x];
  const gradients = graph.emit('batchNormalizationGradient', [x, gamma, m, v, dy], { epsilon });
  for (const [i, value] of [y, m, v, ...gradients].entries()) {
    graph.output(['y', 'mean', 'variance', 'dx', 'dgamma', 'dbeta'][i] as string, value);
  }
  const feeds = { x: normals(shape, 1, mean), dy: normals(shape, 2), gamma: normals(c, 3), beta: normals(c, 4) };
  const errors = await worstError(graph, feeds);
  expect(Object.entries(errors).filter(([, error]) => !(error < limit))).toEqual([]);
});

test.each<[mean: number, shape: number[], axis: number, limit: number]>([
  [0, [700, 33], 1, 2e-6],
  [0, [3, 30, 30, 5], 1, 2e-6],
  [1000, [3, 30, 30, 5], 1, 5e-5],
])(
  'layer normalization of values around %f, shape %j from axis %i, is right to %f',
  async (mean, shape, axis, limit) => {
    const graph = new Graph(opTable);
    const trailing = shape.slice(axis);
    const x = graph.input('x', shape);
    const dy = graph.input('dy', shape);
    const [gamma, beta] = [graph.input('gamma', trailing), graph.input('beta', trailing)];
    const outputs = graph.emit('layerNormalization', [x, gamma, beta], { axis, epsilon: 1e-3 });
    const [y, m, inverse] = outputs as [typeof x, typeof x, typeof x];
    const gradients = graph.emit('layerNormalizationGradient', [x, gamma, m, inverse, dy], { axis });
    for (const [i, value] of [y, m, inverse, ...gradients].entries()) {
      graph.output(['y', 'mean', 'inverse', 'dx', 'dgamma', 'dbeta'][i] as string, value);
    }
    const feeds = {
      x: normals(shape, 1, mean),
      dy: normals(shape, 2),
      gamma: normals(trailing, 3),
      beta: normals(trailing, 4),
    };
    const errors = await worstError(graph, feeds);
    expect(Object.entries(errors).filter(([, error]) => !(error < limit))).toEqual([]);
  },
);

test.each([
  { shape: [50, 1003], spatial: false },
  { shape: [3, 31, 17, 35], spatial: true },
])('dropout drops exactly what its definition drops: %j', async ({ shape, spatial }) => {
  const graph = new Graph(opTable);
  const inputs = [graph.input('x', shape), graph.input('rate', [1]), graph.input('random', [3], 'int32')];
  graph.output('y', graph.emit('dropout', inputs, { stream: 0xdeadbeef, spatial })[0]);
  const feeds = {
    x: new Float32Array(sizeOf(shape)).fill(3),
    rate: Float32Array.of(0.3),
    random: Int32Array.of(-5, 77, 1234567),
  };
  const expected = interpret(graph, { inputs: feeds }, 'float32').get(graph.outputs.get('y') as never) as Float32Array;
  const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
  const dropped = (y: ArrayLike<number>) => Array.from(y, (value) => value === 0);
  expect(dropped(outputs.y as TensorData)).toEqual(dropped(expected));
  expect(Math.max(...(outputs.y as TensorData))).toBeCloseTo(3 / 0.7, 5);
});
