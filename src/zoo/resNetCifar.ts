import * as v from 'valibot';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { channelPadding } from '../layers/channelPadding.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { real } from '../layers/options.js';
import { relu } from '../layers/relu.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { type BatchNormalizedOptions, type NetworkDefaults, networkOptions } from './networkOptions.js';

const CIFAR: NetworkDefaults = { inputShape: [32, 32, 3], classes: 10 };

/** ResNet-20 for CIFAR-10, He et al. 2015, section 4.2: three stages of three blocks. 269,722 learned parameters. */
export function resNet20Cifar(options: BatchNormalizedOptions = {}): Model {
  return resNetCifar('resnet20_cifar10', 3, options);
}

/** ResNet-32 for CIFAR-10: three stages of five blocks. 464,154 learned parameters. */
export function resNet32Cifar(options: BatchNormalizedOptions = {}): Model {
  return resNetCifar('resnet32_cifar10', 5, options);
}

/** ResNet-44 for CIFAR-10: three stages of seven blocks. 658,586 learned parameters. */
export function resNet44Cifar(options: BatchNormalizedOptions = {}): Model {
  return resNetCifar('resnet44_cifar10', 7, options);
}

/** ResNet-56 for CIFAR-10: three stages of nine blocks. 853,018 learned parameters. */
export function resNet56Cifar(options: BatchNormalizedOptions = {}): Model {
  return resNetCifar('resnet56_cifar10', 9, options);
}

/** 3×3 convolutions alone: 6 · blocks + 1 of them, and one dense layer. */
function resNetCifar(name: string, blocks: number, options: BatchNormalizedOptions): Model {
  const { inputShape, classes, includeTop, seed, epsilon } = networkOptions(name, options, CIFAR, {
    epsilon: v.optional(real(0), 1e-5),
  });
  const convolution = (layer: string, bn: string, filters: number, strides: number, from: LayerOutput): LayerOutput => {
    const padding = [1, 1, 1, 1] as const;
    const conv = { name: layer, filters, kernelSize: 3, strides, padding, useBias: false } as const;
    const y = conv2d({ ...conv, kernelInitializer: 'heNormal' }).apply(from);
    return batchNormalization({ name: bn, epsilon, momentum: 0.9 }).apply(y);
  };
  const block = (prefix: string, filters: number, strides: number, from: LayerOutput): LayerOutput => {
    let y = convolution(`${prefix}.conv1`, `${prefix}.bn1`, filters, strides, from);
    y = relu({ name: `${prefix}.relu1` }).apply(y);
    y = convolution(`${prefix}.conv2`, `${prefix}.bn2`, filters, 1, y);
    y = add({ name: `${prefix}.add` }).apply([y, strides === 1 ? from : shortcut(prefix, filters, from)]);
    return relu({ name: `${prefix}.relu` }).apply(y);
  };

  const inputs = input(inputShape, { name: 'input' });
  let x = relu({ name: 'relu' }).apply(convolution('conv1', 'bn1', 16, 1, inputs)); // [32, 32, 16]
  for (const [stage, filters] of [16, 32, 64].entries()) {
    for (let i = 0; i < blocks; i++) x = block(`layer${stage + 1}.${i}`, filters, stage > 0 && i === 0 ? 2 : 1, x);
  }
  if (!includeTop) return model({ inputs, outputs: x, name, seed }); // [8, 8, 64]
  x = globalAveragePooling2d({ name: 'avgpool' }).apply(x);
  x = dense({ name: 'linear', units: classes, activation: 'softmax' }).apply(x);
  return model({ inputs, outputs: x, name, seed });
}

/** "Option A", without parameters: every second pixel of every second row, and new channels of zeros on both sides. */
function shortcut(prefix: string, filters: number, x: LayerOutput): LayerOutput {
  const missing = filters - (x.shape.at(-1) as number);
  const every = maxPooling2d({ name: `${prefix}.subsample`, poolSize: 1, strides: 2 }).apply(x);
  const zeros = { before: Math.floor(missing / 2), after: Math.ceil(missing / 2) };
  return channelPadding({ name: `${prefix}.shortcut`, ...zeros }).apply(every);
}
