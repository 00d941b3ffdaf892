import { describe, expect, test } from 'vitest';
import type { FusedActivation } from '../../ops/fusedActivation.js';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { interpret } from '../reference/interpret.js';
import { builds } from '../testing/builds.js';
import { createWasmEngine } from './index.js';

const random = new RandomStream(1, 'products');
const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);

/** Rows, inner length, columns, activation: few rows of A (B is read where it lies), and more (B is packed). */
const SHAPES: readonly (readonly [number, number, number, FusedActivation])[] = [
  [1, 300, 131, 'linear'],
  [1, 1000, 48, 'relu'],
  [3, 257, 200, 'relu6'],
  [8, 515, 96, 'relu'],
  [13, 1030, 37, 'linear'],
  [16, 64, 640, 'relu6'],
  [32, 131, 300, 'relu'],
  [33, 131, 300, 'relu6'],
  [7, 1300, 24, 'linear'],
];

describe.each(builds)('products, %s build', (build) => {
  test.each([false, true])(
    'equal the definition, second factor transposed %s, on 1 and 3 threads',
    async (transposeB) => {
      const engines = await Promise.all([1, 3].map((threads) => createWasmEngine({ threads, build })));
      for (const [m, k, n, activation] of SHAPES) {
        const graph = new Graph(opTable);
        const factors = [graph.input('a', [m, k]), graph.input('b', transposeB ? [n, k] : [k, n])];
        const plain = { transposeA: false, transposeB, activation } as const;
        graph.output('y', graph.emit('matMul', factors, plain)[0]);
        graph.output('biased', graph.emit('matMul', [...factors, graph.input('bias', [n])], plain)[0]);
        const feeds: Record<string, Float32Array> = {};
        for (const [name, value] of graph.inputs) feeds[name] = draw(sizeOf(value.shape));
        const expected = interpret(graph, { inputs: feeds });
        const results = await Promise.all(
          engines.map(async (engine) => (await (await engine.load(engine.plan(graph))).run(feeds)).outputs),
        );
        expect(results[1]).toEqual(results[0]);
        for (const [name, value] of graph.outputs) {
          const truth = expected.get(value) as Float64Array;
          const worst = truth.reduce((most, v, i) => Math.max(most, Math.abs(v - Number(results[0]?.[name]?.[i]))), 0);
          expect(worst, `${name} of ${[m, k, n, activation]}`).toBeLessThan(1e-4);
        }
      }
      await Promise.all(engines.map((engine) => engine.close()));
    },
  );
});
