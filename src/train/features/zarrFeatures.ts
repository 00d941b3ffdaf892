import { createZarr } from '../../formats/zarr/zarrArray.js';
import type { ZarrStore } from '../../formats/zarr/zarrStore.js';
import type { FeatureStore } from './featureStore.js';

/**
 * Keeps features as arrays of Zarr version 3, one for each key, written chunk by chunk: a run that was killed goes on, and
 * the next run with the same network and photos finds everything. `zarr.open_array` of Python reads them.
 *
 * @param open gives the store of an array by its name, the key.
 * @param where how messages say where the features are.
 */
export function zarrFeatures(open: (name: string) => ZarrStore | Promise<ZarrStore>, where: string): FeatureStore {
  return {
    where,
    open: async ({ key, size, shape, chunk }) => {
      const name = await key();
      const array = await createZarr(await open(`${name}-${chunk}`), {
        shape: [size, ...shape],
        dtype: 'float32',
        chunkRows: chunk,
        attributes: { features: name },
      });
      const written = await array.written();
      return {
        has: (index) => written[index] === true,
        write: async (index, features) => {
          await array.writeChunk(index, features);
          written[index] = true;
        },
        read: async (index) => {
          const { data } = await array.rows(index * chunk, Math.min(size, (index + 1) * chunk));
          return data as Float32Array;
        },
      };
    },
  };
}
