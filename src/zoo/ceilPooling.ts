import type { LayerOutput } from '../layers/layerOutput.js';
import { maxPooling2d } from '../layers/maxPooling2d.js';

/**
 * 3×3 max-pooling with stride 2 as Caffe does it: a window that begins inside the picture counts even where it ends
 * outside. [h, w, c] → [ceil((h − 3) / 2) + 1, ceil((w − 3) / 2) + 1, c].
 */
export function ceilPooling(name: string, x: LayerOutput): LayerOutput {
  const [h = 0, w = 0] = x.shape;
  const outside = (size: number): number => Math.max(0, 2 * Math.ceil((size - 3) / 2) + 3 - size);
  const padding = [0, outside(h), 0, outside(w)] as const;
  return maxPooling2d({ name, poolSize: 3, strides: 2, padding }).apply(x);
}
