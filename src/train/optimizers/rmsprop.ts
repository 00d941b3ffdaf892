import * as v from 'valibot';
import { fraction, parseOptions, real } from '../../layers/options.js';
import { Optimizer, type OptimizerOptions, ownOptions } from './optimizer.js';

export interface RmspropOptions extends OptimizerOptions {
  /** Share of the old average of squared gradients that is kept. @default 0.9 */
  readonly rho?: number;
  /** Share of the last step that is kept. @default 0 */
  readonly momentum?: number;
  /** Keeps the division finite. @default 1e-7 */
  readonly epsilon?: number;
}

/**
 * Gradients divided by the root of their running mean square (Tieleman and Hinton, 2012), with Keras's formulas and
 * defaults, not centered. Learning rate 0.001 by default.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const entries = {
    rho: v.optional(fraction(), 0.9),
    momentum: v.optional(fraction(), 0),
    epsilon: v.optional(real(0), 1e-7),
  };
  const own = parseOptions('optimizer "rmsprop"', entries, ownOptions(options));
  const { rho, momentum, epsilon } = own;
  return new Optimizer(
    {
      type: 'rmsprop',
      slots: momentum === 0 ? ['square'] : ['square', 'momentum'],
      options: own,
      update: ({ graph, w, dw, hyper, gradientScale, slots }) => {
        const inputs = [w, dw, hyper, gradientScale, ...slots];
        return momentum === 0
          ? graph.emit('rmspropUpdate', inputs, { rho, epsilon })
          : graph.emit('rmspropMomentumUpdate', inputs, { rho, epsilon, momentum });
      },
    },
    0.001,
    options,
  );
}
