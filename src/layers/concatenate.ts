import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { checkAxis } from './axes.js';
import { checkSeveral } from './baseMerge.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, whole } from './options.js';

export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which inputs are laid one after the other; the batch is 0, −1 the last. @default -1 */
  readonly axis?: number;
}

const entries = { axis: v.optional(whole(-8), -1) } satisfies EntriesOf<ConcatenateOptions, keyof LayerOptions>;

export class Concatenate extends ConfiguredLayer<typeof entries> {
  constructor(options: ConcatenateOptions = {}) {
    super('concatenate', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    checkSeveral(this.where, inputShapes);
    const [first, ...others] = inputShapes as [Shape, ...Shape[]];
    const axis = checkAxis(this.where, this.options.axis, first.length + 1) - 1;
    for (const other of others) {
      if (other.length === first.length && other.every((n, i) => i === axis || n === first[i])) continue;
      throw new FoveaError('shape', {
        where: this.where,
        rule: `the inputs must have the same sizes on all axes but axis ${axis + 1}`,
        received: inputShapes.map(formatShape).join(' and '),
        data: { inputShapes, axis: axis + 1 },
      });
    }
    const length = inputShapes.reduce((sum, shape) => sum + (shape[axis] as number), 0);
    return first.map((n, i) => (i === axis ? length : n));
  }

  call(inputs: readonly [Value, ...Value[]]): Value {
    const axis = checkAxis(this.where, this.options.axis, inputs[0].shape.length);
    return inputs[0].graph.emit('concatenate', inputs, { axis })[0];
  }
}

/** Lays two or more inputs one after the other, by default along the channels. [n, h, w, c] each → [n, h, w, Σc]. */
export function concatenate(options: ConcatenateOptions = {}): Concatenate {
  return new Concatenate(options);
}
