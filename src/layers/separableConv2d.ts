import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { windowOutput } from '../ops/windows.js';
import type { Shape } from '../tensor/shape.js';
import { biasSpecs, finish } from './bias.js';
import { ConfiguredLayer } from './configured.js';
import { type Constraint, constraintOption } from './constraints.js';
import { type ConvWindowOptions, convWindow, convWindowEntries } from './convWindow.js';
import { depthwise } from './depthwise.js';
import { type Initializer, initializerOption } from './initializers.js';
import type { CallContext, LayerOptions, WeightSpec } from './layer.js';
import { type EntriesOf, whole } from './options.js';
import { type BiasOptions, biasEntries } from './parameters.js';
import { type Regularizer, regularizerOption } from './regularizers.js';
import { imageInput } from './shapes.js';

export interface SeparableConv2dOptions extends ConvWindowOptions, BiasOptions, LayerOptions {
  /** Number of outputs of the second, 1×1 convolution: the output's channels. */
  readonly filters: number;
  /** Number of filters for each input channel in the first convolution. @default 1 */
  readonly depthMultiplier?: number;
  /** @default 'glorotUniform' */
  readonly depthwiseInitializer?: Initializer;
  readonly depthwiseRegularizer?: Regularizer;
  readonly depthwiseConstraint?: Constraint;
  /** @default 'glorotUniform' */
  readonly pointwiseInitializer?: Initializer;
  readonly pointwiseRegularizer?: Regularizer;
  readonly pointwiseConstraint?: Constraint;
}

const entries = {
  ...convWindowEntries,
  ...biasEntries,
  filters: whole(),
  depthMultiplier: v.optional(whole(), 1),
  depthwiseInitializer: v.optional(initializerOption(), 'glorotUniform'),
  depthwiseRegularizer: v.optional(regularizerOption()),
  depthwiseConstraint: v.optional(constraintOption()),
  pointwiseInitializer: v.optional(initializerOption(), 'glorotUniform'),
  pointwiseRegularizer: v.optional(regularizerOption()),
  pointwiseConstraint: v.optional(constraintOption()),
} satisfies EntriesOf<SeparableConv2dOptions, keyof LayerOptions>;

export class SeparableConv2d extends ConfiguredLayer<typeof entries> {
  constructor(options: SeparableConv2dOptions) {
    super('separableConv2d', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w] = imageInput(this, inputShapes);
    const { kernel, attributes } = convWindow(this.where, this.options, h, w);
    return [...windowOutput(this.where, [h, w], kernel, attributes), this.options.filters];
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const { options } = this;
    const [h, w, c] = imageInput(this, inputShapes);
    return [
      {
        name: 'depthwiseKernel',
        shape: [...convWindow(this.where, options, h, w).kernel, c, options.depthMultiplier],
        initializer: options.depthwiseInitializer,
        regularizer: options.depthwiseRegularizer,
        constraint: options.depthwiseConstraint,
      },
      {
        name: 'pointwiseKernel',
        shape: [1, 1, c * options.depthMultiplier, options.filters],
        initializer: options.pointwiseInitializer,
        regularizer: options.pointwiseRegularizer,
        constraint: options.pointwiseConstraint,
      },
      ...biasSpecs(options, options.filters),
    ];
  }

  call([x]: readonly [Value], context: CallContext): Value {
    const [, h, w] = x.shape as [number, number, number];
    const { attributes } = convWindow(this.where, this.options, h, w);
    const between = depthwise(x, this.weight(context, 'depthwiseKernel'), attributes);
    const [y] = x.graph.emit('conv2d', [between, this.weight(context, 'pointwiseKernel')], {
      strides: [1, 1],
      padding: [0, 0, 0, 0],
      dilations: [1, 1],
      groups: 1,
      activation: 'linear',
    });
    return finish(y, this.options.useBias ? this.weight(context, 'bias') : undefined, this.options.activation);
  }
}

/**
 * A depthwise convolution, then a 1×1 convolution that mixes the channels. Keras's SeparableConv2D.
 *
 * Shapes: [n, h, w, c] → [n, oh, ow, filters]. Weights: `depthwiseKernel` [kh, kw, c, depthMultiplier],
 * `pointwiseKernel` [1, 1, c · depthMultiplier, filters], `bias` [filters].
 */
export function separableConv2d(options: SeparableConv2dOptions): SeparableConv2d {
  return new SeparableConv2d(options);
}
