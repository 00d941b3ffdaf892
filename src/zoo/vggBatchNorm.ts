import * as v from 'valibot';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { dropout } from '../layers/dropout.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import { real } from '../layers/options.js';
import { relu } from '../layers/relu.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { type BatchNormalizedOptions, IMAGENET, networkOptions } from './networkOptions.js';
import { VGG_BLOCKS } from './vgg.js';

/**
 * VGG16 with batch normalization after every convolution, before its ReLU: torchvision's vgg16_bn, with its names.
 * 138,365,992 learned parameters and 8,448 measured ones.
 */
export function vgg16Bn(options: BatchNormalizedOptions = {}): Model {
  const name = 'vgg16_bn';
  const { inputShape, classes, includeTop, seed, epsilon } = networkOptions(name, options, IMAGENET, {
    epsilon: v.optional(real(0), 1e-5),
  });
  const features: Layer[] = [];
  const next = (): string => `features.${features.length}`;
  for (const block of VGG_BLOCKS.vgg16) {
    for (const filters of block) {
      features.push(conv2d({ name: next(), filters, kernelSize: 3, padding: 'same', kernelInitializer: 'heNormal' }));
      features.push(batchNormalization({ name: next(), epsilon, momentum: 0.9 }));
      features.push(relu({ name: next() }));
    }
    features.push(maxPooling2d({ name: next() }));
  }
  const classifier = [
    flatten({ name: 'flatten' }), // [25088]
    dense({ name: 'classifier.0', units: 4096, activation: 'relu' }),
    dropout({ name: 'classifier.2', rate: 0.5 }),
    dense({ name: 'classifier.3', units: 4096, activation: 'relu' }),
    dropout({ name: 'classifier.5', rate: 0.5 }),
    dense({ name: 'classifier.6', units: classes, activation: 'softmax' }),
  ];
  const layers = [...features, ...(includeTop ? classifier : [])];
  return sequential([input(inputShape, { name: 'input' }), ...layers], { name, seed });
}
