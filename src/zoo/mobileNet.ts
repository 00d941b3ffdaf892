import * as v from 'valibot';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { dropout } from '../layers/dropout.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { real } from '../layers/options.js';
import { relu6 } from '../layers/plainActivations.js';
import { reshape } from '../layers/reshape.js';
import { softmax } from '../layers/softmax.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { type BatchNormalizedOptions, IMAGENET, networkOptions } from './networkOptions.js';

/** Options of MobileNet, of which the width is its own. */
export interface MobileNetOptions extends BatchNormalizedOptions {
  /** Width: every number of filters is multiplied by it. @default 1 */
  readonly alpha?: number;
}

/** Filters and stride of the 13 depthwise separable convolutions, table 1 of the paper. */
const TABLE: readonly (readonly [filters: number, strides: 1 | 2])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/**
 * MobileNet (version 1), Howard et al. 2017, with the names and the padding of Keras's applications: with stride 2 a pixel
 * is added below and on the right. 4,253,864 parameters with alpha 1, 2,601,976 with 0.75.
 */
export function mobileNet(options: MobileNetOptions = {}): Model {
  const name = 'mobilenet';
  const { inputShape, classes, includeTop, seed, alpha, epsilon } = networkOptions(name, options, IMAGENET, {
    alpha: v.optional(real(1 / 32, 16), 1),
    epsilon: v.optional(real(0), 1e-3),
  });
  const width = (filters: number): number => Math.floor(filters * alpha);
  const normalized = (layer: string): Layer[] => [
    batchNormalization({ name: `${layer}_bn`, epsilon }),
    relu6({ name: `${layer}_relu` }),
  ];
  const top = [
    globalAveragePooling2d({ name: 'global_average_pooling2d' }),
    reshape({ name: 'reshape_1', targetShape: [1, 1, width(1024)] }),
    dropout({ name: 'dropout', rate: 1e-3 }),
    conv2d({ name: 'conv_preds', filters: classes, kernelSize: 1 }),
    reshape({ name: 'reshape_2', targetShape: [classes] }),
    softmax({ name: 'predictions' }),
  ];
  const layers = [
    conv2d({ name: 'conv1', filters: width(32), kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
    ...normalized('conv1'),
    ...TABLE.flatMap(([filters, strides], i) => [
      depthwiseConv2d({
        ...{ name: `conv_dw_${i + 1}`, kernelSize: 3, strides, useBias: false },
        padding: strides === 1 ? 'same' : [0, 1, 0, 1],
      }),
      ...normalized(`conv_dw_${i + 1}`),
      conv2d({ name: `conv_pw_${i + 1}`, filters: width(filters), kernelSize: 1, useBias: false }),
      ...normalized(`conv_pw_${i + 1}`),
    ]),
    ...(includeTop ? top : []),
  ];
  return sequential([input(inputShape, { name: 'input_1' }), ...layers], { name, seed });
}
