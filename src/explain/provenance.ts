import type { Model } from '../model/model.js';
import { sha256 } from '../tensor/sha256.js';

/** What a map was made from: with the settings that it carries, enough to make it again and compare. */
export interface Provenance {
  readonly model: string;
  /** SHA-256 of all weights, in the order of the model. */
  readonly weightsHash: string;
  /** SHA-256 of the numbers that the network was given. */
  readonly inputHash: string;
  /** Which engine computed. */
  readonly engine: string;
}

/** SHA-256, in hexadecimal, of the weights of a model as they are now. */
export async function hashWeights(model: Model): Promise<string> {
  const hashes: string[] = [];
  for (const { weight } of model.weights) hashes.push(await sha256(await weight.variable.read()));
  return sha256(JSON.stringify(hashes));
}
