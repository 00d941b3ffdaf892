import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { type AffineOptions, affineEntries, affineSpecs, affineValues } from './affine.js';
import { checkAxis, withAxisLast } from './axes.js';
import { ConfiguredLayer } from './configured.js';
import { type Initializer, initializerOption } from './initializers.js';
import type { CallContext, LayerOptions, WeightSpec } from './layer.js';
import { type EntriesOf, real, whole } from './options.js';
import { onlyInput } from './shapes.js';

export interface BatchNormalizationOptions extends AffineOptions, LayerOptions {
  /** The axis whose entries are normalised each on its own; counts the batch as 0, negative from the end. @default -1 */
  readonly axis?: number;
  /** Share of the running statistics that a step keeps. @default 0.99 */
  readonly momentum?: number;
  /** Added to the variance. @default 0.001 */
  readonly epsilon?: number;
  /** @default 'zeros' */
  readonly movingMeanInitializer?: Initializer;
  /** @default 'ones' */
  readonly movingVarianceInitializer?: Initializer;
}

const entries = {
  ...affineEntries,
  axis: v.optional(whole(-8), -1),
  momentum: v.optional(real(0, 1), 0.99),
  epsilon: v.optional(real(0), 1e-3),
  movingMeanInitializer: v.optional(initializerOption(), 'zeros'),
  movingVarianceInitializer: v.optional(initializerOption(), 'ones'),
} satisfies EntriesOf<BatchNormalizationOptions, keyof LayerOptions>;

export class BatchNormalization extends ConfiguredLayer<typeof entries> {
  constructor(options: BatchNormalizationOptions = {}) {
    super('batchNormalization', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const shape = onlyInput(this, inputShapes);
    checkAxis(this.where, this.options.axis, shape.length + 1);
    return shape;
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const { options } = this;
    const input = onlyInput(this, inputShapes);
    const shape = [input[checkAxis(this.where, this.options.axis, input.length + 1) - 1] as number];
    return [
      ...affineSpecs(options, shape),
      { name: 'movingMean', shape, initializer: options.movingMeanInitializer, learned: false },
      { name: 'movingVariance', shape, initializer: options.movingVarianceInitializer, learned: false },
    ];
  }

  call([x]: readonly [Value], context: CallContext): Value {
    return withAxisLast(x, checkAxis(this.where, this.options.axis, x.shape.length), (moved) =>
      this.#normalize(moved, context),
    );
  }

  #normalize(x: Value, context: CallContext): Value {
    const { graph } = x;
    const { epsilon, momentum } = this.options;
    const [gamma, beta] = affineValues(graph, this.options, [x.shape.at(-1) as number], (name) =>
      this.weight(context, name),
    );
    const running = ['movingMean', 'movingVariance'].map((name) => this.weight(context, name)) as [Value, Value];
    if (!context.training || !this.trainable) {
      return graph.emit('batchNormalizationInference', [x, gamma, beta, ...running], { epsilon })[0];
    }
    const [y, ...measured] = graph.emit('batchNormalization', [x, gamma, beta], { epsilon });
    running.forEach((old, i) => {
      if (old.source.kind !== 'variable') return;
      const update = [old, measured[i] as Value];
      context.update(old.source.variable, () => graph.emit('movingAverage', update, { momentum })[0]);
    });
    return y;
  }
}

/**
 * Normalises each channel to mean 0 and variance 1, then multiplies by γ and adds β. Ioffe & Szegedy 2015; Keras's
 * BatchNormalization.
 *
 * Training: by the batch's own mean and (biased) variance, and the running ones move towards them. Inference, or with
 * `trainable` false: by the running ones, which stay as they are. Any shape → the same. Weights: `gamma`, `beta`
 * (learned), `movingMean`, `movingVariance` (measured), each [c].
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): BatchNormalization {
  return new BatchNormalization(options);
}
