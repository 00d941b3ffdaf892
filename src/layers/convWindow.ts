import * as v from 'valibot';
import { type Padding2d, pair, resolvePadding, type Size2d, type WindowAttributes } from '../ops/windows.js';
import { padding2d, size2d } from './options.js';

/** Options of a convolution's window. */
export interface ConvWindowOptions {
  /** Height and width of a filter, in pixels. */
  readonly kernelSize: Size2d;
  /** Pixels from one window to the next. @default 1 */
  readonly strides?: Size2d;
  /** @default 'valid' */
  readonly padding?: Padding2d;
  /** Pixels from one weight of a filter to the next. @default 1 */
  readonly dilationRate?: Size2d;
}

export const convWindowEntries = {
  kernelSize: size2d(),
  strides: v.optional(size2d(), 1),
  padding: v.optional(padding2d(), 'valid'),
  dilationRate: v.optional(size2d(), 1),
};

/** A convolution's window over an image of a size, in pixels. */
export interface ConvWindow {
  readonly kernel: readonly [height: number, width: number];
  readonly attributes: WindowAttributes;
}

export function convWindow(where: string, options: Required<ConvWindowOptions>, h: number, w: number): ConvWindow {
  const kernel = pair(where, 'kernelSize', options.kernelSize);
  const strides = pair(where, 'strides', options.strides);
  const dilations = pair(where, 'dilationRate', options.dilationRate);
  const padding = resolvePadding(where, options.padding, [h, w], kernel, strides, dilations);
  return { kernel, attributes: { strides, padding, dilations } };
}
