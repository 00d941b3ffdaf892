import type { Dataset } from '../../data/dataset.js';
import type { JsonObject } from '../../layers/json.js';
import type { Model } from '../../model/model.js';
import { sha256 } from '../../tensor/sha256.js';

/** Changes where features of the same network would come out otherwise. */
const VERSION = 1;
/** Examples that are hashed together. */
const PIECE = 64;

/**
 * SHA-256, in hexadecimal, of what features depend on: the layers and weights that compute them, what the photos go through
 * before, and which photos they are.
 *
 * @param source says which examples: paths with sizes and times, or hashes of contents; see {@link contentsHash}.
 */
export async function featureKey(frozen: Model, source: string, preprocessing: JsonObject = {}): Promise<string> {
  const { nodes, inputs, outputs } = frozen;
  const numberOf = new Map(nodes.map((node, i) => [node, i]));
  const layers = nodes.map(({ layer, inputs: below }) => {
    // Neither what a layer is called nor whether it might learn changes what it computes.
    const { name: _, trainable: __, ...config } = layer.config();
    return [layer.type, config, below.map((one) => numberOf.get(one))];
  });
  const weights: string[] = [];
  for (const { weight } of frozen.weights) weights.push(await sha256(await weight.variable.read()));
  const ends = [inputs, outputs].map((list) => list.map((node) => numberOf.get(node)));
  return sha256(JSON.stringify({ version: VERSION, layers, ends, weights, preprocessing, source }));
}

/** SHA-256 of the numbers of all examples, where nothing else says which they are. */
export async function contentsHash(data: Dataset): Promise<string> {
  const hashes: string[] = [];
  for (let start = 0; start < data.size; start += PIECE) {
    const n = Math.min(PIECE, data.size - start);
    const { x } = await data.batch(Uint32Array.from({ length: n }, (_, i) => start + i));
    hashes.push(await sha256(x.data));
  }
  return sha256(JSON.stringify([data.inputShape, hashes]));
}
