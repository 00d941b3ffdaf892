// TensorFlow.js: `wasm` or `cpu`, each layer with bias and activation in one fused op.
import { createRequire } from 'node:module';
import { build as bundle } from 'esbuild';
import { resolveLayers } from '../networks/describe.mjs';
import { readMaterial, writeBeside } from '../tools/material.mjs';
import { bench } from '../tools/paths.mjs';
import { serve, timed } from './serve.mjs';

const [kind] = process.argv.slice(2);
let tf;

/** The modules that browsers get, as one: the package for Node has no gradients. */
const ENTRY = `
export * from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';
`;

async function bundled(material) {
  const { outputFiles } = await bundle({
    ...{ stdin: { contents: ENTRY, resolveDir: bench }, bundle: true, write: false, logLevel: 'silent' },
    ...{ format: 'cjs', platform: 'node', mainFields: ['module', 'main'] },
  });
  return createRequire(import.meta.url)(writeBeside(material, 'tfjs.cjs', outputFiles[0].contents));
}

async function start(threads, material) {
  if (kind === 'cpu') {
    tf = await bundled(material);
    await tf.setBackend('cpu');
    return { threads: 1, settings: 'plain JavaScript' };
  }
  const both = [import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-backend-wasm')];
  const [core, backend] = (await Promise.all(both)).map((module) => module.default ?? module);
  const { setThreadsCount, getThreadsCount } = backend;
  tf = core;
  setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threaded = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  const settings = `SIMD ${simd ? 'on' : 'off'}, fused ops${threaded ? '' : '; it has no threads in Node'}`;
  return { threads: threaded ? getThreadsCount() : 1, settings };
}

/** The network as a function of pictures, and its weights. */
function build({ network, material }, trainable) {
  const weights = readMaterial(material);
  const variables = [];
  const hold = ({ shape, data }) => {
    const tensor = tf.tensor(data, shape);
    if (trainable) variables.push(tf.variable(tensor));
    return trainable ? variables.at(-1) : tensor;
  };
  const layers = resolveLayers(network).map((layer) => {
    const { kernel, bias } = weights.folded(layer.name);
    return kernel === undefined ? layer : { ...layer, filter: hold(kernel), bias: hold(bias) };
  });
  const apply = (layer, x, values) => {
    const { op, filter, bias, stride: strides, pad, activation, size } = layer;
    if (op === 'conv2d') return tf.fused.conv2d({ x, filter, strides, pad, bias, activation });
    if (op === 'depthwise') return tf.fused.depthwiseConv2d({ x, filter, strides, pad, bias, activation });
    if (op === 'maxPool') return tf.maxPool(x, size, strides, pad);
    if (op === 'globalAveragePool') return tf.mean(x, [1, 2]);
    if (op === 'flatten') return tf.reshape(x, [x.shape[0], -1]);
    if (op === 'dense') return tf.fused.matMul({ a: x, b: filter, bias, activation });
    return tf.relu(tf.add(x, values.get(layer.with)));
  };
  const forward = (x) => {
    const values = new Map([['input', x]]);
    for (const layer of layers) values.set(layer.name, apply(layer, values.get(layer.from), values));
    return values.get(layers.at(-1).name);
  };
  return { forward, variables };
}

let step;

async function open({ open: work, threads }) {
  if (work.mode !== 'forward' && kind === 'wasm')
    return { unavailable: 'it has no filter gradient: it does not train' };
  if (work.mode !== 'forward' && work.mode !== 'train') return { unavailable: `${work.mode} is not measured for it` };
  const started = await start(threads, work.material);
  const { batch, material } = work;
  const { forward, variables } = build(work, work.mode === 'train');
  const { shape, data } = readMaterial(material).input;
  const size = data.length / shape[0];
  const x = tf.tensor(data.subarray(0, batch * size), [batch, ...shape.slice(1)]);
  const y = tf.oneHot(tf.tensor1d(material.labels.slice(0, batch), 'int32'), work.network.classes ?? 2);
  const optimizer = tf.train.adam(0.001);
  const cost = () => tf.losses.softmaxCrossEntropy(y, forward(x));
  const run = {
    forward: async () => tf.tidy(() => forward(x).dataSync()),
    train: async () => tf.tidy(() => optimizer.minimize(cost, true, variables).dataSync()),
  };
  step = run[work.mode];
  const check = [...(await step()).subarray(0, 64)];
  const parameters = variables.reduce((sum, variable) => sum + variable.size, 0) || undefined;
  return { version: tf.version_core, node: process.versions.node, parameters, ...started, check };
}

await serve(async (question) => {
  if (question.open !== undefined) return open(question);
  return { seconds: await timed(step, question.run, question.limit) };
});
