import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, flag } from './options.js';
import { imageInput } from './shapes.js';

export interface GlobalPooling2dOptions extends LayerOptions {
  /** Whether height and width stay, as axes of size 1. @default false */
  readonly keepDims?: boolean;
}

const entries = { keepDims: v.optional(flag(), false) } satisfies EntriesOf<GlobalPooling2dOptions, keyof LayerOptions>;

/** What global max and average pooling share. */
export abstract class BaseGlobalPooling2d extends ConfiguredLayer<typeof entries> {
  readonly #op: 'max' | 'mean';

  constructor(type: string, op: 'max' | 'mean', options: GlobalPooling2dOptions) {
    super(type, entries, options);
    this.#op = op;
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const c = imageInput(this, inputShapes)[2];
    return this.options.keepDims ? [1, 1, c] : [c];
  }

  call([x]: readonly [Value]): Value {
    return x.graph.emit(this.#op, [x], { axes: [1, 2], keepDims: this.options.keepDims })[0];
  }
}
