import * as v from 'valibot';
import { flag, fraction, parseOptions } from '../../layers/options.js';
import { Optimizer, type OptimizerOptions, ownOptions } from './optimizer.js';

export interface SgdOptions extends OptimizerOptions {
  /** Share of the last step that is kept, 0 to 1 (1 excluded). @default 0 */
  readonly momentum?: number;
  /** Looks ahead along the momentum (Nesterov; Sutskever et al., 2013). @default false */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, with Keras's formulas and defaults: without momentum `w −= lr · g`; with it
 * `v = m · v − lr · g; w += v`, and with Nesterov's `w += m · v − lr · g`. Learning rate 0.01 by default.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const entries = { momentum: v.optional(fraction(), 0), nesterov: v.optional(flag(), false) };
  const own = parseOptions('optimizer "sgd"', entries, ownOptions(options));
  const { momentum, nesterov } = own;
  if (momentum === 0) {
    return new Optimizer(
      {
        type: 'sgd',
        slots: [],
        options: own,
        update: ({ graph, w, dw, hyper, gradientScale }) => graph.emit('sgdUpdate', [w, dw, hyper, gradientScale], {}),
      },
      0.01,
      options,
    );
  }
  return new Optimizer(
    {
      type: 'sgd',
      slots: ['velocity'],
      options: own,
      update: ({ graph, w, dw, hyper, gradientScale, slots }) =>
        graph.emit('momentumUpdate', [w, dw, hyper, gradientScale, ...slots], { momentum, nesterov }),
    },
    0.01,
    options,
  );
}
