import type { Value } from '../ops/graph.js';
import type { WindowAttributes } from '../ops/windows.js';

/** Convolves each channel with its own filters: x [n, h, w, c], kernel [kh, kw, c, m] → [n, oh, ow, c · m]. */
export function depthwise(x: Value, kernel: Value, window: WindowAttributes): Value {
  const [kh, kw, c, m] = kernel.shape as [number, number, number, number];
  const [grouped] = x.graph.emit('reshape', [kernel], { shape: [kh, kw, 1, c * m] });
  return x.graph.emit('conv2d', [x, grouped], { ...window, groups: c, activation: 'linear' })[0];
}
