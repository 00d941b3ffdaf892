import { FoveaError } from '../tensor/errors.js';

/** Keras's batch size. */
const DEFAULT_BATCH_SIZE = 32;

/**
 * The batch size: as given, else 32 or as many examples as there are.
 *
 * @throws FoveaError `data` for no examples, `option` for a batch larger than the data.
 */
export function checkBatchSize(where: string, given: number | undefined, size: number): number {
  if (size < 1) {
    throw new FoveaError('data', { where, rule: 'at least one example is needed', received: 'an empty data set' });
  }
  const batchSize = given ?? Math.min(DEFAULT_BATCH_SIZE, size);
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    const rule = 'batchSize must be a whole number of at least 1';
    throw new FoveaError('option', { where, rule, received: `${batchSize}` });
  }
  if (batchSize > size) {
    throw new FoveaError('option', {
      where,
      rule: 'a batch cannot be larger than the data',
      received: `batchSize ${batchSize} for ${size} examples`,
      remedy: `Use a batchSize of at most ${size}`,
      data: { batchSize, size },
    });
  }
  return batchSize;
}
