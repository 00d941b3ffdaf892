import type { Batch, Dataset } from '../../data/dataset.js';
import { checkIndices } from '../../data/indices.js';
import { defaultEngine } from '../../engines/defaultEngine.js';
import type { Engine } from '../../engines/engine.js';
import type { JsonObject } from '../../layers/json.js';
import type { Model } from '../../model/model.js';
import { singlePorts } from '../../model/singlePorts.js';
import { throwIfAborted, unlessAborted } from '../../tensor/abort.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { Tensor, type TensorData } from '../../tensor/tensor.js';
import { datasetBatches, Prefetch } from '../batches.js';
import { Predictor } from '../predict.js';
import { contentsHash, featureKey } from './featureKey.js';
import { type FeatureChunks, type FeatureStore, memoryFeatures } from './featureStore.js';

export interface CacheFeaturesOptions {
  /** @default `memoryFeatures()` */
  readonly store?: FeatureStore;
  /**
   * Says which examples these are, for the key of a store that outlives the run: a change of the data must change it.
   * @default the SHA-256 of all their numbers, for which every example is read once more
   */
  readonly source?: string;
  /** What the examples went through before; part of the key. */
  readonly preprocessing?: JsonObject;
  /** Examples that go through the network at once, and that are kept together. @default 32 */
  readonly batchSize?: number;
  /** Bytes of features that stay in memory where the store is elsewhere. @default 512 MiB */
  readonly memoryBytes?: number;
  /** @default the shared engine of `defaultEngine` */
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FeatureProgress) => void;
}

/** How far the features of a data set are computed. */
export interface FeatureProgress {
  readonly done: number;
  readonly size: number;
  /** Examples whose features were there from an earlier run. */
  readonly found: number;
}

/**
 * Runs a network once over a data set and gives what it made as a data set, with the same labels and targets. What a store
 * has already under the same key is not computed again: a run that was killed goes on.
 *
 * @param frozen the lower part of a network, see `splitModel`; inference mode.
 * @throws FoveaError `aborted` where the signal is given; finished chunks are kept.
 */
export async function cacheFeatures(
  frozen: Model,
  data: Dataset,
  options: CacheFeaturesOptions = {},
): Promise<Dataset> {
  const { store = memoryFeatures(), batchSize = 32, signal, onProgress, preprocessing } = options;
  const engine = options.engine ?? (await defaultEngine());
  const shape = singlePorts(frozen).outputShape;
  const chunk = Math.min(batchSize, data.size);
  const chunks = await store.open({
    key: async () => featureKey(frozen, options.source ?? (await contentsHash(data)), preprocessing),
    ...{ size: data.size, shape, chunk },
  });
  const targets = new Targets(data);
  const listed = await targets.areListed();
  const reader = new ChunkReader(chunks, options.memoryBytes ?? 2 ** 29);
  const predictor = new Predictor(frozen, engine);
  const count = Math.ceil(data.size / chunk);
  const wanted: Uint32Array[] = [];
  for (let i = 0; i < count; i++) {
    const indices = Uint32Array.from({ length: Math.min(chunk, data.size - i * chunk) }, (_, j) => i * chunk + j);
    if (!chunks.has(i) || !listed) wanted.push(indices);
  }
  const found = data.size - wanted.reduce((sum, { length }) => sum + length, 0);
  let done = found;
  onProgress?.({ done, size: data.size, found });
  const order = Uint32Array.from(wanted.flatMap((indices) => [...indices]));
  const batches = new Prefetch(datasetBatches(data, order, chunk));
  try {
    for (const indices of wanted) {
      throwIfAborted('features', signal);
      const batch = (await unlessAborted('features', batches.take(), signal)) as Batch;
      const index = (indices[0] as number) / chunk;
      targets.put(indices, batch);
      if (chunks.has(index)) batches.fetch();
      else {
        const running = predictor.predict(batch.x, { batchSize: indices.length });
        batches.fetch();
        const { data: features } = await running;
        // A photo that could not be read has another in its place, and a weight of 0 that the store would forget.
        if (listed && batch.sampleWeights !== undefined) reader.keep(index, features);
        else await chunks.write(index, features);
      }
      done += indices.length;
      onProgress?.({ done, size: data.size, found });
    }
  } finally {
    batches.close();
  }
  return featureDataset(data, shape, chunk, reader, targets);
}

