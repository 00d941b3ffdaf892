import * as v from 'valibot';
import { BaseActivation } from './baseActivation.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, real } from './options.js';

export interface EluOptions extends LayerOptions {
  /** What very negative values tend to, with a minus sign. @default 1 */
  readonly alpha?: number;
}

const entries = { alpha: v.optional(real(0), 1) } satisfies EntriesOf<EluOptions, keyof LayerOptions>;

export class Elu extends BaseActivation<typeof entries> {
  constructor(options: EluOptions = {}) {
    super('elu', entries, options);
  }

  protected get activation() {
    return { type: 'elu' as const, ...this.options };
  }
}

/** x above 0, alpha · (exp(x) − 1) below. Any shape → the same. Clevert et al. 2015; Keras's ELU. */
export function elu(options: EluOptions = {}): Elu {
  return new Elu(options);
}
