import { BaseMerge } from './baseMerge.js';
import type { LayerOptions } from './layer.js';

export class Add extends BaseMerge {
  constructor(options: LayerOptions = {}) {
    super('add', options);
  }
}

/** The sum of two or more inputs, element by element. Shapes: [n, ...] each → [n, ...]; sizes of 1 are repeated. */
export function add(options: LayerOptions = {}): Add {
  return new Add(options);
}
