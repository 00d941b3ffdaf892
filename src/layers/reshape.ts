import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import type { EntriesOf } from './options.js';
import { onlyInput } from './shapes.js';

export interface ReshapeOptions extends LayerOptions {
  /** Sizes without the batch axis; one of them may be −1, which takes what is left. */
  readonly targetShape: Shape;
}

const entries = {
  targetShape: v.custom<Shape>(
    (value) =>
      Array.isArray(value) &&
      value.length <= 8 &&
      value.every((n) => Number.isSafeInteger(n) && (n >= 1 || n === -1)) &&
      value.filter((n) => n === -1).length <= 1,
    'must be a list of at most 8 whole numbers of at least 1, one of which may be -1 instead',
  ),
} satisfies EntriesOf<ReshapeOptions, keyof LayerOptions>;

export class Reshape extends ConfiguredLayer<typeof entries> {
  constructor(options: ReshapeOptions) {
    super('reshape', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const shape = onlyInput(this, inputShapes);
    const { targetShape } = this.options;
    const given = sizeOf(targetShape.filter((n) => n !== -1));
    const target = targetShape.map((n) => (n === -1 ? sizeOf(shape) / given : n));
    if (sizeOf(target) !== sizeOf(shape) || !target.every(Number.isInteger)) {
      throw new FoveaError('shape', {
        where: this.where,
        rule: 'the shape before and after must hold the same number of values',
        received: `input ${formatShape(shape)} with ${sizeOf(shape)} values, target ${formatShape(targetShape)}`,
      });
    }
    return target;
  }

  call([x]: readonly [Value]): Value {
    const [n, ...shape] = x.shape as [number, ...number[]];
    return x.graph.emit('reshape', [x], { shape: [n, ...this.outputShape([shape])] })[0];
  }
}

/** The same values in the same order under another shape: [n, ...] → [n, ...targetShape]. */
export function reshape(options: ReshapeOptions): Reshape {
  return new Reshape(options);
}
