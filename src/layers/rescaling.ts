import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, real } from './options.js';
import { onlyInput } from './shapes.js';

export interface RescalingOptions extends LayerOptions {
  /** Factor: 1/255 turns bytes into 0..1. */
  readonly scale: number;
  /** Added afterwards. @default 0 */
  readonly offset?: number;
}

const entries = { scale: real(), offset: v.optional(real(), 0) } satisfies EntriesOf<
  RescalingOptions,
  keyof LayerOptions
>;

export class Rescaling extends ConfiguredLayer<typeof entries> {
  constructor(options: RescalingOptions) {
    super('rescaling', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    return onlyInput(this, inputShapes);
  }

  call([x]: readonly [Value]): Value {
    const { scale, offset } = this.options;
    return x.graph.emit('scale', [x], { factor: scale, offset })[0];
  }
}

/** x · scale + offset, in training and in inference. Any shape → the same. Keras's Rescaling. */
export function rescaling(options: RescalingOptions): Rescaling {
  return new Rescaling(options);
}
