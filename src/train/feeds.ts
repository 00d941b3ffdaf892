import type { Batch } from '../data/dataset.js';
import { checkFinite } from '../tensor/checkFinite.js';
import { FoveaError } from '../tensor/errors.js';
import { seedWords } from '../tensor/random.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';

/** Throws unless a batch's inputs have the shape that the model takes and are finite; returns the number of examples. */
export function checkBatch({ x, y, sampleWeights }: Batch, inputShape: Shape): number {
  const n = x.shape[0] ?? 0;
  if (n === 0 || !sameShape(x.shape.slice(1), inputShape)) {
    throw new FoveaError(n === 0 ? 'data' : 'shape', {
      where: 'batch',
      rule: `the model takes inputs ${formatShape([null, ...inputShape])}, with at least one example`,
      received: formatShape(x.shape),
      remedy: 'Resize or reshape the data, or build the model for this shape',
      data: { expected: inputShape, received: x.shape },
    });
  }
  if (y.shape[0] !== n || (sampleWeights !== undefined && sampleWeights.length !== n)) {
    throw new FoveaError('data', {
      where: 'batch',
      rule: 'there must be as many targets and sample weights as inputs',
      received: `${n} inputs, ${y.shape[0]} targets${sampleWeights === undefined ? '' : `, ${sampleWeights.length} sample weights`}`,
    });
  }
  checkFinite('inputs', x.data, n);
  if (sampleWeights !== undefined) checkFinite('sample weights', sampleWeights, n);
  return n;
}

/** The key of one step's random draws. */
export function randomFeed(seed: number, step: number): Int32Array {
  const [low, high] = seedWords(seed);
  return Int32Array.of(low, high, step);
}
