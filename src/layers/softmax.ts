import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { activate } from './activations.js';
import { checkAxis, withAxisLast } from './axes.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, whole } from './options.js';
import { onlyInput } from './shapes.js';

export interface SoftmaxOptions extends LayerOptions {
  /** The axis whose values sum to 1; counts the batch as 0, negative from the end. @default -1 */
  readonly axis?: number;
}

const entries = { axis: v.optional(whole(-8), -1) } satisfies EntriesOf<SoftmaxOptions, keyof LayerOptions>;

export class Softmax extends ConfiguredLayer<typeof entries> {
  constructor(options: SoftmaxOptions = {}) {
    super('softmax', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const shape = onlyInput(this, inputShapes);
    checkAxis(this.where, this.options.axis, shape.length + 1);
    return shape;
  }

  call([x]: readonly [Value]): Value {
    return withAxisLast(x, checkAxis(this.where, this.options.axis, x.shape.length), (moved) =>
      activate(moved, 'softmax'),
    );
  }
}

/** exp(x) / Σ exp(x) along one axis. Any shape → the same. Keras's Softmax. */
export function softmax(options: SoftmaxOptions = {}): Softmax {
  return new Softmax(options);
}
