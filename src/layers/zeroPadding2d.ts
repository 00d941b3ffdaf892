import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { type Border2d, border2d, borderPixels } from './border.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import type { EntriesOf } from './options.js';
import { imageInput } from './shapes.js';

export interface ZeroPadding2dOptions extends LayerOptions {
  /** Pixels to add. @default 1 on every side */
  readonly padding?: Border2d;
}

const entries = { padding: v.optional(border2d(), 1) } satisfies EntriesOf<ZeroPadding2dOptions, keyof LayerOptions>;

export class ZeroPadding2d extends ConfiguredLayer<typeof entries> {
  constructor(options: ZeroPadding2dOptions = {}) {
    super('zeroPadding2d', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    const [top, bottom, left, right] = borderPixels(this.options.padding);
    return [h + top + bottom, w + left + right, c];
  }

  call([x]: readonly [Value]): Value {
    const [top, bottom, left, right] = borderPixels(this.options.padding);
    const attributes = { before: [0, top, left, 0], after: [0, bottom, right, 0], mode: 'constant' as const, value: 0 };
    return x.graph.emit('pad', [x], attributes)[0];
  }
}

/** Adds black pixels around each image. Shapes: [n, h, w, c] → [n, top + h + bottom, left + w + right, c]. */
export function zeroPadding2d(options: ZeroPadding2dOptions = {}): ZeroPadding2d {
  return new ZeroPadding2d(options);
}
