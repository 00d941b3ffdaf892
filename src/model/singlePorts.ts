import { FoveaError } from '../tensor/errors.js';
import type { Model } from './model.js';

/** Shapes of a model's only input and output, without the batch axis; throws where there are several. */
export function singlePorts(model: Model) {
  const [inputShape, ...moreInputs] = model.inputShapes;
  const [outputShape, ...moreOutputs] = model.outputShapes;
  if (inputShape !== undefined && outputShape !== undefined && moreInputs.length + moreOutputs.length === 0) {
    return { inputShape, outputShape };
  }
  throw new FoveaError('option', {
    where: `model "${model.name}"`,
    rule: 'data sets have one input and one target, so the model must have one input and one output',
    received: `${model.inputShapes.length} inputs and ${model.outputShapes.length} outputs`,
    remedy: inputShape === undefined ? 'Add layers first' : 'Make a model of the same layers with one of each',
  });
}
