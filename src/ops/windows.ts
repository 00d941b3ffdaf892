import { FoveaError } from '../tensor/errors.js';

/** Two numbers for height and width; one number stands for both. */
export type Size2d = number | readonly [height: number, width: number];

/** 'valid' adds nothing, 'same' keeps ceil(size / stride), a list gives pixels [top, bottom, left, right]. */
export type Padding2d = 'valid' | 'same' | readonly [top: number, bottom: number, left: number, right: number];

/** Padding in pixels: top, bottom, left, right. */
export type Pads = readonly [top: number, bottom: number, left: number, right: number];

export type Pair = readonly [height: number, width: number];

/** How a window moves over an image, all in pixels: the attributes that convolutions and poolings share. */
export interface WindowAttributes {
  readonly strides: Pair;
  readonly padding: Pads;
  readonly dilations: Pair;
}

/** Writes one number as [n, n]; throws unless both are whole numbers of at least `least`. */
export function pair(where: string, name: string, size: Size2d, least = 1): Pair {
  const both: readonly number[] = typeof size === 'number' ? [size, size] : size;
  const [height, width] = both;
  if (both.length !== 2 || !both.every((n) => Number.isInteger(n) && n >= least)) {
    throw new FoveaError('option', {
      where,
      rule: `${name} must be a whole number of at least ${least}, or two of them [height, width]`,
      received: `${name} ${JSON.stringify(size)}`,
    });
  }
  return [height as number, width as number];
}

/** Extent of a dilated kernel along one axis: dilation · (kernel − 1) + 1. */
export function effectiveKernel(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

/**
 * Number of window positions along one axis: floor((in + pads − effective kernel) / stride) + 1. Throws where the
 * kernel does not fit into the padded input.
 */
function outputSize(
  where: string,
  axis: 'height' | 'width',
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padBefore: number,
  padAfter: number,
): number {
  const effective = effectiveKernel(kernel, dilation);
  const padded = input + padBefore + padAfter;
  if (padded < effective) {
    throw new FoveaError('shape', {
      where,
      rule: `the window must fit into the padded input, but its ${axis} of ${effective} is larger than ${padded}`,
      received: `input ${axis} ${input}, padding ${padBefore} + ${padAfter}, kernel ${kernel}, dilation ${dilation}`,
      remedy: 'Use larger images, a smaller kernel, fewer poolings before it, or padding "same"',
      data: { axis, input, kernel, dilation, padBefore, padAfter },
    });
  }
  return Math.floor((padded - effective) / stride) + 1;
}

/** Height and width of a window op's output. */
export function windowOutput(where: string, size: Pair, kernel: Pair, window: WindowAttributes): [number, number] {
  const { strides, padding, dilations } = window;
  return [
    outputSize(where, 'height', size[0], kernel[0], strides[0], dilations[0], padding[0], padding[1]),
    outputSize(where, 'width', size[1], kernel[1], strides[1], dilations[1], padding[2], padding[3]),
  ];
}

/**
 * Padding in pixels. 'same' is TensorFlow's and Keras's: the output has ceil(in / stride) positions, and an odd pixel
 * goes to the bottom and the right.
 */
export function resolvePadding(
  where: string,
  padding: Padding2d,
  size: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): Pads {
  if (padding === 'valid') return [0, 0, 0, 0];
  if (padding === 'same') {
    const [top, bottom] = samePadding(size[0], kernel[0], strides[0], dilations[0]);
    const [left, right] = samePadding(size[1], kernel[1], strides[1], dilations[1]);
    return [top, bottom, left, right];
  }
  if (!Array.isArray(padding) || padding.length !== 4 || !padding.every((n) => Number.isInteger(n) && n >= 0)) {
    throw new FoveaError('option', {
      where,
      rule: 'padding must be "valid", "same" or four whole numbers [top, bottom, left, right] of at least 0',
      received: `padding ${JSON.stringify(padding)}`,
    });
  }
  return padding as unknown as Pads;
}

function samePadding(input: number, kernel: number, stride: number, dilation: number): [number, number] {
  const positions = Math.ceil(input / stride);
  const total = Math.max(0, (positions - 1) * stride + effectiveKernel(kernel, dilation) - input);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
