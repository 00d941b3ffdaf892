import * as v from 'valibot';
import type { JsonObject } from './json.js';
import { Layer, type LayerOptions } from './layer.js';
import { type Entries, flag, nameOption, type Parsed, parseOptions, shape } from './options.js';

const commonEntries = {
  name: v.optional(nameOption()),
  trainable: v.optional(flag(), true),
  inputShape: v.optional(shape()),
};

/** A layer whose options are checked once and are its configuration as they stand. */
export abstract class ConfiguredLayer<E extends Entries> extends Layer {
  /** The layer's own options with defaults filled in; plain JSON. */
  readonly options: Parsed<E>;

  constructor(type: string, entries: E, options: unknown) {
    const name: unknown = (options as { name?: unknown } | undefined)?.name;
    const where = typeof name === 'string' ? `${type} "${name.slice(0, 200)}"` : type;
    const all: Entries = { ...entries, ...commonEntries };
    const { name: _, trainable, inputShape, ...own } = parseOptions(where, all, options ?? {});
    const common: LayerOptions = {
      trainable: trainable as boolean,
      ...(typeof name === 'string' ? { name } : {}),
      ...(inputShape === undefined ? {} : { inputShape: inputShape as readonly number[] }),
    };
    super(type, common);
    this.options = own as Parsed<E>;
  }

  config(): JsonObject {
    const { givenInputShape } = this;
    return {
      ...(this.named ? { name: this.name } : {}),
      trainable: this.trainable,
      ...(givenInputShape === undefined ? {} : { inputShape: givenInputShape }),
      ...(this.options as JsonObject),
    };
  }
}
