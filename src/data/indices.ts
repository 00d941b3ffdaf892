import { FoveaError } from '../tensor/errors.js';

/** Throws unless every index names one of `size` examples. */
export function checkIndices(where: string, indices: Uint32Array, size: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    if (index >= size) {
      throw new FoveaError('data', {
        where,
        rule: `there are ${size} examples, numbered from 0`,
        received: `index ${index} at place ${i}`,
        remedy: 'Ask for examples that exist',
        data: { index, place: i, size },
      });
    }
  }
}
