import { concatenate } from '../layers/concatenate.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { localResponseNormalization } from '../layers/localResponseNormalization.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { ceilPooling } from './ceilPooling.js';
import { IMAGENET, type NetworkOptions, networkOptions } from './networkOptions.js';

/** Filters of one inception module, in the columns of the paper's table 1. */
interface Inception {
  readonly '1x1': number;
  readonly '3x3_reduce': number;
  readonly '3x3': number;
  readonly '5x5_reduce': number;
  readonly '5x5': number;
  readonly pool_proj: number;
}

const row = (...n: readonly [number, number, number, number, number, number]): Inception => ({
  '1x1': n[0],
  '3x3_reduce': n[1],
  '3x3': n[2],
  '5x5_reduce': n[3],
  '5x5': n[4],
  pool_proj: n[5],
});

/** 'pool' is 3×3 max-pooling with stride 2. */
const TABLE: readonly (readonly [name: string, Inception | 'pool'])[] = [
  ['inception_3a', row(64, 96, 128, 16, 32, 32)],
  ['inception_3b', row(128, 128, 192, 32, 96, 64)],
  ['pool3_3x3_s2', 'pool'],
  ['inception_4a', row(192, 96, 208, 16, 48, 64)],
  ['inception_4b', row(160, 112, 224, 24, 64, 64)],
  ['inception_4c', row(128, 128, 256, 24, 64, 64)],
  ['inception_4d', row(112, 144, 288, 32, 64, 64)],
  ['inception_4e', row(256, 160, 320, 32, 128, 128)],
  ['pool4_3x3_s2', 'pool'],
  ['inception_5a', row(256, 160, 320, 32, 128, 128)],
  ['inception_5b', row(384, 192, 384, 48, 128, 128)],
];

/**
 * GoogLeNet, Szegedy et al. 2014, as the Berkeley Vision and Learning Center trained it in Caffe: with local response
 * normalization, without the two auxiliary classifiers. Names are Caffe's, with _ for /. 6,998,552 parameters.
 */
export function googLeNet(options: NetworkOptions = {}): Model {
  const name = 'googlenet';
  const { inputShape, classes, includeTop, seed } = networkOptions(name, options, IMAGENET, {});
  const inputs = input(inputShape, { name: 'data' });
  let x = beginning(inputs); // [28, 28, 192]
  for (const [layer, filters] of TABLE) x = filters === 'pool' ? ceilPooling(layer, x) : inception(layer, filters, x);
  if (!includeTop) return model({ inputs, outputs: x, name, seed }); // [7, 7, 1024]
  x = globalAveragePooling2d({ name: 'pool5_7x7_s1' }).apply(x);
  x = dropout({ name: 'pool5_drop_7x7_s1', rate: 0.4 }).apply(x);
  x = dense({ name: 'loss3_classifier', units: classes, activation: 'softmax' }).apply(x);
  return model({ inputs, outputs: x, name, seed });
}

function beginning(inputs: LayerOutput): LayerOutput {
  let x = convolution('conv1_7x7_s2', 64, 7, inputs, 2); // [112, 112, 64]
  x = ceilPooling('pool1_3x3_s2', x); // [56, 56, 64]
  x = localResponseNormalization({ name: 'pool1_norm1' }).apply(x);
  x = convolution('conv2_3x3_reduce', 64, 1, x);
  x = convolution('conv2_3x3', 192, 3, x); // [56, 56, 192]
  x = localResponseNormalization({ name: 'conv2_norm2' }).apply(x);
  return ceilPooling('pool2_3x3_s2', x);
}

function inception(name: string, filters: Inception, x: LayerOutput): LayerOutput {
  const part = (layer: keyof Inception, kernelSize: number, from: LayerOutput): LayerOutput =>
    convolution(`${name}_${layer}`, filters[layer], kernelSize, from);
  const pooled = maxPooling2d({ name: `${name}_pool`, poolSize: 3, strides: 1, padding: 'same' }).apply(x);
  return concatenate({ name: `${name}_output` }).apply([
    part('1x1', 1, x),
    part('3x3', 3, part('3x3_reduce', 1, x)),
    part('5x5', 5, part('5x5_reduce', 1, x)),
    part('pool_proj', 1, pooled),
  ]);
}

/** With half of the kernel as padding on every side, as Caffe pads. */
function convolution(name: string, filters: number, kernelSize: number, x: LayerOutput, strides = 1): LayerOutput {
  const pad = (kernelSize - 1) / 2;
  const padding = [pad, pad, pad, pad] as const;
  return conv2d({ name, filters, kernelSize, strides, padding, activation: 'relu' }).apply(x);
}
