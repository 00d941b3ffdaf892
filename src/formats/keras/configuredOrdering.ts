import type { JsonValue } from './jsonValue.js';
import type { KernelOrdering } from './ordering.js';

/** The layers of a model's description: Keras 1 has a bare list for a sequential one. */
export function layerEntries(model: JsonValue): JsonValue[] {
  const config = model.get('config');
  return (config.isList ? config : config.get('layers')).list();
}

/** What the first layer that says so says about the order of axes: `dim_ordering` in Keras 1, `data_format` later. */
export function configuredOrdering(model: JsonValue, depth = 8): KernelOrdering | undefined {
  const config = model.get('config');
  if (!config.isList && !config.get('layers').isList) return undefined;
  for (const layer of layerEntries(model)) {
    const own = layer.get('config').get('dim_ordering', 'data_format').value;
    if (own === 'th' || own === 'channels_first') return 'th';
    if (own === 'tf' || own === 'channels_last') return 'tf';
    const nested = depth > 0 ? configuredOrdering(layer, depth - 1) : undefined;
    if (nested !== undefined) return nested;
  }
  return undefined;
}
