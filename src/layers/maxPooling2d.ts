import type { Value } from '../ops/graph.js';
import { BasePooling2d, type Pooling2dOptions } from './basePooling2d.js';

export class MaxPooling2d extends BasePooling2d {
  constructor(options: Pooling2dOptions = {}) {
    super('maxPooling2d', options);
  }

  call([x]: readonly [Value]): Value {
    const [, h, w] = x.shape as [number, number, number];
    return x.graph.emit('maxPool', [x], this.window(h, w))[0];
  }
}

/**
 * The largest value of each window, channel by channel; padding never wins, and of equal values the first in scan
 * order does. Keras's MaxPooling2D.
 *
 * Shapes: [n, h, w, c] → [n, oh, ow, c], with oh = floor((h + pads − pool size) / stride) + 1.
 */
export function maxPooling2d(options: Pooling2dOptions = {}): MaxPooling2d {
  return new MaxPooling2d(options);
}
