import { describe, expect, test } from 'vitest';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { l2 } from '../layers/regularizers.js';
import { Graph } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import type { FoveaError } from '../tensor/errors.js';
import { tensor } from '../tensor/tensor.js';
import { randomBatch, run } from '../testing/runModel.js';
import { model } from './functional.js';
import type { Model } from './model.js';
import { sequential } from './sequential.js';
import type { TraceOptions } from './trace.js';

const small = (seed = 0): Model =>
  sequential(
    [
      input([6, 6, 1]),
      conv2d({ filters: 2, kernelSize: 3, activation: 'relu' }),
      conv2d({ filters: 3, kernelSize: 3 }),
      flatten(),
      dense({ units: 4, name: 'scores' }),
    ],
    { seed },
  );

/** The message of the error that `body` throws. */
function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return `${(error as FoveaError).code} | ${(error as Error).message}`;
  }
  return 'no error';
}

describe('layers', () => {
  test('are named after their type, and found by name or place', () => {
    const net = small();
    expect(net.layers.map((layer) => layer.name)).toEqual(['conv2d', 'conv2d_1', 'flatten', 'scores']);
    expect(net.layer('conv2d_1')).toBe(net.layers[1]);
    expect(net.layer(-1).name).toBe('scores');
    expect(net.weights.map(({ path }) => path)).toEqual([
      'conv2d/kernel',
      'conv2d/bias',
      'conv2d_1/kernel',
      'conv2d_1/bias',
      'scores/kernel',
      'scores/bias',
    ]);
  });

  test('that do not exist are errors that suggest', () => {
    expect(messageOf(() => small().layer('score'))).toBe(
      'name | model "sequential": there is no layer "score". Did you mean "scores"?',
    );
    expect(messageOf(() => small().layer(4))).toBe(
      'name | model "sequential": layers are numbered from 0 to 3, or from -1 back to -4. Received 4.',
    );
  });

  test('of the same name are refused', () => {
    const layers = [flatten({ name: 'a', inputShape: [2, 2, 1] }), dense({ units: 1, name: 'a' })];
    expect(() => sequential(layers)).toThrow(/layer "a": two layers have the same name/);
  });

  test('that do not fit name themselves', () => {
    expect(
      messageOf(() =>
        sequential([input([4, 4, 3]), maxPooling2d(), conv2d({ filters: 2, kernelSize: 3, name: 'block2_conv1' })]),
      ),
    ).toMatch(/^shape \| conv2d "block2_conv1": the window must fit into the padded input/);
    expect(messageOf(() => sequential([input([28, 28]), conv2d({ filters: 2, kernelSize: 3 })]))).toBe(
      'shape | conv2d "conv2d": the input must have 3 axes [h, w, c] besides the batch. Received [28, 28]. Grey-scale images have one channel: [h, w, 1].',
    );
  });

  test('that are shared refuse inputs that their weights do not fit', () => {
    const layer = conv2d({ filters: 2, kernelSize: 3, name: 'block1_conv1' });
    const x = input([8, 8, 3]);
    model({ inputs: x, outputs: layer.apply(x) });
    const other = input([8, 8, 4]);
    expect(messageOf(() => model({ inputs: other, outputs: layer.apply(other) }))).toBe(
      'shape | conv2d "block1_conv1": the input has 4 channels, the filters expect 3. Received input [8, 8, 4], built for [8, 8, 3]. Drop the alpha channel, or make a new layer for this input.',
    );
  });
});

