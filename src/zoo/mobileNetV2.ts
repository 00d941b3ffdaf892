import * as v from 'valibot';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { depthwiseConv2d } from '../layers/depthwiseConv2d.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { real } from '../layers/options.js';
import { relu6 } from '../layers/plainActivations.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import type { MobileNetOptions } from './mobileNet.js';
import { IMAGENET, networkOptions } from './networkOptions.js';

/** Table 2 of the paper: expansion factor, filters, repetitions, stride of the first. */
const TABLE: readonly (readonly [expansion: number, filters: number, repetitions: number, strides: 1 | 2])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/**
 * MobileNetV2, Sandler et al. 2018, with the names and the padding of Keras's applications. 3,538,984 parameters with
 * alpha 1.
 */
export function mobileNetV2(options: MobileNetOptions = {}): Model {
  const name = 'mobilenet_v2';
  const { inputShape, classes, includeTop, seed, alpha, epsilon } = networkOptions(name, options, IMAGENET, {
    alpha: v.optional(real(1 / 32, 16), 1),
    epsilon: v.optional(real(0), 1e-3),
  });
  const normalize = (layer: string, x: LayerOutput) =>
    batchNormalization({ name: layer, epsilon, momentum: 0.999 }).apply(x);
  const pointwise = (layer: string, filters: number, x: LayerOutput) =>
    conv2d({ name: layer, filters, kernelSize: 1, useBias: false }).apply(x);

  /** Expand by 1×1, filter each channel by 3×3, project by 1×1 without activation; added to x where the sizes allow. */
  const block = (number: number, expansion: number, filters: number, strides: 1 | 2, x: LayerOutput): LayerOutput => {
    const prefix = number === 0 ? 'expanded_conv' : `block_${number}`;
    const channels = x.shape.at(-1) as number;
    let y = x;
    if (expansion > 1) {
      y = normalize(`${prefix}_expand_BN`, pointwise(`${prefix}_expand`, expansion * channels, y));
      y = relu6({ name: `${prefix}_expand_relu` }).apply(y);
    }
    const depthwise = { name: `${prefix}_depthwise`, kernelSize: 3, strides, padding: 'same', useBias: false } as const;
    y = normalize(`${prefix}_depthwise_BN`, depthwiseConv2d(depthwise).apply(y));
    y = relu6({ name: `${prefix}_depthwise_relu` }).apply(y);
    y = normalize(`${prefix}_project_BN`, pointwise(`${prefix}_project`, filters, y));
    return strides === 1 && filters === channels ? add({ name: `${prefix}_add` }).apply([x, y]) : y;
  };

  const inputs = input(inputShape, { name: 'input_1' });
  const first = {
    name: 'Conv1',
    filters: wholeEighths(32 * alpha),
    kernelSize: 3,
    strides: 2,
    useBias: false,
  } as const;
  let x = normalize('bn_Conv1', conv2d({ ...first, padding: 'same' }).apply(inputs));
  x = relu6({ name: 'Conv1_relu' }).apply(x);
  let number = 0;
  for (const [expansion, filters, repetitions, strides] of TABLE) {
    for (let i = 0; i < repetitions; i++) {
      x = block(number++, expansion, wholeEighths(filters * alpha), i === 0 ? strides : 1, x);
    }
  }
  x = normalize('Conv_1_bn', pointwise('Conv_1', wholeEighths(1280 * Math.max(1, alpha)), x));
  x = relu6({ name: 'out_relu' }).apply(x);
  if (!includeTop) return model({ inputs, outputs: x, name, seed });
  x = globalAveragePooling2d({ name: 'global_average_pooling2d' }).apply(x);
  x = dense({ name: 'predictions', units: classes, activation: 'softmax' }).apply(x);
  return model({ inputs, outputs: x, name, seed });
}

/** The nearest multiple of 8, but never below nine tenths of the number. */
function wholeEighths(filters: number): number {
  const rounded = Math.max(8, Math.floor((filters + 4) / 8) * 8);
  return rounded < 0.9 * filters ? rounded + 8 : rounded;
}
