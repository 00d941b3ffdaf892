import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Layer } from './layer.js';

/** The shape of a layer's only input; throws where it has several. */
export function onlyInput(layer: Layer, inputShapes: readonly Shape[]): Shape {
  const [shape] = inputShapes;
  if (shape === undefined || inputShapes.length !== 1) {
    throw new FoveaError('shape', {
      where: layer.where,
      rule: 'takes one input',
      received: `${inputShapes.length} inputs`,
      remedy: 'Join several with add, multiply or concatenate first',
    });
  }
  return shape;
}

/** Height, width and channels of a layer's only input. */
export function imageInput(layer: Layer, inputShapes: readonly Shape[]): [h: number, w: number, c: number] {
  const shape = onlyInput(layer, inputShapes);
  if (shape.length !== 3) {
    throw new FoveaError('shape', {
      where: layer.where,
      rule: 'the input must have 3 axes [h, w, c] besides the batch',
      received: formatShape(shape),
      remedy: shape.length === 2 ? 'Grey-scale images have one channel: [h, w, 1]' : 'Put a reshape layer before it',
      data: { shape },
    });
  }
  return [...shape] as [number, number, number];
}
