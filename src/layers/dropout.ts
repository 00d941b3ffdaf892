import { BaseDropout, type DropoutOptions } from './baseDropout.js';

export class Dropout extends BaseDropout {
  constructor(options: DropoutOptions) {
    super('dropout', false, options);
  }
}

/**
 * Training: each value becomes 0 with probability `rate`, the others are multiplied by 1 / (1 − rate). Inference: does
 * nothing. Any shape. Srivastava et al. 2014, in the inverted form that every current framework uses.
 */
export function dropout(options: DropoutOptions): Dropout {
  return new Dropout(options);
}
