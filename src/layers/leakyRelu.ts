import * as v from 'valibot';
import { BaseActivation } from './baseActivation.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, real } from './options.js';

export interface LeakyReluOptions extends LayerOptions {
  /** Factor of values below 0. @default 0.3, as Keras's layer; its activation of that name has 0.2 */
  readonly negativeSlope?: number;
}

const entries = { negativeSlope: v.optional(real(0), 0.3) } satisfies EntriesOf<LeakyReluOptions, keyof LayerOptions>;

export class LeakyRelu extends BaseActivation<typeof entries> {
  constructor(options: LeakyReluOptions = {}) {
    super('leakyRelu', entries, options);
  }

  protected get activation() {
    return { type: 'leakyRelu' as const, ...this.options };
  }
}

/** x above 0, negativeSlope · x below. Any shape → the same. Keras's LeakyReLU. */
export function leakyRelu(options: LeakyReluOptions = {}): LeakyRelu {
  return new LeakyRelu(options);
}
