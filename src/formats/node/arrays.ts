import { rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { FoveaError } from '../../tensor/errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { readNpy, writeNpy } from '../npy.js';
import { createZarr, openZarr } from '../zarr/zarrArray.js';
import { fileError } from './fileError.js';
import { readFileChecked, writeFileAtomic } from './files.js';
import { zarrFolder } from './zarrFolder.js';

/**
 * Saves a tensor as the path's ending says: `.npy`, NumPy's file, or `.zarr`, a folder in the format Zarr version 3 that is
 * packed with gzip. Both are read by `loadArray` and by Python. What was there before is replaced.
 *
 * @throws FoveaError `option` for another ending, `file` where it cannot be written.
 */
export async function saveArray(path: string, tensor: Tensor): Promise<void> {
  if (ending(path, 'saveArray') === '.npy') return writeFileAtomic(path, writeNpy(tensor));
  const store = zarrFolder(path);
  // Only an array is replaced: a mistaken path must not cost a folder of something else.
  if (await store.has('zarr.json')) {
    try {
      await rm(path, { recursive: true });
    } catch (error) {
      throw fileError(path, 'cannot be replaced', error);
    }
  }
  const { shape, dtype } = tensor;
  const rows = shape.length === 0 ? [1] : shape;
  const attributes = shape.length === 0 ? { scalar: true } : {};
  const array = await createZarr(store, { shape: rows, dtype, attributes });
  const chunkSize = tensor.size === 0 ? 0 : array.chunkRows * (tensor.size / (rows[0] as number));
  for (let i = 0; i < array.chunkCount && chunkSize > 0; i++) {
    await array.writeChunk(i, tensor.data.slice(i * chunkSize, (i + 1) * chunkSize));
  }
}

/**
 * Reads an array that `saveArray` or Python wrote: a `.npy` file or a `.zarr` folder. float64 is rounded to float32; whole
 * numbers become int32 where they fit.
 *
 * @throws FoveaError `option` for another ending, `file` or `format` where it cannot be read.
 */
export async function loadArray(path: string): Promise<Tensor> {
  if (ending(path, 'loadArray') === '.npy') {
    const { shape, data } = readNpy(await readFileChecked(path), `file "${path}"`);
    return new Tensor(data, shape);
  }
  const array = await openZarr(zarrFolder(path));
  const { shape, data } = await array.rows();
  const numbers = data instanceof Uint8Array ? Int32Array.from(data) : data;
  return new Tensor(numbers, array.attributes.scalar === true && numbers.length === 1 ? [] : shape);
}

function ending(path: string, where: string): '.npy' | '.zarr' {
  const found = extname(path.replace(/[/\\]+$/, '')).toLowerCase();
  if (found === '.npy' || found === '.zarr') return found;
  const rule = 'the path must end in .npy or .zarr';
  throw new FoveaError('option', { where, rule, received: `"${path}"` });
}
