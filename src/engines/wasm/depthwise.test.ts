import { afterAll, beforeAll, expect, test } from 'vitest';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { windowOutput } from '../../ops/windows.js';
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

function normals(shape: Shape, seed: number): Float32Array {
  const random = new RandomStream(seed, 'depthwise test');
  return Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
}

// Strides, padding and dilations are [height, width]; m filters see each channel.
test.each([
  { x: [2, 12, 19, 16], kernel: [3, 3], m: 1, strides: [1, 1], padding: [1, 1, 1, 1], dilations: [1, 1] },
  { x: [1, 12, 19, 37], kernel: [3, 3], m: 1, strides: [2, 2], padding: [0, 1, 0, 1], dilations: [1, 1] },
  { x: [2, 7, 7, 9], kernel: [3, 3], m: 1, strides: [1, 1], padding: [1, 1, 1, 1], dilations: [1, 1] },
  { x: [1, 1, 4, 8], kernel: [3, 3], m: 1, strides: [1, 1], padding: [1, 1, 1, 1], dilations: [1, 1] },
  { x: [2, 6, 11, 10], kernel: [3, 3], m: 1, strides: [1, 1], padding: [0, 1, 1, 0], dilations: [1, 1] },
  { x: [1, 8, 8, 20], kernel: [3, 3], m: 1, strides: [2, 2], padding: [1, 1, 1, 1], dilations: [1, 1] },
  { x: [1, 9, 13, 4], kernel: [3, 3], m: 1, strides: [2, 2], padding: [0, 0, 0, 0], dilations: [1, 1] },
  { x: [3, 9, 14, 6], kernel: [5, 2], m: 1, strides: [1, 1], padding: [0, 0, 0, 0], dilations: [2, 3] },
  { x: [2, 9, 14, 6], kernel: [3, 3], m: 1, strides: [1, 1], padding: [4, 3, 5, 3], dilations: [1, 1] },
  { x: [2, 11, 13, 8], kernel: [3, 3], m: 1, strides: [3, 2], padding: [1, 1, 2, 2], dilations: [2, 2] },
  { x: [2, 8, 11, 5], kernel: [3, 3], m: 2, strides: [1, 1], padding: [1, 1, 1, 1], dilations: [1, 1] },
  { x: [1, 8, 11, 7], kernel: [3, 3], m: 5, strides: [2, 1], padding: [1, 1, 1, 1], dilations: [1, 1] },
] as const)('a filter for each channel and its gradients are the definition: %j', async (form) => {
  const { kernel, m, strides, padding, dilations } = form;
  const [n, h, w, c] = form.x;
  const window = { strides, padding, dilations, groups: c };
  const graph = new Graph(opTable);
  const x = graph.input('x', form.x);
  const filters = graph.input('filters', [...kernel, 1, c * m]);
  const bias = graph.input('bias', [c * m]);
  const dy = graph.input('dy', [n, ...windowOutput('test', [h, w], kernel, window), c * m]);
  graph.output('y', graph.emit('conv2d', [x, filters], { ...window, activation: 'linear' })[0]);
  graph.output('relu', graph.emit('conv2d', [x, filters, bias], { ...window, activation: 'relu' })[0]);
  graph.output('relu6', graph.emit('conv2d', [x, filters, bias], { ...window, activation: 'relu6' })[0]);
  graph.output('dx', graph.emit('conv2dInputGradient', [dy, filters], { ...window, inputSize: [h, w] })[0]);
  graph.output('dw', graph.emit('conv2dFilterGradient', [x, dy], { ...window, kernelSize: kernel })[0]);
  const feeds: Record<string, TensorData> = {};
  for (const [name, value] of graph.inputs) feeds[name] = normals(value.shape, value.id);
  const expected = interpret(graph, { inputs: feeds });
  const { outputs } = await (await engine.load(engine.plan(graph))).run(feeds);
  for (const [name, value] of graph.outputs) {
    const wanted = expected.get(value) as ArrayLike<number>;
    const got = outputs[name] as TensorData;
    const far = Array.from(wanted).filter((number, i) => !(Math.abs((got[i] as number) - number) < 1e-4));
    expect({ name, far }).toEqual({ name, far: [] });
  }
});
