import { InputLayer } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { FoveaError } from '../tensor/errors.js';
import { Model, type ModelOptions } from './model.js';

export interface FunctionalOptions extends ModelOptions {
  /** Made by `input(shape)`. */
  readonly inputs: LayerOutput | readonly LayerOutput[];
  /** Made by applying layers, from the inputs on. */
  readonly outputs: LayerOutput | readonly LayerOutput[];
}

/**
 * A graph of layers, from inputs to outputs: `const x = input([28, 28, 1]); model({ inputs: x, outputs: f.apply(x) })`.
 * Layers that belong to another model too share their weights with it.
 *
 * @throws FoveaError where an output depends on an input that is not listed, or two layers have the same name.
 */
export function model({ inputs, outputs, ...options }: FunctionalOptions): Model {
  const connections = { inputs: [inputs].flat() as LayerOutput[], outputs: [outputs].flat() as LayerOutput[] };
  const where = `model "${options.name ?? 'model'}"`;
  if (connections.inputs.length === 0 || connections.outputs.length === 0) {
    throw new FoveaError('option', { where, rule: 'needs at least one input and one output' });
  }
  for (const { layer } of connections.inputs) {
    if (layer instanceof InputLayer) continue;
    throw new FoveaError('option', {
      where,
      rule: 'inputs must be made by input(shape)',
      received: `the output of ${layer.where}`,
      remedy: 'Make a new input of that shape and apply the later layers to it',
    });
  }
  return new Model('functional', connections, options);
}
