import * as v from 'valibot';
import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { type EntriesOf, real, whole } from './options.js';
import { imageInput } from './shapes.js';

export interface LocalResponseNormalizationOptions extends LayerOptions {
  /** Number of neighbouring channels that are summed. @default 5 */
  readonly size?: number;
  /** @default 0.0001 */
  readonly alpha?: number;
  /** @default 0.75 */
  readonly beta?: number;
  /** @default 1 */
  readonly bias?: number;
}

const entries = {
  size: v.optional(whole(), 5),
  alpha: v.optional(real(0), 1e-4),
  beta: v.optional(real(0), 0.75),
  bias: v.optional(real(0), 1),
} satisfies EntriesOf<LocalResponseNormalizationOptions, keyof LayerOptions>;

export class LocalResponseNormalization extends ConfiguredLayer<typeof entries> {
  constructor(options: LocalResponseNormalizationOptions = {}) {
    super('localResponseNormalization', entries, options);
  }

  outputShape(inputShapes: readonly Shape[]): Shape {
    return imageInput(this, inputShapes);
  }

  call([x]: readonly [Value]): Value {
    const { size, alpha, beta, bias } = this.options;
    return x.graph.emit('localResponseNormalization', [x], { size, alpha, beta, bias })[0];
  }
}

/**
 * x / (bias + alpha / size · Σ x²)^beta, summed over neighbouring channels of the same pixel. Krizhevsky et al. 2012 in
 * the form and with the defaults of ONNX and PyTorch, which divide alpha by the size. Shapes: [n, h, w, c] → the same.
 */
export function localResponseNormalization(
  options: LocalResponseNormalizationOptions = {},
): LocalResponseNormalization {
  return new LocalResponseNormalization(options);
}
