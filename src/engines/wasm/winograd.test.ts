import { describe, expect, test } from 'vitest';
import { conv2d } from '../../ops/conv2d.js';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { interpret } from '../reference/interpret.js';
import { builds } from '../testing/builds.js';
import { createWasmEngine } from './index.js';

const random = new RandomStream(1, 'winograd');
const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.uniform() - 0.5);

/** n, h, w, channels, columns, padding: odd sizes, tails in each direction, columns that do not fill a panel. */
const SHAPES = [
  [1, 6, 6, 16, 16, 0],
  [2, 8, 8, 16, 24, 1],
  [3, 5, 9, 20, 12, 1],
  [1, 3, 3, 4, 8, 0],
  [1, 14, 13, 32, 40, 2],
  [5, 7, 4, 8, 20, 1],
  [2, 17, 11, 28, 64, 1],
  [1, 4, 30, 100, 72, 1],
  [9, 10, 10, 16, 16, 1],
] as const;

describe.each(builds)('Winograd, %s build', (build) => {
  test.each([1, 3])('equals the definition within 1e-4 of the largest sum, %i threads', async (threads) => {
    const engine = await createWasmEngine({ threads, build, convolution: 'winograd' });
    for (const [n, h, w, c, k, pad] of SHAPES) {
      const graph = new Graph(opTable);
      const x = graph.input('x', [n, h, w, c]);
      const filters = graph.input('w', [3, 3, c, k]);
      const b = graph.input('b', [k]);
      const padding = [pad, pad, pad, pad] as const;
      const y = conv2d(x, filters, { padding });
      graph.output('y', graph.emit('relu', [graph.emit('bias', [y, b], {})[0]], {})[0]);
      const window = { strides: [1, 1], dilations: [1, 1], padding, groups: 1 } as const;
      const dy = graph.input('dy', y.shape);
      graph.output('dx', graph.emit('conv2dInputGradient', [dy, filters], { ...window, inputSize: [h, w] })[0]);
      graph.output('dw', graph.emit('conv2dFilterGradient', [x, dy], { ...window, kernelSize: [3, 3] })[0]);
      const feeds: Record<string, Float32Array> = {};
      for (const [name, value] of graph.inputs) feeds[name] = draw(sizeOf(value.shape));
      const plan = engine.plan(graph);
      const chosen = plan.steps.map(({ algorithm }) => algorithm).filter((name) => name?.startsWith('Winograd'));
      expect(chosen.length, `${[n, h, w, c, k]}`).toBe(k % 16 === 0 ? 3 : 2);
      const { outputs } = await (await engine.load(plan)).run(feeds);
      const expected = interpret(graph, { inputs: feeds });
      for (const [name, value] of graph.outputs) {
        const truth = expected.get(value) as Float64Array;
        const scale = truth.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
        const worst = truth.reduce((most, v, i) => Math.max(most, Math.abs(v - (outputs[name]?.[i] as number))), 0);
        expect(worst / scale, `${name} of ${[n, h, w, c, k, pad]}`).toBeLessThan(1e-4);
      }
    }
    await engine.close();
  });
});
