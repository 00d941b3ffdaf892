import { conv2d } from '../layers/conv2d.js';
import { dense } from '../layers/dense.js';
import { flatten } from '../layers/flatten.js';
import { input } from '../layers/input.js';
import type { Layer } from '../layers/layer.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';
import type { Model } from '../model/model.js';
import { sequential } from '../model/sequential.js';
import { IMAGENET, type NetworkOptions, networkOptions } from './networkOptions.js';

/** Filters of the 3×3 convolutions, block by block; 2×2 max-pooling follows each block. Configurations D and E. */
export const VGG_BLOCKS = {
  vgg16: [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ],
  vgg19: [
    [64, 64],
    [128, 128],
    [256, 256, 256, 256],
    [512, 512, 512, 512],
    [512, 512, 512, 512],
  ],
} as const satisfies Record<string, readonly (readonly number[])[]>;

/** VGG16, Simonyan & Zisserman 2014, with the names of Keras's applications. 138,357,544 parameters. */
export function vgg16(options: NetworkOptions = {}): Model {
  return vgg('vgg16', options);
}

/** VGG19, Simonyan & Zisserman 2014, with the names of Keras's applications. 143,667,240 parameters. */
export function vgg19(options: NetworkOptions = {}): Model {
  return vgg('vgg19', options);
}

function vgg(name: keyof typeof VGG_BLOCKS, options: NetworkOptions): Model {
  const { inputShape, classes, includeTop, seed } = networkOptions(name, options, IMAGENET, {});
  const top = [
    flatten({ name: 'flatten' }), // [25088]
    dense({ name: 'fc1', units: 4096, activation: 'relu' }),
    dense({ name: 'fc2', units: 4096, activation: 'relu' }),
    dense({ name: 'predictions', units: classes, activation: 'softmax' }),
  ];
  const layers = [...vggConvolutions(name), ...(includeTop ? top : [])];
  return sequential([input(inputShape, { name: 'input_1' }), ...layers], { name, seed });
}

/** The convolutional part: [224, 224, 3] → [7, 7, 512]. */
export function vggConvolutions(name: keyof typeof VGG_BLOCKS): Layer[] {
  return VGG_BLOCKS[name].flatMap((block, b) => [
    ...block.map((filters, i) =>
      conv2d({ name: `block${b + 1}_conv${i + 1}`, filters, kernelSize: 3, padding: 'same', activation: 'relu' }),
    ),
    maxPooling2d({ name: `block${b + 1}_pool` }),
  ]);
}