describe('sequential models', () => {
  test('need the shape of the examples', () => {
    expect(messageOf(() => sequential([flatten(), dense({ units: 1 })]))).toBe(
      'option | model "sequential": the shape of the examples is not known. Begin with input([h, w, c]), or give the first layer an inputShape.',
    );
    expect(sequential([flatten({ inputShape: [2, 2, 1] })]).outputShapes).toEqual([[4]]);
  });

  test('grow and shrink, and keep their weights', async () => {
    const net = small();
    const before = await net.getWeights();
    const revision = net.revision;
    const last = net.pop();
    expect(last.name).toBe('scores');
    expect(net.outputShapes).toEqual([[12]]);
    net.add(dropout({ rate: 0.5 }), dense({ units: 2 }));
    expect(net.layers.map((layer) => layer.name)).toEqual(['conv2d', 'conv2d_1', 'flatten', 'dropout', 'dense']);
    expect((await net.getWeights()).slice(0, 4)).toEqual(before.slice(0, 4));
    expect(net.revision).toBeGreaterThan(revision);
    net.pop();
    net.pop();
    net.add(last);
    expect(await net.getWeights()).toEqual(before);
  });

  test('stay as they were where a layer does not fit', () => {
    const net = small();
    expect(() => net.add(maxPooling2d())).toThrow(/3 axes/);
    expect(net.layers.length).toBe(4);
    expect(net.outputShapes).toEqual([[4]]);
  });

  test('can be taken apart to the input', () => {
    const net = sequential([flatten({ inputShape: [2, 2, 1] })]);
    net.pop();
    expect(net.outputShapes).toEqual([[2, 2, 1]]);
    expect(() => net.pop()).toThrow(/no layer to take off/);
    expect(() => sequential().trace(new Graph(opTable), [], { training: false })).toThrow(/no layers yet/);
  });
});

describe('graphs of layers', () => {
  test('branch and join', async () => {
    const x = input([4, 4, 2], { name: 'image' });
    const y = conv2d({ filters: 2, kernelSize: 3, padding: 'same', useBias: false }).apply(x);
    const net = model({ inputs: x, outputs: add().apply([x, y]) });
    expect(net.layers.map((layer) => layer.name)).toEqual(['image', 'conv2d', 'add']);
    await net.setWeights([tensor(new Array(36).fill(0), [3, 3, 2, 2])]);
    const batch = randomBatch([4, 4, 2], 2);
    expect(await run(net, [batch])).toEqual([batch]);
  });

  test('use a layer twice, with one set of weights', async () => {
    const [a, b] = [input([2]), input([2])];
    const twice = dense({ units: 1, useBias: false });
    const net = model({ inputs: [a, b], outputs: [twice.apply(a), twice.apply(b)] });
    expect(net.weights.length).toBe(1);
    await net.setWeights([tensor([[1], [10]])]);
    const [ya, yb] = await run(net, [tensor([[1, 2]]), tensor([[3, 4]])]);
    expect([ya?.data[0], yb?.data[0]]).toEqual([21, 43]);
  });

  test('share layers with the model that they were cut from', async () => {
    const net = small();
    const features = model({ inputs: net.inputs, outputs: net.layerOutput('flatten') });
    expect(features.weights.map(({ weight }) => weight)).toEqual(net.weights.slice(0, 4).map(({ weight }) => weight));
  });

  test('list all their inputs', () => {
    const [a, b] = [input([2], { name: 'a' }), input([2], { name: 'b' })];
    expect(() => model({ inputs: a, outputs: add().apply([a, b]) })).toThrow(/input "b", which is not among/);
    const middle = dense({ units: 1 }).apply(a);
    expect(() => model({ inputs: middle, outputs: middle })).toThrow(/must be made by input\(shape\)/);
    expect(() => model({ inputs: [], outputs: [] })).toThrow(/at least one input/);
    expect(() => model({ inputs: a, outputs: a }).pop()).toThrow(/pop is for sequential models/);
  });

  test('may be deep', () => {
    let y = input([1]);
    const x = y;
    for (let i = 0; i < 3000; i++) y = add().apply([y, x]);
    expect(model({ inputs: x, outputs: y }).layers.length).toBe(3001);
  });
});

