import type { Preprocessing } from '../data/photos/preprocessing.js';

/** The middle of a photo whose short side was made 256 pixels long: how networks for ImageNet are evaluated. */
const middle: Pick<Preprocessing, 'resize' | 'crop'> = {
  resize: { mode: 'shortSide', to: 256, interpolation: 'bilinear' },
  crop: [224, 224],
};

const plain = { mean: [0, 0, 0], standardDeviation: [1, 1, 1] } as const;

/** Keras's 'caffe' mode, the VGG networks: BGR, 0..255, minus the means of ImageNet. */
export const caffeVgg: Preprocessing = {
  ...{ ...middle, channelOrder: 'bgr', range: [0, 255] },
  ...{ mean: [103.939, 116.779, 123.68], standardDeviation: [1, 1, 1] },
};

/** SqueezeNet and GoogLeNet of Caffe: BGR, 0..255, minus rounded means, from a photo squashed to a square. */
export const caffe: Preprocessing = {
  ...{ resize: { mode: 'squash', to: 256, interpolation: 'bilinear' }, crop: [224, 224] },
  ...{ channelOrder: 'bgr', range: [0, 255], mean: [104, 117, 123], standardDeviation: [1, 1, 1] },
};

/** The course's: as {@link caffeVgg}, but the whole photo is squashed to the network's size. */
export const course: Preprocessing = { ...caffeVgg, resize: { mode: 'squash', to: 224, interpolation: 'nearest' } };

/** Keras's 'tf' mode, the MobileNets: RGB, −1..1. */
export const symmetric: Preprocessing = { ...middle, channelOrder: 'rgb', range: [-1, 1], ...plain };

/** torchvision and timm, Keras's 'torch' mode: RGB, 0..1, normalized by the means and deviations of ImageNet. */
export const torch: Preprocessing = {
  ...{ ...middle, channelOrder: 'rgb', range: [0, 1] },
  ...{ mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] },
};

/** As {@link torch}, enlarged by cubic interpolation. */
export const torchBicubic: Preprocessing = { ...torch, resize: { ...torch.resize, interpolation: 'bicubic' } };

/** Pictures of CIFAR as they are, with the numbers of {@link torch}. */
export const cifar: Preprocessing = {
  ...torch,
  ...{ resize: { mode: 'squash', to: 32, interpolation: 'bilinear' }, crop: [32, 32] },
};
