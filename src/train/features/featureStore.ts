import type { Shape } from '../../tensor/shape.js';

/** Features that are to be kept. */
export interface FeatureFacts {
  /** SHA-256 of all that the features depend on; computed when it is asked for. */
  readonly key: () => Promise<string>;
  /** Number of examples. */
  readonly size: number;
  /** Of the features of one example. */
  readonly shape: Shape;
  /** Examples that are computed and kept together. */
  readonly chunk: number;
}

/** The features of one data set, in chunks of examples that lie one after the other; the last may be short. */
export interface FeatureChunks {
  /** Whether a chunk is there and whole, from this run or an earlier one. */
  has(chunk: number): boolean;
  /** [examples of the chunk, ...shape], row-major. */
  write(chunk: number, features: Float32Array): Promise<void>;
  read(chunk: number): Promise<Float32Array>;
}

/** Where pre-computed features are kept. */
export interface FeatureStore {
  /** How messages say where that is: `in memory`, `in /home/ada/.cache/fovea/features`. */
  readonly where: string;
  /** The features of a key, as far as they are there; features of any other key are never given. */
  open(facts: FeatureFacts): Promise<FeatureChunks>;
}

/** Keeps features in memory, for the time of a run. */
export function memoryFeatures(): FeatureStore {
  return {
    where: 'in memory',
    open: async () => {
      const chunks = new Map<number, Float32Array>();
      return {
        has: (chunk) => chunks.has(chunk),
        write: async (chunk, features) => void chunks.set(chunk, features),
        read: async (chunk) => chunks.get(chunk) as Float32Array,
      };
    },
  };
}
