import { describe, expect, test } from 'vitest';
import { conv2d } from '../../ops/conv2d.js';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { RandomStream } from '../../tensor/random.js';
import { sizeOf } from '../../tensor/shape.js';
import { interpret } from '../reference/interpret.js';
import { builds } from '../testing/builds.js';
import { createWasmEngine } from './index.js';

const random = new RandomStream(1, 'convolution');
const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.uniform() - 0.5);

/** n, h, w, channels, columns, kernel, stride, padding, groups: what the direct way treats each in its own manner. */
const SHAPES = [
  // Few channels: the taps of a pixel are copied side by side.
  [2, 9, 11, 3, 16, 3, 1, 1, 1],
  [1, 12, 13, 1, 40, 3, 1, 0, 1],
  [2, 15, 14, 3, 24, 7, 2, 3, 1],
  [1, 11, 9, 3, 8, 3, 2, 1, 1],
  [1, 6, 7, 4, 5, 5, 1, 2, 1],
  // 1 × 1: all pixels of all images as one product, or image by image where no length divides them.
  [8, 7, 7, 20, 16, 1, 1, 0, 1],
  [2, 14, 14, 33, 48, 1, 1, 0, 1],
  [1, 13, 17, 9, 24, 1, 1, 0, 1],
  [3, 11, 13, 5, 32, 1, 1, 0, 1],
  [2, 10, 10, 24, 32, 1, 1, 0, 2],
  [2, 9, 9, 16, 16, 1, 2, 0, 1],
  // Whole panels, panels that are not full, and pixels that fill no tile.
  [1, 5, 5, 12, 24, 3, 1, 1, 1],
  [2, 7, 9, 34, 40, 3, 2, 1, 1],
] as const;

describe.each(builds)('direct convolution, %s build', (build) => {
  test.each(['linear', 'relu', 'relu6'] as const)(
    'equals the definition, %s, on 1 and 3 threads',
    async (activation) => {
      const engines = await Promise.all(
        [1, 3].map((threads) => createWasmEngine({ threads, build, convolution: 'direct' })),
      );
      for (const [n, h, w, c, k, size, strides, pad, groups] of SHAPES) {
        const graph = new Graph(opTable);
        const x = graph.input('x', [n, h, w, c]);
        const filters = graph.input('w', [size, size, c / groups, k]);
        const b = graph.input('b', [k]);
        const padding = [pad, pad, pad, pad] as const;
        const plain = conv2d(x, filters, { padding, strides, groups });
        const sum = graph.emit('bias', [plain, b], {})[0];
        graph.output('y', activation === 'linear' ? sum : graph.emit(activation, [sum], {})[0]);
        const window = { strides: [strides, strides], dilations: [1, 1], padding, groups } as const;
        const dy = graph.input('dy', plain.shape);
        graph.output('dx', graph.emit('conv2dInputGradient', [dy, filters], { ...window, inputSize: [h, w] })[0]);
        graph.output('dw', graph.emit('conv2dFilterGradient', [x, dy], { ...window, kernelSize: [size, size] })[0]);
        const feeds: Record<string, Float32Array> = {};
        for (const [name, value] of graph.inputs) feeds[name] = draw(sizeOf(value.shape)).map((v) => 4 * v);
        const expected = interpret(graph, { inputs: feeds });
        const results = await Promise.all(
          engines.map(async (engine) => {
            const plan = engine.plan(graph);
            const ops = plan.steps.map(({ node }) => node.op);
            expect(ops).toEqual(['conv2d', 'conv2dInputGradient', 'conv2dFilterGradient']);
            return (await (await engine.load(plan)).run(feeds)).outputs;
          }),
        );
        expect(results[1]).toEqual(results[0]);
        for (const [name, value] of graph.outputs) {
          const truth = expected.get(value) as Float64Array;
          const scale = truth.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
          const worst = truth.reduce((most, v, i) => Math.max(most, Math.abs(v - Number(results[0]?.[name]?.[i]))), 0);
          expect(worst / scale, `${name} of ${[n, h, w, c, k, size, strides, pad, groups]}`).toBeLessThan(4e-6);
        }
      }
      await Promise.all(engines.map((engine) => engine.close()));
    },
  );
});
