import * as v from 'valibot';
import { BaseActivation } from './baseActivation.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, real } from './options.js';

export interface ReluOptions extends LayerOptions {
  /** Larger values become this one. @default none */
  readonly maxValue?: number;
  /** Factor of values below 0. @default 0 */
  readonly negativeSlope?: number;
}

const entries = {
  maxValue: v.optional(real(0)),
  negativeSlope: v.optional(real(0), 0),
} satisfies EntriesOf<ReluOptions, keyof LayerOptions>;

export class Relu extends BaseActivation<typeof entries> {
  constructor(options: ReluOptions = {}) {
    super('relu', entries, options);
  }

  protected get activation() {
    return { type: 'relu' as const, ...this.options };
  }
}

/** max(0, x), with Keras's ReLU's limits: min(maxValue, x) above 0, negativeSlope · x below. Any shape → the same. */
export function relu(options: ReluOptions = {}): Relu {
  return new Relu(options);
}