describe('weights', () => {
  test('come from the seed', async () => {
    expect(await small(3).getWeights()).toEqual(await small(3).getWeights());
    expect(await small(3).getWeights()).not.toEqual(await small(4).getWeights());
    expect(() => small(-1)).toThrow(/seed must be a whole number/);
  });

  test('are set all or none', async () => {
    const net = small();
    const before = await net.getWeights();
    const wrong = before.map((_, i) =>
      i === 5 ? tensor([1, 2, 3]) : tensor(new Array(before[i]?.size).fill(9), before[i]?.shape),
    );
    await expect(net.setWeights(wrong)).rejects.toThrow(
      'model "sequential": weight number 5, "scores/bias", has the shape [4]. Received [3].',
    );
    await expect(net.setWeights(before.slice(1))).rejects.toThrow('has 6 weights. Received 5 tensors.');
    expect(await net.getWeights()).toEqual(before);
  });

  test('belong to a clone alone', async () => {
    const net = small();
    net.layer('conv2d').trainable = false;
    const copy = await net.clone();
    expect(copy.layers.map((layer) => layer.name)).toEqual(net.layers.map((layer) => layer.name));
    expect(copy.layer('conv2d').trainable).toBe(false);
    expect(await copy.getWeights()).toEqual(await net.getWeights());
    await copy.layer('scores').setWeights([tensor(new Array(48).fill(0), [12, 4]), tensor([0, 0, 0, 0])]);
    expect(await copy.getWeights()).not.toEqual(await net.getWeights());
  });

  test('are counted by what learns', () => {
    const net = sequential([input([3]), dense({ units: 2 }), batchNormalization()]);
    expect(net.countParameters()).toEqual({ total: 16, trainable: 12, nonTrainable: 4 });
    net.layer('dense').trainable = false;
    expect(net.countParameters()).toEqual({ total: 16, trainable: 4, nonTrainable: 12 });
    net.trainable = false;
    expect(net.trainable).toBe(false);
    expect(net.countParameters().trainable).toBe(0);
  });
});

describe('tracing', () => {
  const net = sequential([
    input([4]),
    dense({ units: 3, kernelRegularizer: l2(), biasRegularizer: l2() }),
    dropout({ rate: 0.5 }),
    dense({ units: 2, kernelRegularizer: l2(), trainable: false }),
  ]);

  test('training asks for rates and random numbers, and adds the penalties of what learns', () => {
    const graph = new Graph(opTable);
    const trace = net.trace(graph, [graph.input('x', [8, 4])], { training: true });
    expect([...trace.scalars.keys()]).toEqual(['scalar/dropout/rate']);
    expect(trace.scalars.get('scalar/dropout/rate')?.()).toBe(0.5);
    expect(trace.usesRandom).toBe(true);
    expect(trace.penalties.map(({ shape }) => shape)).toEqual([[1], [1]]);
    expect(trace.outputs.map(({ shape }) => shape)).toEqual([[8, 2]]);
    expect(trace.layerOutputs.get(net.layer('dropout'))?.shape).toEqual([8, 3]);
    expect([...new Set(graph.nodes.map((node) => node.scope))]).toEqual(['dense', 'dropout', 'dense_1']);
  });

  test('inference asks for nothing', () => {
    const graph = new Graph(opTable);
    const seen: string[] = [];
    const onLayer: TraceOptions['onLayer'] = ({ name }, { shape }) =>
      seen.push(`${name} ${shape} ${graph.nodes.length}`);
    const trace = net.trace(graph, [graph.input('x', [8, 4])], { training: false, onLayer });
    expect([trace.scalars.size, trace.usesRandom, trace.penalties.length]).toEqual([0, false, 0]);
    // Each layer is told of before the next one emits its ops; dropout emits none.
    expect(seen).toEqual(['dense 8,3 2', 'dropout 8,3 2', 'dense_1 8,2 4']);
  });

  test('refuses inputs of another shape', () => {
    const graph = new Graph(opTable);
    expect(messageOf(() => net.trace(graph, [graph.input('x', [8, 5])], { training: false }))).toBe(
      'shape | input: the model takes examples of the shape [4], with the batch [?, 4]. Received [8, 5]. Resize or reshape the data, or build the model for this shape.',
    );
    expect(messageOf(() => net.trace(graph, [], { training: false }))).toBe(
      'shape | model: takes 1 input. Received 0.',
    );
  });
});
