import type { JsonObject } from '../../layers/json.js';
import { show } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { constantRate } from './constantRate.js';
import { cosineDecay } from './cosineDecay.js';
import { cosineDecayRestarts } from './cosineDecayRestarts.js';
import { exponentialDecay } from './exponentialDecay.js';
import { oneCycle } from './oneCycle.js';
import type { LearningRate, Schedule } from './schedule.js';
import { stepDecay } from './stepDecay.js';

// Each factory checks what it is given, so JSON of unknown origin may be passed on as it is.
const factories = { constantRate, stepDecay, exponentialDecay, cosineDecay, cosineDecayRestarts, oneCycle } as {
  readonly [type: string]: (options: never) => Schedule;
};

/** A learning rate as JSON: the number, or `{ type, options }` of a schedule; a function becomes `{ type: 'function' }`. */
export function learningRateToConfig(learningRate: LearningRate): number | JsonObject {
  if (typeof learningRate === 'number') return learningRate;
  if (typeof learningRate === 'function') return { type: 'function' };
  return { type: learningRate.type, options: learningRate.options };
}

/** The learning rate that {@link learningRateToConfig} described. Throws `option` for an unknown schedule. */
export function learningRateFromConfig(config: unknown): number | Schedule {
  if (typeof config === 'number') return config;
  const where = 'learning rate';
  if (typeof config !== 'object' || config === null) {
    throw new FoveaError('option', { where, rule: 'it must be a number or a schedule', received: show(config) });
  }
  const { type, options } = config as { readonly type?: unknown; readonly options?: unknown };
  if (type === 'function') {
    throw new FoveaError('option', {
      where,
      rule: 'a function cannot be read from a configuration',
      remedy: 'Give the learning rate as an option again',
    });
  }
  const factory = typeof type === 'string' && Object.hasOwn(factories, type) ? factories[type] : undefined;
  if (factory === undefined) {
    throw new FoveaError('option', {
      where,
      rule: `there is no schedule ${show(type)}`,
      remedy: suggestName(String(type), Object.keys(factories)),
    });
  }
  return factory(options as never);
}
