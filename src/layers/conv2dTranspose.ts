import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { effectiveKernel, type Pads, type Pair, pair, type Size2d } from '../ops/windows.js';
import { FoveaError } from '../tensor/errors.js';
import type { Shape } from '../tensor/shape.js';
import { biasSpecs, finish } from './bias.js';
import { ConfiguredLayer } from './configured.js';
import { type ConvWindowOptions, convWindowEntries } from './convWindow.js';
import type { CallContext, LayerOptions, WeightSpec } from './layer.js';
import { type EntriesOf, oneOf, size2d, whole } from './options.js';
import { type KernelOptions, kernelEntries } from './parameters.js';
import { imageInput } from './shapes.js';

export interface Conv2dTransposeOptions extends Omit<ConvWindowOptions, 'padding'>, KernelOptions, LayerOptions {
  /** Number of filters: the output's channels. */
  readonly filters: number;
  /** @default 'valid' */
  readonly padding?: 'valid' | 'same';
  /** Rows and columns added to the output at the bottom and the right; less than the strides. @default by padding */
  readonly outputPadding?: Size2d;
}

const entries = {
  ...convWindowEntries,
  ...kernelEntries,
  filters: whole(),
  padding: v.optional(oneOf(['valid', 'same']), 'valid'),
  outputPadding: v.optional(size2d(0)),
} satisfies EntriesOf<Conv2dTransposeOptions, keyof LayerOptions>;

export class Conv2dTranspose extends ConfiguredLayer<typeof entries> {
  constructor(options: Conv2dTransposeOptions) {
    super('conv2dTranspose', entries, options);
    const { strides, outputPadding } = this.options;
    if (outputPadding === undefined) return;
    const limit = pair(this.where, 'strides', strides);
    if (pair(this.where, 'outputPadding', outputPadding, 0).every((n, i) => n < (limit[i] as number))) return;
    throw new FoveaError('option', {
      where: this.where,
      rule: 'outputPadding must be less than the strides',
      received: `outputPadding ${JSON.stringify(outputPadding)}, strides ${JSON.stringify(strides)}`,
    });
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w] = imageInput(this, inputShapes);
    return [...this.geometry(h, w).size, this.options.filters];
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const { filters, kernelSize, kernelInitializer, kernelRegularizer, kernelConstraint } = this.options;
    return [
      {
        name: 'kernel',
        shape: [...pair(this.where, 'kernelSize', kernelSize), filters, imageInput(this, inputShapes)[2]],
        initializer: kernelInitializer,
        regularizer: kernelRegularizer,
        constraint: kernelConstraint,
      },
      ...biasSpecs(this.options, filters),
    ];
  }

  call([x]: readonly [Value], context: CallContext): Value {
    const [, h, w] = x.shape as [number, number, number];
    const { useBias, activation } = this.options;
    const { size, padding, strides, dilations } = this.geometry(h, w);
    const attributes = { strides, padding, dilations, groups: 1, inputSize: size };
    const [y] = x.graph.emit('conv2dInputGradient', [x, this.weight(context, 'kernel')], attributes);
    return finish(y, useBias ? this.weight(context, 'bias') : undefined, activation);
  }

  /** Output size, and the padding of the convolution whose gradient this layer is. */
  geometry(h: number, w: number): { size: Pair; padding: Pads; strides: Pair; dilations: Pair } {
    const { where, options } = this;
    const strides = pair(where, 'strides', options.strides);
    const dilations = pair(where, 'dilationRate', options.dilationRate);
    const kernel = pair(where, 'kernelSize', options.kernelSize);
    const extra =
      options.outputPadding === undefined ? undefined : pair(where, 'outputPadding', options.outputPadding, 0);
    const axis = (i: 0 | 1, input: number) =>
      transposedAxis(input, effectiveKernel(kernel[i], dilations[i]), strides[i], options.padding, extra?.[i]);
    const [rows, columns] = [axis(0, h), axis(1, w)];
    const padding: Pads = [rows.before, rows.after, columns.before, columns.after];
    return { size: [rows.size, columns.size], padding, strides, dilations };
  }
}

/**
 * Keras's sizes along one axis. 'valid': (in − 1) · stride + max(kernel, stride); 'same': in · stride; with an output
 * padding (in − 1) · stride + kernel − pads + outputPadding, where pads is 0 for 'valid' and kernel − kernel % 2 for
 * 'same'.
 */
function transposedAxis(
  input: number,
  kernel: number,
  stride: number,
  padding: 'valid' | 'same',
  outputPadding: number | undefined,
): { size: number; before: number; after: number } {
  const full = (input - 1) * stride + kernel; // where every product falls into the output
  let size: number;
  let before = 0;
  if (padding === 'valid') {
    size = full + (outputPadding ?? Math.max(kernel, stride) - kernel);
  } else {
    size = outputPadding === undefined ? input * stride : full - kernel + (kernel % 2) + outputPadding;
    const around = size - full + 2 * (kernel - 1); // Keras pads the spread-out input by so much, the larger half first
    before = kernel - 1 - Math.min(Math.ceil(around / 2), kernel - 1);
  }
  return { size, before, after: Math.max(0, full - size - before) };
}

/**
 * Transposed convolution: each input pixel stamps its filter into the output, `strides` pixels apart; the gradient of a
 * convolution by its input. Keras's Conv2DTranspose.
 *
 * Shapes: [n, h, w, cIn] → [n, oh, ow, filters], with oh = (h − 1) · stride + max(kernel, stride) for 'valid' and
 * h · stride for 'same'. Weights: `kernel` [kh, kw, filters, cIn], `bias` [filters].
 */
export function conv2dTranspose(options: Conv2dTransposeOptions): Conv2dTranspose {
  return new Conv2dTranspose(options);
}
