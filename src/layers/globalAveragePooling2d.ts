import { BaseGlobalPooling2d, type GlobalPooling2dOptions } from './baseGlobalPooling2d.js';

export class GlobalAveragePooling2d extends BaseGlobalPooling2d {
  constructor(options: GlobalPooling2dOptions = {}) {
    super('globalAveragePooling2d', 'mean', options);
  }
}

/** The mean of each channel over the whole image. Shapes: [n, h, w, c] → [n, c]. */
export function globalAveragePooling2d(options: GlobalPooling2dOptions = {}): GlobalAveragePooling2d {
  return new GlobalAveragePooling2d(options);
}
