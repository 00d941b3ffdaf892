import { BaseMerge } from './baseMerge.js';
import type { LayerOptions } from './layer.js';

export class Multiply extends BaseMerge {
  constructor(options: LayerOptions = {}) {
    super('multiply', options);
  }
}

/** The product of two or more inputs, element by element. Shapes: [n, ...] each → [n, ...]; sizes of 1 are repeated. */
export function multiply(options: LayerOptions = {}): Multiply {
  return new Multiply(options);
}