function featureDataset(data: Dataset, shape: Shape, chunk: number, chunks: ChunkReader, targets: Targets): Dataset {
  const { size, classNames, labels } = data;
  const width = sizeOf(shape);
  return {
    ...{ size, inputShape: shape },
    ...(classNames === undefined ? {} : { classNames }),
    ...(labels === undefined ? {} : { labels }),
    batch: async (indices) => {
      checkIndices('features', indices, size);
      const x = new Float32Array(indices.length * width);
      for (const [at, index] of indices.entries()) {
        const features = await chunks.read(Math.floor(index / chunk));
        const start = (index % chunk) * width;
        x.set(features.subarray(start, start + width), at * width);
      }
      return { x: new Tensor<'float32'>(x, [indices.length, ...shape]), ...targets.gather(indices) };
    },
  };
}

/** Reads chunks and keeps those that were used last, as many as fit. */
class ChunkReader {
  readonly #chunks: FeatureChunks;
  readonly #limit: number;
  readonly #kept = new Map<number, Float32Array>();
  readonly #own = new Map<number, Float32Array>();
  #bytes = 0;

  constructor(chunks: FeatureChunks, limit: number) {
    this.#chunks = chunks;
    this.#limit = limit;
  }

  /** Keeps a chunk that the store shall not have. */
  keep(chunk: number, features: Float32Array): void {
    this.#own.set(chunk, features);
  }

  async read(chunk: number): Promise<Float32Array> {
    const known = this.#own.get(chunk) ?? this.#kept.get(chunk);
    if (known !== undefined) {
      if (this.#kept.delete(chunk)) this.#kept.set(chunk, known);
      return known;
    }
    const features = await this.#chunks.read(chunk);
    this.#kept.set(chunk, features);
    this.#bytes += features.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= this.#limit || oldest === chunk) break;
      this.#kept.delete(oldest);
      this.#bytes -= byteLength;
    }
    return features;
  }
}

/** Targets and sample weights of all examples, in memory: they are small. */
class Targets {
  readonly #data: Dataset;
  #y: { readonly values: TensorData; readonly rest: Shape } | undefined;
  #weights: Float32Array | undefined;
  #listed = false;

  constructor(data: Dataset) {
    this.#data = data;
  }

  /** Whether the data set lists its targets, so that batches need not be read for them: labels, all of one weight. */
  async areListed(): Promise<boolean> {
    if (this.#data.labels === undefined) return false;
    const { y, sampleWeights } = await this.#data.batch(Uint32Array.of(0));
    this.#listed = sampleWeights === undefined && y.dtype === 'int32';
    return this.#listed;
  }

  put(indices: Uint32Array, { y, sampleWeights }: Batch): void {
    const { size } = this.#data;
    const rest = y.shape.slice(1);
    const width = sizeOf(rest);
    this.#y ??= { values: y.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size * width), rest };
    this.#y.values.set(y.data, (indices[0] as number) * width);
    if (sampleWeights === undefined) return;
    this.#weights ??= new Float32Array(size).fill(1);
    this.#weights.set(sampleWeights, indices[0] as number);
  }

  gather(indices: Uint32Array): Pick<Batch, 'y' | 'sampleWeights'> {
    const { labels } = this.#data;
    const weights = this.#weights;
    const { values, rest } =
      this.#listed || this.#y === undefined ? { values: labels as Int32Array, rest: [] } : this.#y;
    const width = sizeOf(rest);
    const y = values instanceof Int32Array ? new Int32Array(indices.length) : new Float32Array(indices.length * width);
    for (const [at, index] of indices.entries()) y.set(values.subarray(index * width, (index + 1) * width), at * width);
    return {
      y: new Tensor(y, [indices.length, ...rest]),
      ...(weights === undefined ? {} : { sampleWeights: Float32Array.from(indices, (i) => weights[i] as number) }),
    };
  }
}
