/** Where the parts of an array are kept, by keys as `zarr.json` and `c/0/0`. */
export interface ZarrStore {
  /** What errors call the array. */
  readonly name: string;
  /** The bytes under a key, or undefined where there are none; refused where they are more than `maxBytes`. */
  get(key: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Whether there is something under a key. */
  has(key: string): Promise<boolean>;
  /** Keeps bytes under a key: all of them or, when it fails, what was there before. */
  set(key: string, bytes: Uint8Array): Promise<void>;
}

/** An array that lives in memory. */
export function memoryZarrStore(name = 'array in memory'): ZarrStore {
  const kept = new Map<string, Uint8Array>();
  return {
    name,
    get: async (key) => kept.get(key),
    has: async (key) => kept.has(key),
    set: async (key, bytes) => void kept.set(key, new Uint8Array(bytes)),
  };
}
