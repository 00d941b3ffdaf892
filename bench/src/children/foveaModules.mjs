import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tools/paths.mjs';

/** FOVEA_BENCH_DIST names another build than that of this checkout. */
const dist = (path) => join(process.env.FOVEA_BENCH_DIST ?? join(root, 'dist'), path);

/** Whether the project is built. */
export const isBuilt = () => existsSync(dist('engines/wasm/index.js'));

/**
 * What a measurement needs of Fovea as it is built in dist/, imported no earlier than asked for.
 *
 * @param more modules that one measurement alone needs.
 */
export async function importFovea(more = []) {
  const paths = [
    'engines/wasm/index.js',
    'model/functional.js',
    'layers/input.js',
    'layers/conv2d.js',
    'layers/depthwiseConv2d.js',
    'layers/batchNormalization.js',
    'layers/activation.js',
    'layers/maxPooling2d.js',
    'layers/globalAveragePooling2d.js',
    'layers/flatten.js',
    'layers/dense.js',
    'layers/add.js',
    'tensor/tensor.js',
    'train/predict.js',
    'train/fit.js',
    'train/evaluate.js',
    'train/trainer.js',
    'train/trainingGraph.js',
    'train/inferenceGraph.js',
    'train/optimizers/adam.js',
    'train/losses/categoricalCrossentropy.js',
    'train/losses/meanSquaredError.js',
    'train/schedules/cosineDecay.js',
    'data/arrayDataset.js',
    'data/node/mnist.js',
    'zoo/lecture.js',
    'zoo/vgg.js',
    'zoo/mobileNet.js',
    'explain/topPatches.js',
    'ops/graph.js',
    'ops/table.js',
    'tensor/variable.js',
  ];
  const modules = await Promise.all([...paths, ...more].map((path) => import(dist(path))));
  return Object.assign({}, ...modules);
}
