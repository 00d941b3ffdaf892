import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, whole } from './options.js';
import { imageInput } from './shapes.js';

export interface ChannelPaddingOptions extends LayerOptions {
  /** Channels of zeros in front of the others. @default 0 */
  readonly before?: number;
  /** Channels of zeros behind the others. @default 0 */
  readonly after?: number;
}

const entries = {
  before: v.optional(whole(0), 0),
  after: v.optional(whole(0), 0),
} satisfies EntriesOf<ChannelPaddingOptions, keyof LayerOptions>;

export class ChannelPadding extends ConfiguredLayer<typeof entries> {
  constructor(options: ChannelPaddingOptions = {}) {
    super('channelPadding', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    const [h, w, c] = imageInput(this, inputShapes);
    return [h, w, this.options.before + c + this.options.after];
  }

  call([x]: readonly [Value]): Value {
    const { before, after } = this.options;
    const attributes = { before: [0, 0, 0, before], after: [0, 0, 0, after], mode: 'constant' as const, value: 0 };
    return x.graph.emit('pad', [x], attributes)[0];
  }
}

/**
 * Adds channels of zeros: the parameter-free shortcut ("option A") of He et al. 2015. Shapes: [n, h, w, c] →
 * [n, h, w, before + c + after].
 */
export function channelPadding(options: ChannelPaddingOptions = {}): ChannelPadding {
  return new ChannelPadding(options);
}
