import { differentiate } from '../compile/differentiate.js';
import { ReferenceEngine } from '../engines/reference/referenceEngine.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import type { Trace } from '../model/trace.js';
import { Graph, type Value } from '../ops/graph.js';
import { opTable } from '../ops/table.js';
import { RandomStream } from '../tensor/random.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { Tensor, type TensorData } from '../tensor/tensor.js';

/** A model that is one layer. */
export function modelOf(layer: Layer, inputShapes: readonly Shape[], seed = 1): Model {
  const inputs = inputShapes.map((shape) => input(shape));
  return model({ inputs, outputs: layer.apply(inputs), seed });
}

/** Random numbers of a batch, standard normal. */
export function randomBatch(shape: Shape, n: number, purpose = 'x'): Tensor<'float32'> {
  const random = new RandomStream(7, purpose);
  const full = [n, ...shape];
  return new Tensor(
    Float32Array.from({ length: sizeOf(full) }, () => random.normal()),
    full,
  );
}

/** Runs a model once on the reference engine: predictions, or what it makes while training at a given step. */
export async function run(
  net: Model,
  inputs: readonly Tensor<'float32'>[],
  options: { training?: boolean; step?: number; updates?: boolean } = {},
): Promise<Tensor<'float32'>[]> {
  const { training = false, step = 0, updates = false } = options;
  const graph = new Graph(opTable);
  const trace = traceInto(graph, net, inputs, training);
  trace.outputs.forEach((value, i) => {
    graph.output(`y${i}`, value);
  });
  if (updates) graph.phase('update', () => trace.emitUpdates());
  const outputs = await runGraph(graph, feedsOf(trace, inputs, step));
  return trace.outputs.map((value, i) => new Tensor(outputs[`y${i}`] as Float32Array, value.shape));
}

/**
 * One step of plain gradient descent on the mean squared distance of the only output from `target`.
 *
 * @returns the loss before the step.
 */
export async function descend(
  net: Model,
  inputs: readonly Tensor<'float32'>[],
  target: Tensor<'float32'>,
  learningRate: number,
): Promise<number> {
  const graph = new Graph(opTable);
  const trace = traceInto(graph, net, inputs, true);
  const y = trace.outputs[0] as Value;
  const [distance] = graph.emit('subtract', [y, graph.input('target', target.shape)], {});
  const [squares] = graph.emit('sumOfSquares', [distance], {});
  const [data] = graph.emit('scale', [squares], { factor: 1 / target.size, offset: 0 });
  const loss = trace.penalties.reduce((sum, penalty) => graph.emit('add', [sum, penalty], {})[0], data);
  graph.output('loss', loss);
  const learned = net.weights.filter(({ layer, weight }) => layer.trainable && weight.learned);
  const variables = learned.map(({ weight }) => graph.variable(weight.variable));
  const gradients = differentiate(graph, loss, variables);
  graph.phase('update', () => {
    trace.emitUpdates();
    learned.forEach(({ weight }, i) => {
      const gradient = gradients[i];
      if (gradient === undefined) return;
      const [step] = graph.emit('scale', [gradient], { factor: -learningRate, offset: 0 });
      const [moved] = graph.emit('add', [variables[i] as Value, step], {});
      graph.assign(weight.variable, weight.constraint?.(moved) ?? moved);
    });
  });
  const outputs = await runGraph(graph, { ...feedsOf(trace, inputs, 0), target: target.data });
  return outputs.loss?.[0] as number;
}

function traceInto(graph: Graph, net: Model, inputs: readonly Tensor[], training: boolean): Trace {
  const values = inputs.map((x, i) => graph.input(`x${i}`, x.shape));
  return net.trace(graph, values, { training });
}

function feedsOf(trace: Trace, inputs: readonly Tensor[], step: number): Record<string, TensorData> {
  const feeds: Record<string, TensorData> = {};
  inputs.forEach((x, i) => {
    feeds[`x${i}`] = x.data;
  });
  for (const [name, read] of trace.scalars) feeds[name] = Float32Array.of(read());
  if (trace.usesRandom) feeds.random = Int32Array.of(5, 0, step);
  return feeds;
}

async function runGraph(
  graph: Graph,
  feeds: Record<string, TensorData>,
): Promise<Readonly<Record<string, TensorData>>> {
  const engine = new ReferenceEngine();
  const program = await engine.load(engine.plan(graph));
  return (await program.run(feeds)).outputs;
}
