import { resolveLayers } from '../networks/describe.mjs';
import { readMaterial } from '../tools/material.mjs';
import { importFovea } from './foveaModules.mjs';

/** The layers of a description, as a person would write them. */
export function buildModel(fovea, network) {
  const input = fovea.input(network.inputShape);
  const values = new Map([['input', input]]);
  for (const layer of resolveLayers(network)) {
    const { op, name, stride: strides, pad, activation, batchNorm, filters, kernel: kernelSize, size } = layer;
    const x = values.get(layer.from);
    const padding = [pad, pad, pad, pad];
    const own = batchNorm ? { useBias: false } : { activation };
    const make = {
      conv2d: () => fovea.conv2d({ name, filters, kernelSize, strides, padding, ...own }),
      depthwise: () => fovea.depthwiseConv2d({ name, kernelSize, strides, padding, ...own }),
      maxPool: () => fovea.maxPooling2d({ name, poolSize: size, strides, padding }),
      globalAveragePool: () => fovea.globalAveragePooling2d({ name }),
      flatten: () => fovea.flatten({ name }),
      dense: () => fovea.dense({ name, units: layer.units, activation }),
      add: () => fovea.add({ name }),
    };
    let y = make[op]().apply(op === 'add' ? [x, values.get(layer.with)] : x);
    if (batchNorm) y = fovea.batchNormalization({ name: `${name}.norm`, epsilon: 1e-3 }).apply(y);
    const separate = activation !== undefined && (batchNorm || op === 'add');
    if (separate) y = fovea.activation({ name: `${name}.act`, activation }).apply(y);
    values.set(name, y);
  }
  return fovea.model({ inputs: input, outputs: [...values.values()].at(-1) });
}

async function setWeights(model, weights) {
  for (const { layer, weight } of model.weights) {
    const { data } = weights.tensor(layer.name.replace(/\.norm$/, ''), weight.name);
    await weight.variable.write(data);
  }
}

/** One prediction of a batch, as `predict` makes it. */
function forwardStep(fovea, { model, engine, x }) {
  const predictor = new fovea.Predictor(model, engine);
  return async () => (await predictor.predict(x, { batchSize: x.shape[0] })).data;
}

/** Forward and backward pass without an update: the loss is the mean of the squares of the outputs. */
async function gradientStep(fovea, { model, engine, x }) {
  const n = x.shape[0];
  const y = { shape: [n, ...model.outputShapes[0]], dtype: 'float32' };
  const setup = { model, loss: fovea.meanSquaredError(), optimizer: fovea.adam(), averageMomentum: undefined };
  const { graph, loss, squaredNorm } = fovea.traceGradients(setup, n, y);
  graph.output('loss', loss);
  graph.output('squaredNorm', squaredNorm);
  const program = await engine.load(engine.plan(graph));
  const size = y.shape.reduce((a, b) => a * b, 1);
  const feeds = { x: x.data, y: new Float32Array(size), sampleWeights: new Float32Array(n).fill(1) };
  return async () => {
    const { outputs } = await program.run(feeds);
    return [outputs.loss[0], Math.sqrt(outputs.squaredNorm[0])];
  };
}

/** A step as `fit` takes it: the batch is gathered from a data set, and the loss is read. */
function trainingStep(fovea, { model, engine, x, labels, batch }) {
  const y = new fovea.Tensor(Int32Array.from(labels), [labels.length], 'int32');
  const data = fovea.arrayDataset(x, y);
  const loss = fovea.sparseCategoricalCrossentropy({ fromLogits: true });
  const optimizer = fovea.adam({ learningRate: 0.001 });
  const trainer = new fovea.Trainer({
    ...{ model, engine, loss, optimizer, seed: 1, predictions: false },
    averageMomentum: undefined,
  });
  let next = 0;
  return async () => {
    const indices = Uint32Array.from({ length: batch }, (_, i) => (next + i) % data.size);
    next = (next + batch) % data.size;
    const result = await trainer.run(await trainer.prepare(await data.batch(indices)));
    if (!result.complete) throw new Error(`the loss is ${result.loss}`);
    return [result.loss];
  };
}

/** An epoch of `fit` on random pictures. */
function epochStep(fovea, { model, engine, batch, examples }) {
  const shape = [examples, ...model.inputShapes[0]];
  const pixels = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7919) % 256) / 255);
  const y = new fovea.Tensor(
    Int32Array.from({ length: examples }, (_, i) => i % 10),
    [examples],
    'int32',
  );
  const data = fovea.arrayDataset(new fovea.Tensor(pixels, shape), y);
  const loss = fovea.sparseCategoricalCrossentropy({ fromLogits: true });
  return async () => {
    await fovea.fit(model, data, { loss, optimizer: 'adam', batchSize: batch, epochs: 1, trainSample: 0, engine });
    return [];
  };
}

/**
 * Sets up a network for `work.mode`: `forward`, `gradient`, `train` or `epoch`.
 *
 * @returns `{ details, step() → Promise<numbers to compare>, close() }`.
 */
export async function openNetwork(work, { threads, build }) {
  const fovea = await importFovea();
  const engine = await fovea.createWasmEngine({ threads, ...(build === undefined ? {} : { build }) });
  const model = buildModel(fovea, work.network);
  const given = { model, engine, batch: work.batch, labels: work.material?.labels, examples: work.examples };
  if (work.material !== undefined) {
    const weights = readMaterial(work.material);
    if (work.material.tensors.length > 0) await setWeights(model, weights);
    const { shape, data } = weights.input;
    const n = work.mode === 'train' ? shape[0] : work.batch;
    given.x = new fovea.Tensor(data.slice(0, (data.length / shape[0]) * n), [n, ...shape.slice(1)]);
  }
  const steps = { forward: forwardStep, gradient: gradientStep, train: trainingStep, epoch: epochStep };
  const step = await steps[work.mode](fovea, given);
  const { description } = engine;
  return {
    details: {
      node: process.versions.node,
      parameters: model.countParameters().total,
      threads: description.threads,
      settings: `${description.build} build`,
      build: description.build,
    },
    step,
    close: () => engine.close(),
  };
}
