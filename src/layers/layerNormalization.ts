import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { normalizeAxes, type Shape } from '../tensor/shape.js';
import { type AffineOptions, affineEntries, affineSpecs, affineValues } from './affine.js';
import { ConfiguredLayer } from './configured.js';
import type { CallContext, LayerOptions, WeightSpec } from './layer.js';
import { type EntriesOf, real } from './options.js';
import { onlyInput } from './shapes.js';

export interface LayerNormalizationOptions extends AffineOptions, LayerOptions {
  /** The axes that are normalised together: the last, or the last few; the batch is 0. @default -1 */
  readonly axis?: number | readonly number[];
  /** Added to the variance. @default 0.001 */
  readonly epsilon?: number;
}

const entries = {
  ...affineEntries,
  axis: v.optional(
    v.custom<number | readonly number[]>((value) => {
      const list: unknown[] = [value].flat();
      return list.length > 0 && list.every(Number.isSafeInteger);
    }, 'must be a whole number or a list of them'),
    -1,
  ),
  epsilon: v.optional(real(0), 1e-3),
} satisfies EntriesOf<LayerNormalizationOptions, keyof LayerOptions>;

export class LayerNormalization extends ConfiguredLayer<typeof entries> {
  constructor(options: LayerNormalizationOptions = {}) {
    super('layerNormalization', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const shape = onlyInput(this, inputShapes);
    this.#firstAxis(shape.length + 1);
    return shape;
  }

  protected override weightSpecs(inputShapes: readonly Shape[]): WeightSpec[] {
    const shape = onlyInput(this, inputShapes);
    return affineSpecs(this.options, shape.slice(this.#firstAxis(shape.length + 1) - 1));
  }

  call([x]: readonly [Value], context: CallContext): Value {
    const axis = this.#firstAxis(x.shape.length);
    const scales = affineValues(x.graph, this.options, x.shape.slice(axis), (name) => this.weight(context, name));
    return x.graph.emit('layerNormalization', [x, ...scales], { axis, epsilon: this.options.epsilon })[0];
  }

  #firstAxis(rank: number): number {
    const axes = normalizeAxes(this.where, [this.options.axis].flat(), rank);
    const [first] = axes as [number];
    if (first === 0 || axes.some((axis, i) => axis !== first + i) || axes.at(-1) !== rank - 1) {
      throw new FoveaError('option', {
        where: this.where,
        rule: 'axis must name the last axis, or the last few without a gap, and not the batch',
        received: `axis ${JSON.stringify(this.options.axis)} of an input with ${rank} axes`,
      });
    }
    return first;
  }
}

/**
 * Normalises each example on its own to mean 0 and variance 1 along the given axes, then multiplies by γ and adds β;
 * the same in training and inference. Ba et al. 2016; Keras's LayerNormalization. Any shape → the same. Weights:
 * `gamma`, `beta`, of the sizes of the normalised axes.
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): LayerNormalization {
  return new LayerNormalization(options);
}
