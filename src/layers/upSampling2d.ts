import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { pair, type Size2d } from '../ops/windows.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, oneOf, size2d } from './options.js';
import { imageInput } from './shapes.js';

export interface UpSampling2dOptions extends LayerOptions {
  /** How many times as high and as wide. @default 2 */
  readonly size?: Size2d;
  /** @default 'nearest' */
  readonly interpolation?: 'nearest' | 'bilinear';
}

const entries = {
  size: v.optional(size2d(), 2),
  interpolation: v.optional(oneOf(['nearest', 'bilinear']), 'nearest'),
} satisfies EntriesOf<UpSampling2dOptions, keyof LayerOptions>;

export class UpSampling2d extends ConfiguredLayer<typeof entries> {
  constructor(options: UpSampling2dOptions = {}) {
    super('upSampling2d', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    const [vertical, horizontal] = pair(this.where, 'size', this.options.size);
    return [h * vertical, w * horizontal, c];
  }

  call([x]: readonly [Value]): Value {
    const { size, interpolation } = this.options;
    return x.graph.emit('upSample', [x], { size: pair(this.where, 'size', size), interpolation })[0];
  }
}

/** Enlarges images by whole factors. Shapes: [n, h, w, c] → [n, h · size, w · size, c]. Keras's UpSampling2D. */
export function upSampling2d(options: UpSampling2dOptions = {}): UpSampling2d {
  return new UpSampling2d(options);
}
