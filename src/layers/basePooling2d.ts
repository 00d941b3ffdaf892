import * as v from 'valibot';
import {
  type Padding2d,
  pair,
  resolvePadding,
  type Size2d,
  type WindowAttributes,
  windowOutput,
} from '../ops/windows.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, padding2d, size2d } from './options.js';
import { imageInput } from './shapes.js';

export interface Pooling2dOptions extends LayerOptions {
  /** Height and width of the window, in pixels. @default 2 */
  readonly poolSize?: Size2d;
  /** Pixels from one window to the next. @default the pool size */
  readonly strides?: Size2d;
  /** @default 'valid' */
  readonly padding?: Padding2d;
}

const entries = {
  poolSize: v.optional(size2d(), 2),
  strides: v.optional(size2d()),
  padding: v.optional(padding2d(), 'valid'),
} satisfies EntriesOf<Pooling2dOptions, keyof LayerOptions>;

/** What max and average pooling share. */
export abstract class BasePooling2d extends ConfiguredLayer<typeof entries> {
  constructor(type: string, options: Pooling2dOptions) {
    super(type, entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    const { poolSize, ...window } = this.window(h, w);
    return [...windowOutput(this.where, [h, w], poolSize, window), c];
  }

  protected window(h: number, w: number): WindowAttributes & { readonly poolSize: readonly [number, number] } {
    const { options, where } = this;
    const poolSize = pair(where, 'poolSize', options.poolSize);
    const strides = pair(where, 'strides', options.strides ?? poolSize);
    const padding = resolvePadding(where, options.padding, [h, w], poolSize, strides, [1, 1]);
    return { poolSize, strides, padding, dilations: [1, 1] };
  }
}
