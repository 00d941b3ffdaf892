import { concatenate } from '../layers/concatenate.js';
import { conv2d } from '../layers/conv2d.js';
import { dropout } from '../layers/dropout.js';
import { globalAveragePooling2d } from '../layers/globalAveragePooling2d.js';
import { input } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { softmax } from '../layers/softmax.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';
import { ceilPooling } from './ceilPooling.js';
import { IMAGENET, type NetworkOptions, networkOptions } from './networkOptions.js';

/** A fire module: so many filters squeeze, then so many 1×1 and as many 3×3 expand. 'pool': 3×3 max-pooling, stride 2. */
type Row = readonly [name: string, squeeze: number, expand: number] | readonly [name: string, 'pool'];

interface Table {
  readonly conv1: { readonly filters: number; readonly kernelSize: number };
  readonly rows: readonly Row[];
}

const VERSION_1_0: Table = {
  conv1: { filters: 96, kernelSize: 7 },
  rows: [
    ['pool1', 'pool'],
    ['fire2', 16, 64],
    ['fire3', 16, 64],
    ['fire4', 32, 128],
    ['pool4', 'pool'],
    ['fire5', 32, 128],
    ['fire6', 48, 192],
    ['fire7', 48, 192],
    ['fire8', 64, 256],
    ['pool8', 'pool'],
    ['fire9', 64, 256],
  ],
};

const VERSION_1_1: Table = {
  conv1: { filters: 64, kernelSize: 3 },
  rows: [
    ['pool1', 'pool'],
    ['fire2', 16, 64],
    ['fire3', 16, 64],
    ['pool3', 'pool'],
    ['fire4', 32, 128],
    ['fire5', 32, 128],
    ['pool5', 'pool'],
    ['fire6', 48, 192],
    ['fire7', 48, 192],
    ['fire8', 64, 256],
    ['fire9', 64, 256],
  ],
};

/** SqueezeNet 1.0, Iandola et al. 2016, with the names of its Caffe description. 1,248,424 parameters. */
export function squeezeNet10(options: NetworkOptions = {}): Model {
  return squeezeNet('squeezenet1_0', VERSION_1_0, options);
}

/** SqueezeNet 1.1: the accuracy of 1.0 with less than half of its multiply-adds. 1,235,496 parameters. */
export function squeezeNet11(options: NetworkOptions = {}): Model {
  return squeezeNet('squeezenet1_1', VERSION_1_1, options);
}

function squeezeNet(name: string, { conv1, rows }: Table, options: NetworkOptions): Model {
  const { inputShape, classes, includeTop, seed } = networkOptions(name, options, IMAGENET, {});
  const inputs = input(inputShape, { name: 'data' });
  let x = conv2d({ name: 'conv1', ...conv1, strides: 2, activation: 'relu' }).apply(inputs);
  for (const row of rows) x = row[1] === 'pool' ? ceilPooling(row[0], x) : fire(row[0], row[1], row[2], x);
  if (!includeTop) return model({ inputs, outputs: x, name, seed });
  x = dropout({ name: 'drop9', rate: 0.5 }).apply(x);
  x = conv2d({ name: 'conv10', filters: classes, kernelSize: 1, activation: 'relu' }).apply(x);
  x = globalAveragePooling2d({ name: 'pool10' }).apply(x);
  return model({ inputs, outputs: softmax({ name: 'prob' }).apply(x), name, seed });
}

/** [h, w, c] → [h, w, 2 · expand]. */
function fire(name: string, squeeze: number, expand: number, x: LayerOutput): LayerOutput {
  const part = (layer: string, filters: number, kernelSize: number) =>
    conv2d({ name: `${name}_${layer}`, filters, kernelSize, padding: 'same', activation: 'relu' });
  const squeezed = part('squeeze1x1', squeeze, 1).apply(x);
  return concatenate({ name: `${name}_concat` }).apply([
    part('expand1x1', expand, 1).apply(squeezed),
    part('expand3x3', expand, 3).apply(squeezed),
  ]);
}
