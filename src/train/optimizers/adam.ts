import * as v from 'valibot';
import { fraction, parseOptions, real } from '../../layers/options.js';
import { Optimizer, type OptimizerOptions, ownOptions } from './optimizer.js';

export interface AdamOptions extends OptimizerOptions {
  /** Share of the old average gradient that is kept. @default 0.9 */
  readonly beta1?: number;
  /** Share of the old average squared gradient that is kept. @default 0.999 */
  readonly beta2?: number;
  /** Keeps the division finite. @default 1e-7 */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma and Ba, 2015) with Keras's formula and defaults: `w −= lr · √(1 − β2ᵗ) / (1 − β1ᵗ) · m / (√v + ε)`.
 * Learning rate 0.001 by default.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamOf('adam', options);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): the same as {@link adam}, with a weight decay of 0.004
 * by default, as Keras.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamOf('adamW', { weightDecay: 0.004, ...options });
}

function adamOf(type: string, options: AdamOptions): Optimizer {
  const entries = {
    beta1: v.optional(fraction(), 0.9),
    beta2: v.optional(fraction(), 0.999),
    epsilon: v.optional(real(0), 1e-7),
  };
  const own = parseOptions(`optimizer "${type}"`, entries, ownOptions(options));
  const { beta1, beta2 } = own;
  return new Optimizer(
    {
      type,
      slots: ['m', 'v'],
      options: own,
      update: ({ graph, w, dw, hyper, gradientScale, slots }) =>
        graph.emit('adamUpdate', [w, dw, hyper, gradientScale, ...slots], own),
      corrections: (t) => [1 - beta1 ** t, 1 - beta2 ** t],
    },
    0.001,
    options,
  );
}
