import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { streamOf } from '../tensor/random.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { JsonObject } from './json.js';
import type { CallContext, LayerOptions } from './layer.js';
import { type EntriesOf, fraction, oneOf } from './options.js';
import { onlyInput } from './shapes.js';

export interface DropoutOptions extends LayerOptions {
  /** Share of the values that are dropped while training: at least 0, less than 1. */
  readonly rate: number;
  /**
   * 'inverted': what is kept is multiplied by 1 / (1 − rate) while training, and inference does nothing, so that weights
   * move between rates untouched. 'classical': what is kept stays as it is while training, and inference multiplies by
   * 1 − rate (Srivastava et al. 2014; the course); weights then belong to a rate, see `rescaleForDropout`.
   * @default 'inverted'
   */
  readonly kind?: 'inverted' | 'classical';
}

const entries = {
  rate: fraction(),
  kind: v.optional(oneOf(['inverted', 'classical']), 'inverted'),
} satisfies EntriesOf<DropoutOptions, keyof LayerOptions>;

/** What dropout and spatial dropout share. */
export abstract class BaseDropout extends ConfiguredLayer<typeof entries> {
  readonly #spatial: boolean;
  #rate: number;

  constructor(type: string, spatial: boolean, options: DropoutOptions) {
    super(type, entries, options);
    this.#spatial = spatial;
    this.#rate = this.options.rate;
  }

  /** Share of the values that are dropped; read at every step, so that a change takes effect on the next one. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    if (!(rate >= 0 && rate < 1)) {
      const rule = 'rate must be a number of at least 0 and less than 1';
      throw new FoveaError('option', { where: this.where, rule, received: `${rate}` });
    }
    this.#rate = rate;
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    return onlyInput(this, inputShapes);
  }

  // A rate of 0 is emitted too: it may be raised while training goes on.
  call([x]: readonly [Value], context: CallContext): Value {
    const { graph } = x;
    const classical = this.options.kind === 'classical';
    const asKept = (y: Value): Value =>
      classical ? graph.emit('multiply', [y, context.scalar('kept', () => 1 - this.#rate)], {})[0] : y;
    if (!context.training) return asKept(x);
    const inputs = [x, context.scalar('rate', () => this.#rate), context.random()];
    return asKept(
      graph.emit('dropout', inputs, { stream: streamOf(`dropout/${this.name}`), spatial: this.#spatial })[0],
    );
  }

  override config(): JsonObject {
    const { kind, ...config } = super.config();
    return { ...config, rate: this.#rate, ...(kind === 'classical' ? { kind } : {}) };
  }
}
