import type { Engine } from '../../engines/engine.js';
import { BatchNormalization } from '../../layers/batchNormalization.js';
import { input } from '../../layers/input.js';
import type { Layer } from '../../layers/layer.js';
import { model } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { Graph } from '../../ops/graph.js';
import { opTable } from '../../ops/table.js';
import { RandomStream } from '../../tensor/random.js';
import type { Shape } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import { randomBatch } from '../../testing/runModel.js';

/** A model of a chain of layers. */
export function chain(shape: Shape, ...layers: readonly Layer[]): Model {
  const inputs = input(shape, { name: 'x' });
  return model({ inputs, outputs: layers.reduce((x, layer) => layer.apply(x), inputs), name: 'net', seed: 3 });
}

/** Gives biases and the numbers of normalizations values that a mistake would show in; kernels keep their first ones. */
export async function stir(net: Model, statistics = true): Promise<Model> {
  for (const { weight, path } of net.weights) {
    if (weight.variable.shape.length !== 1 || !(statistics || weight.learned)) continue;
    const random = new RandomStream(9, path);
    const positive = weight.name === 'movingVariance' || weight.name === 'gamma';
    const values = () => (positive ? 0.6 + 0.8 * random.uniform() : 0.2 * random.normal());
    await weight.variable.write(Float32Array.from({ length: weight.variable.size }, values));
  }
  return net;
}

/** Glorot's kernels halve the variance at each ReLU: after sixteen layers nothing of the picture would be left. */
export async function amplify(net: Model): Promise<Model> {
  for (const { weight } of net.weights) {
    if (weight.variable.shape.length === 1) continue;
    const values = await weight.variable.read();
    await weight.variable.write(values.map((value) => value * Math.SQRT2));
  }
  return stir(net, false);
}

/** The largest distance of two lists of numbers. */
export function furthest(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

/** How far apart at most another program's predictions may be: 1e-4, less where two pictures differ in little anyway. */
export function limitFor(predictions: Float32Array): number {
  const half = predictions.length / 2;
  return Math.min(1e-4, furthest(predictions.subarray(0, half), predictions.subarray(half)) / 100);
}

/** The largest distance of two lists of numbers, relative to the largest number where that is over 1. */
export function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 1;
  let furthest = 0;
  for (const [i, value] of a.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const apart = Math.abs(value - (b[i] as number));
    if (!(apart <= furthest)) furthest = apart;
  }
  return furthest / largest;
}

/**
 * Sets the running statistics of batch normalizations to those of a batch, so that what they make is of sensible size:
 * one step in training mode moves them by 1 − momentum of the way, and the rest is extrapolated.
 */
export async function calibrate(net: Model, engine: Engine): Promise<Model> {
  const layers = net.layers.filter((layer) => layer instanceof BatchNormalization);
  if (layers.length === 0) return net;
  const graph = new Graph(opTable);
  const shape = net.inputShapes[0] as Shape;
  const trace = net.trace(graph, [graph.input('x', [4, ...shape])], { training: true });
  trace.outputs.forEach((value, i) => {
    graph.output(`y${i}`, value);
  });
  graph.phase('update', () => trace.emitUpdates());
  const feeds: Record<string, TensorData> = { x: randomBatch(shape, 4, 'calibration').data };
  for (const [name, read] of trace.scalars) feeds[name] = Float32Array.of(read());
  if (trace.usesRandom) feeds.random = Int32Array.of(5, 0, 0);
  const program = await engine.load(engine.plan(graph));
  await program.run(feeds);
  for (const layer of layers) {
    const share = 1 - layer.options.momentum;
    for (const { name, variable } of layer.weights.slice(-2)) {
      const before = name === 'movingMean' ? 0 : 1;
      const values = (await variable.read()).map((value) => before + (value - before) / share);
      await variable.write(name === 'movingMean' ? values : values.map((value) => Math.max(value, 1e-3)));
    }
  }
  return net;
}
