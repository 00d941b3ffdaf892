import type { Value } from '../ops/graph.js';
import { FoveaError } from '../tensor/errors.js';
import { streamOf } from '../tensor/random.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { JsonObject } from './json.js';
import type { CallContext, LayerOptions } from './layer.js';
import { fraction } from './options.js';
import { onlyInput } from './shapes.js';

export interface DropoutOptions extends LayerOptions {
  /** Share of the values that are dropped while training: at least 0, less than 1. */
  readonly rate: number;
}

const entries = { rate: fraction() };

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
    if (!context.training) return x;
    const inputs = [x, context.scalar('rate', () => this.#rate), context.random()];
    return x.graph.emit('dropout', inputs, { stream: streamOf(`dropout/${this.name}`), spatial: this.#spatial })[0];
  }

  override config(): JsonObject {
    return { ...super.config(), rate: this.#rate };
  }
}
