import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { windowOutput } from '../ops/windows.js';
import { FoveaError } from '../tensor/errors.js';
import type { Shape } from '../tensor/shape.js';
import { biasSpecs, finish } from './bias.js';
import { ConfiguredLayer } from './configured.js';
import { type ConvWindowOptions, convWindow, convWindowEntries } from './convWindow.js';
import type { CallContext, LayerOptions, WeightSpec } from './layer.js';
import { type EntriesOf, whole } from './options.js';
import { type KernelOptions, kernelEntries } from './parameters.js';
import { imageInput } from './shapes.js';

export interface Conv2dOptions extends ConvWindowOptions, KernelOptions, LayerOptions {
  /** Number of filters: the output's channels. */
  readonly filters: number;
  /** The channels are split into so many groups, each seen by its own share of the filters. @default 1 */
  readonly groups?: number;
}

const entries = {
  ...convWindowEntries,
  ...kernelEntries,
  filters: whole(),
  groups: v.optional(whole(), 1),
} satisfies EntriesOf<Conv2dOptions, keyof LayerOptions>;

export class Conv2d extends ConfiguredLayer<typeof entries> {
  constructor(options: Conv2dOptions) {
    super('conv2d', entries, options);
    const { filters, groups } = this.options;
    if (filters % groups !== 0) {
      throw new FoveaError('option', {
        where: this.where,
        rule: 'the number of filters must be divisible by the number of groups',
        received: `filters ${filters}, groups ${groups}`,
      });
    }
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    const { filters, groups } = this.options;
    if (c % groups !== 0) {
      throw new FoveaError('shape', {
        where: this.where,
        rule: 'the number of input channels must be divisible by the number of groups',
        received: `${c} channels, groups ${groups}`,
      });
    }
    const { kernel, attributes } = convWindow(this.where, this.options, h, w);
    return [...windowOutput(this.where, [h, w], kernel, attributes), filters];
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const { filters, groups, kernelInitializer, kernelRegularizer, kernelConstraint } = this.options;
    const [h, w, c] = imageInput(this, inputShapes);
    return [
      {
        name: 'kernel',
        shape: [...convWindow(this.where, this.options, h, w).kernel, c / groups, filters],
        initializer: kernelInitializer,
        regularizer: kernelRegularizer,
        constraint: kernelConstraint,
      },
      ...biasSpecs(this.options, filters),
    ];
  }

  call([x]: readonly [Value], context: CallContext): Value {
    const [, h, w] = x.shape as [number, number, number];
    const { groups, activation, useBias } = this.options;
    const { attributes } = convWindow(this.where, this.options, h, w);
    const operands = [x, this.weight(context, 'kernel')];
    const [y] = x.graph.emit('conv2d', operands, { ...attributes, groups, activation: 'linear' });
    return finish(y, useBias ? this.weight(context, 'bias') : undefined, activation);
  }
}

/**
 * 2-D convolution (cross-correlation: filters are not flipped), plus bias and activation. Keras's Conv2D.
 *
 * Shapes: [n, h, w, cIn] → [n, oh, ow, filters], with oh = floor((h + pads − effective kernel) / stride) + 1; 'same'
 * gives ceil(h / stride). Weights: `kernel` [kh, kw, cIn / groups, filters], `bias` [filters].
 *
 * @throws FoveaError `option` for bad options, `shape` where the kernel is larger than the padded input.
 */
export function conv2d(options: Conv2dOptions): Conv2d {
  return new Conv2d(options);
}
