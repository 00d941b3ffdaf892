import { FoveaError } from '../../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';

/** How pixels between the photo's own are made. */
export type Interpolation = 'nearest' | 'bilinear' | 'bicubic';

/** What a photo must go through before a network sees it: plain data, so that it can travel with a saved model. */
export interface Preprocessing {
  readonly resize: {
    /**
     * 'shortSide' and 'pad' keep the photo's proportions: the short or the long side gets the length; 'squash' makes it
     * square. What the photo does not fill after 'pad' becomes background.
     */
    readonly mode: 'shortSide' | 'squash' | 'pad';
    /** Length of that side, or of both, in pixels. */
    readonly to: number;
    readonly interpolation: Interpolation;
    /** Whether a smaller photo is made of averages, so that no pixel is left out. @default true, but never for 'nearest' */
    readonly antialias?: boolean;
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

/**
 * Pixels as a network wants them: bytes RGB [n, h, w, 3] → float32 of the same shape, scaled, in order, normalized.
 * Resizing and cropping come before and are done by whoever decodes the photos.
 *
 * @throws FoveaError `shape` where the pixels are not those of colour pictures of this shape.
 */
export function normalizePixels(
  pixels: Uint8Array | Uint8ClampedArray,
  shape: Shape,
  {
    channelOrder,
    range,
    mean,
    standardDeviation,
  }: Pick<Preprocessing, 'channelOrder' | 'range' | 'mean' | 'standardDeviation'>,
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
