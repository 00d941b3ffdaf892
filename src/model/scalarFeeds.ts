import type { TensorData } from '../tensor/tensor.js';
import type { Trace } from './trace.js';

/** Numbers that are read anew before every run: dropout rates and the like. */
export function scalarFeeds(trace: Trace): Record<string, TensorData> {
  return Object.fromEntries([...trace.scalars].map(([name, read]) => [name, Float32Array.of(read())]));
}
