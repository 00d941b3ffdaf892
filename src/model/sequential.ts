import type { Layer } from '../layers/layer.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { Model, type ModelOptions } from './model.js';

/**
 * A chain of layers: `sequential([input([28, 28, 1]), flatten(), dense({ units: 10 })])`. Instead of an input the first
 * layer may have an `inputShape`; an empty chain gets its layers from `add`.
 *
 * @throws FoveaError where a layer does not fit what comes before it.
 */
export function sequential(layers: readonly (Layer | LayerOutput)[] = [], options: ModelOptions = {}): Model {
  const model = new Model('sequential', { inputs: [], outputs: [] }, options);
  model.add(...layers);
  return model;
}
