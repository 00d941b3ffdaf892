import { join } from 'node:path';
import { cacheFolder } from '../../data/node/cacheFolder.js';
import { type FeatureStore, memoryFeatures } from '../../train/features/featureStore.js';
import { featureFolder } from '../../train/node/featureFolder.js';

/** Where features are kept: `memory`, `off` (not at all), a folder, or the cache where nothing is said. */
export function featurePlace(word: string | undefined): FeatureStore | false {
  if (word === 'off') return false;
  if (word === 'memory') return memoryFeatures({ byKey: true });
  return featureFolder(word ?? join(cacheFolder(), 'features'));
}
