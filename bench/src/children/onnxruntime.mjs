// ONNX Runtime: `native` (onnxruntime-node) or `wasm` (onnxruntime-web, in Node, with threads).
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { permute, readMaterial, writeBeside } from '../tools/material.mjs';
import { onnxModel } from '../tools/onnx.mjs';
import { serve, timed } from './serve.mjs';

const [kind] = process.argv.slice(2);
const PACKAGE = kind === 'native' ? 'onnxruntime-node' : 'onnxruntime-web';

async function load(threads) {
  const { default: ort } = await import(PACKAGE);
  ort.env.logLevel = 'error';
  if (kind === 'wasm') ort.env.wasm.numThreads = threads;
  const create = (bytes) =>
    ort.InferenceSession.create(bytes, {
      executionProviders: [kind === 'native' ? 'cpu' : 'wasm'],
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
    });
  return { ort, create };
}

/** The model as a file beside the material, made once for all sides. */
async function modelBytes({ network, batch, material }) {
  const path = join(material.folder, `${batch}.onnx`);
  if (!existsSync(path)) writeBeside(material, `${batch}.onnx`, onnxModel(network, material, batch));
  return readFile(path);
}

function inputTensor(ort, { network, batch, material }) {
  const [h, w, c] = network.inputShape;
  const pixels = readMaterial(material).input.data.subarray(0, batch * h * w * c);
  return new ort.Tensor('float32', permute(pixels, [batch, h, w, c], [0, 3, 1, 2]), [batch, c, h, w]);
}

let step;

async function open({ open: work, threads }) {
  if (work.mode !== 'forward') return { unavailable: 'it does not train' };
  const { ort, create } = await load(threads);
  const session = await create(await modelBytes(work));
  const feeds = { input: inputTensor(ort, work) };
  const [name] = session.outputNames;
  step = async () => (await session.run(feeds))[name];
  const { data, dims } = await step();
  // Of a picture, compare channel by channel as all sides have it: [n, h, w, c].
  const output = dims.length === 4 ? permute(data, dims, [0, 2, 3, 1]) : data;
  const { version } = createRequire(import.meta.url)(`../../node_modules/${PACKAGE}/package.json`);
  const settings = 'graph optimization all, constant weights, batch normalization folded';
  return { version, node: process.versions.node, threads, settings, check: [...output.subarray(0, 64)] };
}

/** From import to the first prediction; the model is in memory before. */
async function startUp({ startUp: work, threads }) {
  const bytes = await modelBytes(work);
  const start = performance.now();
  const { ort, create } = await load(threads);
  const loaded = performance.now();
  const feeds = { input: inputTensor(ort, work) };
  const created = performance.now();
  const session = await create(bytes);
  await session.run(feeds);
  return { seconds: (loaded - start + performance.now() - created) / 1000 };
}

await serve(async (question) => {
  if (question.open !== undefined) return open(question);
  if (question.startUp !== undefined) return startUp(question);
  return { seconds: await timed(step, question.run, question.limit) };
});
