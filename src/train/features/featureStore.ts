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

/**
 * Keeps features in memory, for the time of a run.
 *
 * @param options.byKey gives features again that were computed before under the same key; without it keys are never computed.
 */
export function memoryFeatures({ byKey = false }: { readonly byKey?: boolean } = {}): FeatureStore {
  const kept = new Map<string, Map<number, Float32Array>>();
  return {
    where: 'in memory',
    open: async ({ key, chunk: length }) => {
      const name = byKey ? `${await key()}-${length}` : undefined;
      const chunks = (name === undefined ? undefined : kept.get(name)) ?? new Map<number, Float32Array>();
      if (name !== undefined) kept.set(name, chunks);
      return {
        has: (chunk) => chunks.has(chunk),
        write: async (chunk, features) => void chunks.set(chunk, features),
        read: async (chunk) => chunks.get(chunk) as Float32Array,
      };
    },
  };
}
