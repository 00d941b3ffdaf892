import type { Value } from '../ops/graph.js';
import { BasePooling2d, type Pooling2dOptions } from './basePooling2d.js';

export class AveragePooling2d extends BasePooling2d {
  constructor(options: Pooling2dOptions = {}) {
    super('averagePooling2d', options);
  }

  call([x]: readonly [Value]): Value {
    const [, h, w] = x.shape as [number, number, number];
    return x.graph.emit('averagePool', [x], { ...this.window(h, w), countIncludePadding: false })[0];
  }
}

/**
 * The mean of each window, channel by channel; padding is not counted. Keras's AveragePooling2D.
 *
 * Shapes: [n, h, w, c] → [n, oh, ow, c], with oh = floor((h + pads − pool size) / stride) + 1.
 */
export function averagePooling2d(options: Pooling2dOptions = {}): AveragePooling2d {
  return new AveragePooling2d(options);
}
