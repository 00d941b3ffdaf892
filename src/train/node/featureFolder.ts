import { join } from 'node:path';
import { zarrFolder } from '../../formats/node/zarrFolder.js';
import type { FeatureStore } from '../features/featureStore.js';
import { zarrFeatures } from '../features/zarrFeatures.js';

/** Keeps features in a folder, an array of Zarr version 3 for each key: see {@link zarrFeatures}. */
export function featureFolder(folder: string): FeatureStore {
  return zarrFeatures((name) => zarrFolder(join(folder, `${name}.zarr`)), `in ${folder}`);
}
