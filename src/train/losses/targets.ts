import { checkFinite } from '../../tensor/checkFinite.js';
import { FoveaError } from '../../tensor/errors.js';
import { sizeOf, type TensorSpec } from '../../tensor/shape.js';
import type { Tensor, TensorData } from '../../tensor/tensor.js';

/**
 * The numbers of a batch's targets as a loss takes them.
 *
 * @param classes number of classes, where the targets are class indices.
 * @throws FoveaError `data` for a label that is no class, or a target that is not finite.
 */
export function encodeTargets(y: Tensor, spec: TensorSpec, classes: number): TensorData {
  if (spec.dtype === 'int32') {
    const labels = y.data as Int32Array;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i] as number;
      if (label >= 0 && label < classes) continue;
      const example = Math.floor(i / (sizeOf(spec.shape) / (spec.shape[0] as number)));
      throw new FoveaError('data', {
        where: 'targets',
        rule: `class indices must lie between 0 and ${classes - 1}, for the model has ${classes} outputs`,
        received: `${label} for example ${example} of the batch`,
        remedy: 'Number the classes from 0, or give the last layer one unit for each class',
        data: { label, example, classes },
      });
    }
    return labels;
  }
  const values = y.data instanceof Int32Array ? Float32Array.from(y.data) : (y.data as Float32Array);
  checkFinite('targets', values, y.shape[0] as number);
  return values;
}
