import { BaseGlobalPooling2d, type GlobalPooling2dOptions } from './baseGlobalPooling2d.js';

export class GlobalMaxPooling2d extends BaseGlobalPooling2d {
  constructor(options: GlobalPooling2dOptions = {}) {
    super('globalMaxPooling2d', 'max', options);
  }
}

/** The largest value of each channel over the whole image. Shapes: [n, h, w, c] → [n, c]. */
export function globalMaxPooling2d(options: GlobalPooling2dOptions = {}): GlobalMaxPooling2d {
  return new GlobalMaxPooling2d(options);
}
