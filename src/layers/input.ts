import type { Value } from '../ops/graph.js';
import type { Shape } from '../tensor/shape.js';
import { ConfiguredLayer } from './configured.js';
import type { LayerOptions } from './layer.js';
import { LayerOutput } from './layerOutput.js';
import { shape } from './options.js';

export interface InputOptions extends Pick<LayerOptions, 'name'> {
  /** Shape of one example, without the batch axis. */
  readonly shape: Shape;
}

const entries = { shape: shape() };

/** Where a model's examples come in. */
export class InputLayer extends ConfiguredLayer<typeof entries> {
  constructor(options: InputOptions) {
    super('input', entries, options);
  }

  outputShape(): Shape {
    return this.options.shape;
  }

  call([x]: readonly [Value]): Value {
    return x;
  }
}

/** The start of a graph of layers: examples of a shape without the batch axis, `input([28, 28, 1])`. */
export function input(shape: Shape, options: Pick<LayerOptions, 'name'> = {}): LayerOutput {
  const layer = new InputLayer({ ...options, shape });
  return new LayerOutput(layer, [], layer.outputShape());
}
