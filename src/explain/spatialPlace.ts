import type { LayerOutput } from '../layers/layerOutput.js';
import type { Model } from '../model/model.js';
import { separates } from '../model/modelAbove.js';
import { FoveaError } from '../tensor/errors.js';
import type { LayerPlace } from './place.js';

/**
 * Where class maps are read: the last layer with height and width through which everything flows, and of a max pooling what it
 * pools, whose cells are finer and whose gradient the switches give. For a network that ends in a global pooling and a linear
 * layer a map from there adds up to the score.
 *
 * @throws FoveaError `option` where no layer has height and width.
 */
export function lastSpatialPlace(model: Model): LayerPlace {
  const isMap = ({ shape, inputs }: LayerOutput): boolean =>
    inputs.length > 0 && shape.length === 3 && (shape[0] as number) * (shape[1] as number) > 1;
  let node = model.nodes.findLast((one) => isMap(one) && separates(model, one));
  if (node === undefined) {
    throw new FoveaError('option', {
      where: `model "${model.name}"`,
      rule: 'a map needs a layer with height and width through which everything flows, and there is none',
      remedy: "Take a method that goes down to the input, such as 'integratedGradients'",
    });
  }
  const [below] = node.inputs;
  if (node.layer.type === 'maxPooling2d' && below !== undefined && isMap(below)) node = below;
  return { layer: node.layer.name };
}
