import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { type Border2d, border2d, borderPixels } from './border.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import type { EntriesOf } from './options.js';
import { imageInput } from './shapes.js';

export interface Cropping2dOptions extends LayerOptions {
  /** Pixels to take away. @default 0 on every side */
  readonly cropping?: Border2d;
}

const entries = { cropping: v.optional(border2d(), 0) } satisfies EntriesOf<Cropping2dOptions, keyof LayerOptions>;

export class Cropping2d extends ConfiguredLayer<typeof entries> {
  constructor(options: Cropping2dOptions = {}) {
    super('cropping2d', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    const [top, bottom, left, right] = borderPixels(this.options.cropping);
    if (top + bottom >= h || left + right >= w) {
      throw new FoveaError('shape', {
        where: this.where,
        rule: 'at least one row and one column must be left',
        received: `input ${formatShape([h, w, c])}, cropping [[${top}, ${bottom}], [${left}, ${right}]]`,
      });
    }
    return [h - top - bottom, w - left - right, c];
  }

  call([x]: readonly [Value]): Value {
    const [n, ...shape] = x.shape as [number, number, number, number];
    const [top, , left] = borderPixels(this.options.cropping);
    return x.graph.emit('slice', [x], { begin: [0, top, left, 0], size: [n, ...this.outputShape([shape])] })[0];
  }
}

/** Takes pixels away at the border of each image. Shapes: [n, h, w, c] → [n, h − top − bottom, w − left − right, c]. */
export function cropping2d(options: Cropping2dOptions = {}): Cropping2d {
  return new Cropping2d(options);
}
