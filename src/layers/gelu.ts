import * as v from 'valibot';
import { BaseActivation } from './baseActivation.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, flag } from './options.js';

export interface GeluOptions extends LayerOptions {
  /** By tanh instead of the error function. @default false */
  readonly approximate?: boolean;
}

const entries = { approximate: v.optional(flag(), false) } satisfies EntriesOf<GeluOptions, keyof LayerOptions>;

export class Gelu extends BaseActivation<typeof entries> {
  constructor(options: GeluOptions = {}) {
    super('gelu', entries, options);
  }

  protected get activation() {
    return { type: 'gelu' as const, ...this.options };
  }
}

/** x · Φ(x), with Φ the normal distribution's. Any shape → the same. Hendrycks & Gimpel 2016. */
export function gelu(options: GeluOptions = {}): Gelu {
  return new Gelu(options);
}
