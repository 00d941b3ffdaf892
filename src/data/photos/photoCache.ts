/** Keeps decoded photos, so that each is decoded once. Keys are indices of one source. Neither method may throw. */
export interface PhotoCache {
  /** The pixels of a photo, or undefined where it is not kept. */
  get(index: number): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** Keeps the pixels if there is room. */
  put(index: number, pixels: Uint8Array): Promise<void> | void;
}

/**
 * Keeps photos in memory until `maxBytes` are used; those that come later are not kept. (Training goes through all photos in
 * turn: to drop the oldest would be to drop the one that is wanted next.)
 */
export function memoryPhotoCache(maxBytes: number): PhotoCache {
  const kept = new Map<number, Uint8Array>();
  let left = maxBytes;
  return {
    get: (index) => kept.get(index),
    put(index, pixels) {
      if (kept.has(index) || pixels.byteLength > left) return;
      left -= pixels.byteLength;
      kept.set(index, pixels);
    },
  };
}
