import type { Shape } from '../tensor/shape.js';
import type { Layer } from './layer.js';

/** What a layer makes of its inputs, before there are numbers: the nodes that a model's graph is made of. */
export class LayerOutput {
  readonly layer: Layer;
  readonly inputs: readonly LayerOutput[];
  /** Without the batch axis. */
  readonly shape: Shape;

  constructor(layer: Layer, inputs: readonly LayerOutput[], shape: Shape) {
    this.layer = layer;
    this.inputs = inputs;
    this.shape = shape;
  }
}
