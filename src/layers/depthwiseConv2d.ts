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

export interface DepthwiseConv2dOptions extends ConvWindowOptions, BiasOptions, LayerOptions {
  /** Number of filters for each input channel. @default 1 */
  readonly depthMultiplier?: number;
  /** @default 'glorotUniform' */
  readonly depthwiseInitializer?: Initializer;
  readonly depthwiseRegularizer?: Regularizer;
  readonly depthwiseConstraint?: Constraint;
}

const entries = {
  ...convWindowEntries,
  ...biasEntries,
  depthMultiplier: v.optional(whole(), 1),
  depthwiseInitializer: v.optional(initializerOption(), 'glorotUniform'),
  depthwiseRegularizer: v.optional(regularizerOption()),
  depthwiseConstraint: v.optional(constraintOption()),
} satisfies EntriesOf<DepthwiseConv2dOptions, keyof LayerOptions>;

export class DepthwiseConv2d extends ConfiguredLayer<typeof entries> {
  constructor(options: DepthwiseConv2dOptions) {
    super('depthwiseConv2d', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    const { kernel, attributes } = convWindow(this.where, this.options, h, w);
    return [...windowOutput(this.where, [h, w], kernel, attributes), c * this.options.depthMultiplier];
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const { depthMultiplier, depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint } = this.options;
    const [h, w, c] = imageInput(this, inputShapes);
    return [
      {
        name: 'kernel',
        shape: [...convWindow(this.where, this.options, h, w).kernel, c, depthMultiplier],
        initializer: depthwiseInitializer,
        regularizer: depthwiseRegularizer,
        constraint: depthwiseConstraint,
      },
      ...biasSpecs(this.options, c * depthMultiplier),
    ];
  }

  call([x]: readonly [Value], context: CallContext): Value {
    const [, h, w] = x.shape as [number, number, number];
    const { attributes } = convWindow(this.where, this.options, h, w);
    const y = depthwise(x, this.weight(context, 'kernel'), attributes);
    return finish(y, this.options.useBias ? this.weight(context, 'bias') : undefined, this.options.activation);
  }
}

/**
 * Convolution of each channel on its own, with filters of its own. Keras's DepthwiseConv2D.
 *
 * Shapes: [n, h, w, c] → [n, oh, ow, c · depthMultiplier], the filters of one channel side by side. Weights: `kernel`
 * [kh, kw, c, depthMultiplier], `bias` [c · depthMultiplier].
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): DepthwiseConv2d {
  return new DepthwiseConv2d(options);
}
