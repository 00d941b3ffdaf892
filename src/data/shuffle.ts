import { RandomStream } from '../tensor/random.js';

/**
 * The numbers 0 … size − 1 in the order in which one epoch visits them: a function of (seed, epoch) alone, so a run that
 * is resumed in the middle of an epoch goes on with the same examples.
 */
export function shuffledIndices(size: number, seed: number, epoch: number): Uint32Array {
  return new RandomStream(seed, 'shuffle', epoch).shuffle(Uint32Array.from({ length: size }, (_, i) => i));
}
