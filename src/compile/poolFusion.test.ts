import { describe, expect, test } from 'vitest';
import { interpret } from '../engines/reference/interpret.js';
import { builds } from '../engines/testing/builds.js';
import { createWasmEngine } from '../engines/wasm/index.js';
import { bias } from '../ops/bias.js';
import { conv2d } from '../ops/conv2d.js';
import { Graph } from '../ops/graph.js';
import { maxPool } from '../ops/maxPool.js';
import { opTable } from '../ops/table.js';
import { RandomStream } from '../tensor/random.js';
import { sizeOf } from '../tensor/shape.js';

const random = new RandomStream(1, 'pooling');

/** Convolution, bias, ReLU and pooling; what else reads the convolution, or which windows pool it, decides about fusion. */
function network(shape: readonly [number, number, number, number], k: number, form: 'plain' | 'read' | 'overlapping') {
  const graph = new Graph(opTable);
  const x = graph.input('x', shape);
  const filters = graph.input('w', [3, 3, shape[3], k]);
  const sum = bias(conv2d(x, filters, { padding: 'same' }), graph.input('b', [k]));
  const y = graph.emit('relu', [sum], {})[0];
  graph.output('y', maxPool(y, form === 'overlapping' ? { poolSize: 3, strides: 2 } : { poolSize: 2 }));
  if (form === 'read') graph.output('unpooled', y);
  return graph;
}

describe.each(builds)('convolution and 2 × 2 max pooling, %s build', (build) => {
  test('are one step where nothing else reads the convolution, and equal their definitions', async () => {
    const engines = await Promise.all([1, 3].map((threads) => createWasmEngine({ threads, build })));
    for (const [n, h, w, c, k] of [
      [2, 8, 8, 16, 16],
      [1, 14, 10, 32, 40],
      [3, 11, 9, 20, 24],
      [1, 17, 22, 16, 36],
    ] as const) {
      for (const form of ['plain', 'read', 'overlapping'] as const) {
        const graph = network([n, h, w, c], k, form);
        const feeds: Record<string, Float32Array> = {};
        for (const [name, { shape }] of graph.inputs) {
          feeds[name] = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() - 0.5);
        }
        const expected = interpret(graph, { inputs: feeds });
        const results = await Promise.all(
          engines.map(async (engine) => {
            const plan = engine.plan(graph);
            const ops = plan.steps.map(({ node }) => node.op);
            expect(ops).toEqual(form === 'plain' ? ['conv2dMaxPool'] : ['conv2d', 'maxPool']);
            expect(plan.steps[0]?.algorithm).toBe('Winograd F(4×4, 3×3)');
            return (await (await engine.load(plan)).run(feeds)).outputs;
          }),
        );
        expect(results[1]).toEqual(results[0]);
        for (const [name, value] of graph.outputs) {
          const truth = expected.get(value) as Float64Array;
          const scale = truth.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
          const worst = truth.reduce((most, v, i) => Math.max(most, Math.abs(v - Number(results[0]?.[name]?.[i]))), 0);
          expect(worst / scale, `${name} of ${[n, h, w, c, k]}`).toBeLessThan(1e-4);
        }
      }
    }
    await Promise.all(engines.map((engine) => engine.close()));
  });
});
