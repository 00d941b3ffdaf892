import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { Tensor, type TensorData } from '../tensor/tensor.js';
import type { Dataset } from './dataset.js';
import { checkIndices } from './indices.js';
import { checkLabels } from './labels.js';

export interface ArrayDatasetOptions {
  readonly classNames?: readonly string[];
  /** One factor for the loss of each example, finite and at least 0. */
  readonly sampleWeights?: Float32Array;
  /** Number of classes; by default as many as there are names, else one more than the largest label. */
  readonly numClasses?: number;
}

/**
 * A data set of arrays in memory: `x` float32 `[n, ...]`, `y` either int32 `[n]` with class indices or float32
 * `[n, ...]` with targets. The arrays are kept, not copied. Throws `data` for what cannot be learnt from: no examples,
 * lengths that differ, NaN or infinity, labels outside the classes.
 */
export function arrayDataset(x: Tensor, y: Tensor, options: ArrayDatasetOptions = {}): Dataset {
  const where = 'arrayDataset';
  if (x.dtype !== 'float32') {
    throw new FoveaError('dtype', {
      where,
      rule: 'the inputs must be float32',
      received: `${x.dtype} ${formatShape(x.shape)}`,
      remedy: 'Convert them with Float32Array.from',
    });
  }
  const inputs = x as Tensor<'float32'>;
  const size = checkLengths(where, inputs, y, options.sampleWeights);
  checkFinite(where, 'the inputs', inputs.data, inputs.shape);
  const { sampleWeights, classNames } = options;
  if (sampleWeights !== undefined) checkWeights(where, sampleWeights);

  const inputShape = inputs.shape.slice(1);
  const labels = y.dtype === 'int32' && y.shape.length === 1 ? (y.data as Int32Array) : undefined;
  if (labels !== undefined) checkLabels(where, labels, options);
  else if (y.dtype === 'float32') checkFinite(where, 'the targets', y.data as Float32Array, y.shape);
  else {
    throw new FoveaError('shape', {
      where,
      rule: 'int32 labels are class indices [n]; targets of any other shape must be float32',
      received: `int32 ${formatShape(y.shape)}`,
    });
  }
  return {
    size,
    inputShape,
    ...(classNames === undefined ? {} : { classNames }),
    ...(labels === undefined ? {} : { labels }),
    batch(indices) {
      checkIndices(where, indices, size);
      return {
        x: new Tensor<'float32'>(gatherRows(inputs.data, indices, sizeOf(inputShape)), [indices.length, ...inputShape]),
        y: gatherTensor(y, indices),
        ...(sampleWeights === undefined ? {} : { sampleWeights: gatherRows(sampleWeights, indices, 1) }),
      };
    },
  };
}

function gatherTensor(source: Tensor, indices: Uint32Array): Tensor {
  const rest = source.shape.slice(1);
  return new Tensor(gatherRows(source.data, indices, sizeOf(rest)), [indices.length, ...rest], source.dtype);
}

function gatherRows<T extends TensorData>(source: T, indices: Uint32Array, rowSize: number): T {
  const rows = (source instanceof Int32Array
    ? new Int32Array(indices.length * rowSize)
    : new Float32Array(indices.length * rowSize)) as TensorData as T;
  for (let i = 0; i < indices.length; i++) {
    const start = (indices[i] as number) * rowSize;
    rows.set(source.subarray(start, start + rowSize), i * rowSize);
  }
  return rows;
}

function checkLengths(where: string, x: Tensor, y: Tensor, sampleWeights: Float32Array | undefined): number {
  const size = x.shape[0];
  if (size === undefined || y.shape.length === 0) {
    throw new FoveaError('shape', {
      where,
      rule: 'inputs and targets need a first axis that counts the examples',
      received: `inputs ${formatShape(x.shape)}, targets ${formatShape(y.shape)}`,
    });
  }
  if (x.size === 0 || y.size === 0) {
    throw new FoveaError('data', {
      where,
      rule: 'a data set needs at least one example with at least one number',
      received: `inputs ${formatShape(x.shape)}, targets ${formatShape(y.shape)}`,
    });
  }
  if (y.shape[0] !== size || (sampleWeights !== undefined && sampleWeights.length !== size)) {
    throw new FoveaError('data', {
      where,
      rule: 'there must be as many targets and sample weights as inputs',
      received: `${size} inputs, ${y.shape[0]} targets${sampleWeights ? `, ${sampleWeights.length} sample weights` : ''}`,
    });
  }
  return size;
}

function checkFinite(where: string, what: string, data: Float32Array, shape: Shape): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const example = Math.floor(bad / sizeOf(shape.slice(1)));
  throw new FoveaError('data', {
    where,
    rule: `${what} must be finite numbers`,
    received: `${data[bad]} in example ${example} (element ${bad - example * sizeOf(shape.slice(1))} of it)`,
    remedy: 'Leave the example out or fill the gap before training',
    data: { example, element: bad },
  });
}

function checkWeights(where: string, weights: Float32Array): void {
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad < 0) return;
  throw new FoveaError('data', {
    where,
    rule: 'sample weights must be finite and at least 0',
    received: `${weights[bad]} for example ${bad}`,
    data: { example: bad },
  });
}
