import type { Dataset } from '../../data/dataset.js';
import type { Model } from '../../model/model.js';
import { throwIfAborted } from '../../tensor/abort.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Inspector } from '../inspector.js';
import type { LayerPlace, Place } from '../place.js';
import { rowsOf } from '../target.js';

export interface FeatureIndexOptions {
  /** The place whose values are compared, over height and width their mean. @default {@link featurePlace} */
  readonly place?: Place;
  /** @default 16 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** An example that is like another. */
export interface Neighbor {
  /** Number of the example in the data set. */
  readonly index: number;
  /** Cosine of the angle between the features, −1 to 1: 1 for the same photo. */
  readonly similarity: number;
}

/** What the last layer with weights takes: the features that a classifier tells classes by. */
export function featurePlace(model: Model): Place {
  const last = model.nodes.findLast(({ layer }) => layer.weights.length > 0);
  const below = last?.inputs[0];
  if (below === undefined || model.inputs.includes(below)) return 'input';
  return { layer: below.layer.name } satisfies LayerPlace;
}

/** Features of each example, of length 1: [n, channels]. */
export async function featuresOf(
  inspector: Inspector,
  x: Tensor<'float32'>,
  place: Place = featurePlace(inspector.model),
): Promise<Float32Array[]> {
  const [values] = await inspector.forward(x, [place]);
  const { shape } = values as Tensor<'float32'>;
  const channels = shape.length === 4 ? (shape[3] as number) : sizeOf(shape.slice(1));
  return rowsOf(values as Tensor<'float32'>).map((row) => {
    const feature = new Float32Array(channels);
    for (let i = 0; i < row.length; i++) feature[i % channels] = (feature[i % channels] as number) + (row[i] as number);
    const length = Math.sqrt(feature.reduce((sum, value) => sum + value * value, 0));
    return length === 0 ? feature : feature.map((value) => value / length);
  });
}

/** The features of a data set, to find in it what is like an example. */
export class FeatureIndex {
  readonly place: Place;
  readonly #features: readonly Float32Array[];

  constructor(place: Place, features: readonly Float32Array[]) {
    if (features.length === 0) throw new FoveaError('data', { where: 'features', rule: 'there must be some examples' });
    this.place = place;
    this.#features = features;
  }

  /** The examples most like a feature of length 1, the likest first; equally like ones in their own order. */
  nearest(feature: Float32Array, count: number): Neighbor[] {
    const similarity = this.#features.map((other) =>
      other.reduce((sum, value, i) => sum + value * (feature[i] as number), 0),
    );
    const order = [...similarity.keys()].sort((a, b) => (similarity[b] as number) - (similarity[a] as number) || a - b);
    return order.slice(0, count).map((index) => ({ index, similarity: similarity[index] as number }));
  }
}

/**
 * Runs a network over a data set and keeps the features of each example.
 *
 * @throws FoveaError `aborted` where the signal is given.
 */
export async function indexFeatures(
  inspector: Inspector,
  data: Dataset,
  options: FeatureIndexOptions = {},
): Promise<FeatureIndex> {
  const { place = featurePlace(inspector.model), batchSize = 16, signal, onProgress } = options;
  const features: Float32Array[] = [];
  for (let first = 0; first < data.size; first += batchSize) {
    throwIfAborted('features', signal);
    const indices = Uint32Array.from({ length: Math.min(batchSize, data.size - first) }, (_, i) => first + i);
    features.push(...(await featuresOf(inspector, (await data.batch(indices)).x, place)));
    onProgress?.(features.length, data.size);
  }
  return new FeatureIndex(place, features);
}
