import { show } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { binaryCrossentropy } from './binaryCrossentropy.js';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './categoricalCrossentropy.js';
import type { Loss } from './loss.js';
import { meanSquaredError } from './meanSquaredError.js';

const factories = { categoricalCrossentropy, sparseCategoricalCrossentropy, binaryCrossentropy, meanSquaredError };

/** The losses by name: each with its defaults. */
export type LossName = keyof typeof factories;

/** A loss from its name, its JSON `{ type, options }`, or itself. Throws `option` for an unknown name. */
export function lossFrom(spec: Loss | LossName | { readonly type: string; readonly options?: object }): Loss {
  if (typeof spec === 'object' && spec !== null && 'emit' in spec) return spec;
  const type: unknown = typeof spec === 'string' ? spec : spec?.type;
  if (typeof type !== 'string' || !Object.hasOwn(factories, type)) {
    throw new FoveaError('option', {
      where: 'loss',
      rule: `there is no loss ${show(type)}`,
      remedy: suggestName(String(type), Object.keys(factories)),
    });
  }
  const options = typeof spec === 'string' ? {} : (spec.options ?? {});
  return factories[type as LossName](options);
}
