import * as v from 'valibot';
import { add } from '../layers/add.js';
import { batchNormalization } from '../layers/batchNormalization.js';
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
import { type BatchNormalizedOptions, IMAGENET, networkOptions } from './networkOptions.js';

interface Table {
  readonly block: 'basic' | 'bottleneck';
  /** Blocks in each of the four stages, table 1 of the paper. */
  readonly stages: readonly [number, number, number, number];
}

/** ResNet-18, He et al. 2015, with torchvision's names. 11,689,512 learned parameters. */
export function resNet18(options: BatchNormalizedOptions = {}): Model {
  return resNet('resnet18', { block: 'basic', stages: [2, 2, 2, 2] }, options);
}

/** ResNet-34, He et al. 2015, with torchvision's names. 21,797,672 learned parameters. */
export function resNet34(options: BatchNormalizedOptions = {}): Model {
  return resNet('resnet34', { block: 'basic', stages: [3, 4, 6, 3] }, options);
}

/**
 * ResNet-50, He et al. 2015, with torchvision's names and, as there, the stride in the 3×3 convolution of a block
 * ("version 1.5"). 25,557,032 learned parameters.
 */
export function resNet50(options: BatchNormalizedOptions = {}): Model {
  return resNet('resnet50', { block: 'bottleneck', stages: [3, 4, 6, 3] }, options);
}

function resNet(name: string, { block, stages }: Table, options: BatchNormalizedOptions): Model {
  const { inputShape, classes, includeTop, seed, epsilon } = networkOptions(name, options, IMAGENET, {
    epsilon: v.optional(real(0), 1e-5),
  });
  const parts = new Parts(epsilon);
  const inputs = input(inputShape, { name: 'input' });
  let x = parts.convolution('conv1', 'bn1', 64, 7, 2, inputs); // [112, 112, 64]
  x = relu({ name: 'relu' }).apply(x);
  x = maxPooling2d({ name: 'maxpool', poolSize: 3, strides: 2, padding: [1, 1, 1, 1] }).apply(x); // [56, 56, 64]
  stages.forEach((blocks, stage) => {
    for (let i = 0; i < blocks; i++) {
      const strides = stage > 0 && i === 0 ? 2 : 1;
      x = parts[block](`layer${stage + 1}.${i}`, 64 * 2 ** stage, strides, x);
    }
  });
  if (!includeTop) return model({ inputs, outputs: x, name, seed }); // [7, 7, 512 or 2048]
  x = globalAveragePooling2d({ name: 'avgpool' }).apply(x);
  x = dense({ name: 'fc', units: classes, activation: 'softmax' }).apply(x);
  return model({ inputs, outputs: x, name, seed });
}

class Parts {
  readonly #epsilon: number;

  constructor(epsilon: number) {
    this.#epsilon = epsilon;
  }

  /** Convolution with half of the kernel as padding on every side, then batch normalization. */
  convolution(name: string, bn: string, filters: number, kernelSize: number, strides: number, x: LayerOutput) {
    const pad = (kernelSize - 1) / 2;
    const padding = [pad, pad, pad, pad] as const;
    const options = {
      name,
      filters,
      kernelSize,
      strides,
      padding,
      useBias: false,
      kernelInitializer: 'heNormal',
    } as const;
    return batchNormalization({ name: bn, epsilon: this.#epsilon, momentum: 0.9 }).apply(conv2d(options).apply(x));
  }

  /** Two 3×3 convolutions. */
  basic(name: string, filters: number, strides: number, x: LayerOutput): LayerOutput {
    let y = this.convolution(`${name}.conv1`, `${name}.bn1`, filters, 3, strides, x);
    y = relu({ name: `${name}.relu1` }).apply(y);
    y = this.convolution(`${name}.conv2`, `${name}.bn2`, filters, 3, 1, y);
    return this.#addShortcut(name, filters, strides, x, y);
  }

  /** 1×1, 3×3 and 1×1 to four times as many channels. */
  bottleneck(name: string, filters: number, strides: number, x: LayerOutput): LayerOutput {
    let y = this.convolution(`${name}.conv1`, `${name}.bn1`, filters, 1, 1, x);
    y = relu({ name: `${name}.relu1` }).apply(y);
    y = this.convolution(`${name}.conv2`, `${name}.bn2`, filters, 3, strides, y);
    y = relu({ name: `${name}.relu2` }).apply(y);
    y = this.convolution(`${name}.conv3`, `${name}.bn3`, 4 * filters, 1, 1, y);
    return this.#addShortcut(name, 4 * filters, strides, x, y);
  }

  /** Where the sizes change the shortcut is a 1×1 convolution ("option B"). */
  #addShortcut(name: string, filters: number, strides: number, x: LayerOutput, y: LayerOutput): LayerOutput {
    const same = strides === 1 && x.shape.at(-1) === filters;
    const shortcut = same
      ? x
      : this.convolution(`${name}.downsample.0`, `${name}.downsample.1`, filters, 1, strides, x);
    const sum = add({ name: `${name}.add` }).apply([y, shortcut]);
    return relu({ name: `${name}.relu` }).apply(sum);
  }
}
