import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What a photo must go through before a network sees it: plain data, so that it can travel with a saved model. */
export interface Preprocessing {
  readonly resize: {
    /** 'shortSide' keeps the photo's proportions, 'squash' makes it square. */
    readonly mode: 'shortSide' | 'squash';
    /** Length of the short side, or of both, in pixels. */
    readonly to: number;
    readonly interpolation: 'nearest' | 'bilinear' | 'bicubic';
  };
  /** Height and width of the part from the middle that is kept, in pixels. */
  readonly crop: readonly [height: number, width: number];
  /** 'bgr' turns the order of the channels round, as networks from Caffe want it. */
  readonly channelOrder: 'rgb' | 'bgr';
  /** What 0 and 255 become, and all between in proportion. */
  readonly range: readonly [black: number, white: number];
  /** Subtracted after that, one number per channel in the order that the network sees. */
  readonly mean: readonly [number, number, number];
  /** Divided by at last, in the same order. */
  readonly standardDeviation: readonly [number, number, number];
}

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

/**
 * Pixels as a network wants them: bytes RGB [n, h, w, 3] → float32 of the same shape, scaled, in order, normalized.
 * Resizing and cropping come before and are done by whoever decodes the photos.
 *
 * @throws FoveaError `shape` where the pixels are not those of colour pictures of this shape.
 */
export function normalizePixels(
  pixels: Uint8Array | Uint8ClampedArray,
  shape: Shape,
  { channelOrder, range, mean, standardDeviation }: Preprocessing,
): Tensor<'float32'> {
  if (shape.length !== 4 || shape[3] !== 3 || sizeOf(shape) !== pixels.length) {
    throw new FoveaError('shape', {
      where: 'normalizePixels',
      rule: 'the pixels must be RGB, of the shape [n, h, w, 3]',
      received: `${pixels.length} bytes for ${formatShape(shape)}`,
    });
  }
  const [black, white] = range;
  const result = new Float32Array(pixels.length);
  for (let channel = 0; channel < 3; channel++) {
    const from = channelOrder === 'bgr' ? 2 - channel : channel;
    const table = Float32Array.from({ length: 256 }, (_, byte) => {
      const value = black + (byte / 255) * (white - black);
      return (value - (mean[channel] as number)) / (standardDeviation[channel] as number);
    });
    for (let i = 0; i < pixels.length; i += 3) result[i + channel] = table[pixels[i + from] as number] as number;
  }
  return new Tensor(result, shape);
}
