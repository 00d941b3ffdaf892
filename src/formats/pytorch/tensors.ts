import { sizeOf } from '../../tensor/shape.js';
import type { TensorData } from '../../tensor/tensor.js';
import { formatError } from '../formatError.js';
import { SPARE_BYTES } from '../limits.js';
import { bytesOf, decodeRounded } from '../roundedNumbers.js';
import type { StoredTensor } from '../safetensors.js';
import { gatherStrided, swapBytes } from '../strided.js';
import type { TensorReference } from './pickleValues.js';

const DAMAGED = 'The file is damaged or no PyTorch file: fetch or write it anew';

/** Where the numbers of a storage are; a view of the file. @throws FoveaError `format` where there are none. */
export type FindStorage = (key: string) => Promise<Uint8Array>;

/** Turns tensors as a pickle describes them into numbers in row-major order. */
export class TensorReader {
  readonly #find: FindStorage;
  readonly #bigEndian: boolean;
  readonly #done = new Map<TensorReference, StoredTensor>();
  #left: number;

  constructor(find: FindStorage, fileBytes: number, bigEndian: boolean) {
    this.#find = find;
    this.#bigEndian = bigEndian;
    this.#left = 2 * fileBytes + SPARE_BYTES;
  }

  /** @throws FoveaError `format` where a tensor does not lie within its storage. */
  async read(tensor: TensorReference, where: string): Promise<StoredTensor> {
    const known = this.#done.get(tensor);
    if (known !== undefined) return known;
    const stored = { dtype: tensor.dtype, shape: tensor.shape, data: await this.#numbers(tensor, where) };
    this.#done.set(tensor, stored);
    return stored;
  }

  async #numbers(tensor: TensorReference, where: string): Promise<TensorData> {
    const { storage, dtype, offset, shape, strides } = tensor;
    const width = bytesOf(dtype) as number;
    const bytes = await this.#find(storage.key);
    const start = storage.start * (storage.dtype === undefined ? 1 : width);
    const length = storage.length * (storage.dtype === undefined ? 1 : width);
    if (start + length > bytes.length) {
      const rule = `its storage must hold ${start + length} bytes`;
      throw formatError(where, rule, `${bytes.length} bytes`, DAMAGED);
    }
    const size = sizeOf(shape);
    const last = size === 0 ? -1 : shape.reduce((sum, n, axis) => sum + (n - 1) * (strides[axis] as number), offset);
    if (!Number.isSafeInteger(size) || (last + 1) * width > length) {
      const rule = `the tensor must lie within its storage of ${length} bytes`;
      throw formatError(where, rule, `its last number at ${last}`, DAMAGED);
    }
    this.#left -= size * 4;
    if (this.#left < 0) {
      const rule = 'all tensors together may be at most 16 MiB larger than twice the file';
      throw formatError(where, rule, `${size} numbers more`, 'Save copies instead of expanded tensors');
    }
    if (size === 0) return decodeRounded(dtype, new Uint8Array(), 0, where);
    const from = start + offset * width;
    const part = bytes.subarray(from, from + (last - offset + 1) * width);
    const numbers = decodeRounded(dtype, this.#bigEndian ? swapBytes(part, width) : part, part.length / width, where);
    return isRowMajor(shape, strides) ? numbers : gatherStrided(numbers, shape, strides);
  }
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis] as number;
    if (n !== 1 && strides[axis] !== expected) return false;
    expected *= n;
  }
  return true;
}
