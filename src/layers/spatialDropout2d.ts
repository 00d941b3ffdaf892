import type { Shape } from '../tensor/shape.js';
import { BaseDropout, type DropoutOptions } from './baseDropout.js';
import { imageInput } from './shapes.js';

export class SpatialDropout2d extends BaseDropout {
  constructor(options: DropoutOptions) {
    super('spatialDropout2d', true, options);
  }

  override outputShape(inputShapes: readonly Shape[]): Shape {
    return imageInput(this, inputShapes);
  }
}

/**
 * Dropout of whole channels. Training: each channel of each image becomes 0 with probability `rate`, the others are
 * multiplied by 1 / (1 − rate). Inference: does nothing. Shapes: [n, h, w, c] → the same. Tompson et al. 2015.
 */
export function spatialDropout2d(options: DropoutOptions): SpatialDropout2d {
  return new SpatialDropout2d(options);
}
