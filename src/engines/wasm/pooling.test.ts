import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import type { PoolAttributes } from '../../ops/poolWindows.js';
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

async function run(graph: Graph, feeds: Record<string, TensorData>) {
  const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
  return outputs;
}

function normals(shape: Shape, seed: number): Float32Array {
  const random = new RandomStream(seed, 'pooling test');
  return Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
}

type Four = [number, number, number, number];
const windows: [size: number, stride: number, dilation: number, padding: Four, x: Four][] = [
  [2, 2, 1, [0, 0, 0, 0], [3, 8, 6, 5]],
  [2, 2, 1, [0, 0, 0, 0], [2, 9, 7, 16]],
  [2, 2, 1, [0, 1, 0, 1], [2, 9, 7, 4]],
  [2, 2, 1, [0, 0, 0, 0], [5, 64, 66, 13]],
  [3, 2, 1, [1, 1, 1, 1], [2, 14, 13, 7]],
  [3, 1, 1, [1, 1, 1, 1], [2, 6, 7, 9]],
  [2, 3, 1, [0, 0, 0, 0], [2, 11, 12, 3]],
  [2, 1, 2, [1, 1, 0, 1], [1, 7, 8, 6]],
  [3, 2, 3, [2, 2, 3, 2], [1, 9, 10, 1]],
];

describe.each(windows)(
  'window %i, stride %i, dilation %i, padding %j, x %j',
  (size, stride, dilation, padding, shape) => {
    const pool: PoolAttributes = {
      poolSize: [size, size],
      strides: [stride, stride],
      padding,
      dilations: [dilation, dilation],
    };
    const inputSize: [number, number] = [shape[1], shape[2]];

    /** x pooled, and a gradient sent back: through the pooling's own switches, or through switches that were fed. */
    function graphOf(fed: boolean) {
      const graph = new Graph(opTable);
      const x = graph.input('x', shape);
      const [y, own] = graph.emit('maxPool', [x], pool) as [typeof x, typeof x];
      const switches = fed ? graph.input('switches', own.shape, 'int32') : own;
      const dy = graph.input('dy', y.shape);
      graph.output('y', y);
      graph.output('dx', graph.emit('maxPoolGradient', [dy, switches], { inputSize })[0]);
      graph.output('unpooled', graph.emit('maxUnpool', [dy, switches], { outputSize: inputSize })[0]);
      if (!fed) graph.output('switches', switches);
      return { graph, y };
    }

    test('both ways to send a gradient back are the definition', async () => {
      const known = graphOf(false);
      const feeds = { x: normals(shape, 1), dy: normals(known.y.shape, 2) };
      const expected = interpret(known.graph, { inputs: feeds });
      const own = await run(known.graph, feeds);
      for (const [name, value] of known.graph.outputs) {
        const wanted = expected.get(value) as ArrayLike<number>;
        const got = own[name] as TensorData;
        const far = Array.from(wanted).filter((number, i) => !(Math.abs((got[i] as number) - number) < 5e-6));
        expect({ name, far }).toEqual({ name, far: [] });
      }
      const fed = await run(graphOf(true).graph, { ...feeds, switches: own.switches as Int32Array });
      expect(fed.dx).toEqual(own.dx);
      expect(fed.unpooled).toEqual(own.unpooled);
    });
  },
);

test('the first maximum wins, a NaN wins over everything, padding over nothing', async () => {
  const graph = new Graph(opTable);
  const x = graph.input('x', [1, 4, 6, 1]);
  const pool: PoolAttributes = { poolSize: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0], dilations: [1, 1] };
  for (const [name, padding] of [
    ['plain', [0, 0, 0, 0]],
    ['padded', [1, 1, 1, 1]],
  ] as const) {
    const [y, switches] = graph.emit('maxPool', [x], { ...pool, padding });
    graph.output(name, y);
    graph.output(`${name} switches`, switches as typeof y);
  }
  const low = Number.NEGATIVE_INFINITY;
  // biome-ignore format: as an image
  const image = [
    1, 1,   2, Number.NaN,  low, low,
    1, 1,   9, Number.NaN,  low, low,
    0, 3,   3, 2,           5, 6,
    3, 3,   1, 3,           7, 7,
  ];
  const outputs = await run(graph, { x: Float32Array.from(image) });
  expect([...(outputs.plain as TensorData)]).toEqual([1, Number.NaN, low, 3, 3, 7]);
  expect([...(outputs['plain switches'] as TensorData)]).toEqual([0, 3, 4, 13, 14, 22]);
  expect([...(outputs.padded as TensorData)].slice(0, 4)).toEqual([1, 2, Number.NaN, low]);
  expect([...(outputs['padded switches'] as TensorData)].slice(0, 4)).toEqual([0, 2, 3, 5]);
});

test.each<Four>([
  [2, 9, 7, 37],
  [9, 33, 31, 16],
  [1, 5, 6, 200],
  [3, 1, 1, 5],
])('a window over the whole of %i × %i × %i × %i: first maxima, first NaNs, infinities', async (...shape) => {
  const graph = new Graph(opTable);
  const x = graph.input('x', shape);
  const pool: PoolAttributes = {
    poolSize: [shape[1], shape[2]],
    ...{ strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1] },
  };
  const [y, switches] = graph.emit('maxPool', [x], pool);
  graph.output('y', y);
  graph.output('switches', switches as typeof y);
  // Rounded, so that many pixels are equally large.
  const data = normals(shape, 3).map((value) => Math.round(value * 4) / 4);
  const random = new RandomStream(4, 'pooling test');
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
  for (let i = 0; i < data.length / 300; i++) data[random.below(data.length)] = odd[i % odd.length] as number;
  const expected = interpret(graph, { inputs: { x: data } });
  const outputs = await run(graph, { x: data });
  for (const [name, value] of graph.outputs) {
    expect([...(outputs[name] as TensorData)]).toEqual([...(expected.get(value) as Iterable<number>)]);
  }
});
