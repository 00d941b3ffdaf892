import { input } from '../layers/input.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import { model } from '../model/functional.js';
import type { Model } from '../model/model.js';

/** One application of a layer as a model of its own, on the same weights: what it makes of inputs of the given shapes. */
export function layerModel({ layer, inputs }: LayerOutput): Model {
  const own = inputs.map(({ shape }) => input(shape));
  return model({ inputs: own, outputs: layer.apply(own) });
}
