import { show } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { learningRateFromConfig } from '../schedules/scheduleFromConfig.js';
import { adam, adamW } from './adam.js';
import { Optimizer, type OptimizerOptions } from './optimizer.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

const factories = { sgd, rmsprop, adam, adamW };

/** The optimizers by name: each with Keras's defaults. */
export type OptimizerName = keyof typeof factories;

/** An optimizer from its name, its JSON (`Optimizer.toConfig`), or itself. Throws `option` for an unknown name. */
export function optimizerFrom(spec: Optimizer | OptimizerName | { readonly type: string }): Optimizer {
  if (spec instanceof Optimizer) return spec;
  const type: unknown = typeof spec === 'string' ? spec : spec?.type;
  if (typeof type !== 'string' || !Object.hasOwn(factories, type)) {
    throw new FoveaError('option', {
      where: 'optimizer',
      rule: `there is no optimizer ${show(type)}`,
      remedy: suggestName(String(type), Object.keys(factories)),
    });
  }
  const given = typeof spec === 'string' ? undefined : (spec as { readonly options?: unknown }).options;
  const options = { ...(given as OptimizerOptions | undefined) };
  if (options.learningRate === undefined) return factories[type as OptimizerName](options);
  const learningRate = learningRateFromConfig(options.learningRate);
  return factories[type as OptimizerName]({ ...options, learningRate });
}
