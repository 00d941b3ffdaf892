import { FoveaError } from './errors.js';
import { checkShape, type DType, formatShape, type Shape, sizeOf, type TensorSpec } from './shape.js';

/** The array behind a tensor of each kind. */
export interface DataOf {
  float32: Float32Array;
  int32: Int32Array;
}
export type TensorData = Float32Array | Int32Array;

/** Nested lists of numbers, as `[[1, 2], [3, 4]]`. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** Numbers on the host with a shape, row-major: what goes into an engine and what comes back. */
export class Tensor<D extends DType = DType> implements TensorSpec {
  readonly shape: Shape;
  readonly dtype: D;
  readonly data: DataOf[D];

  constructor(data: DataOf[D], shape: Shape, dtype?: D) {
    checkShape('tensor', shape, true);
    if (data.length !== sizeOf(shape)) {
      throw new FoveaError('shape', {
        where: 'tensor',
        rule: `the shape ${formatShape(shape)} needs ${sizeOf(shape)} values`,
        received: `${data.length} values`,
        data: { shape, length: data.length },
      });
    }
    this.data = data;
    this.shape = [...shape];
    this.dtype = dtype ?? ((data instanceof Int32Array ? 'int32' : 'float32') as D);
  }

  get size(): number {
    return this.data.length;
  }
}

/** A float32 tensor from nested lists: `tensor([[1, 2], [3, 4]])` has the shape [2, 2]. */
export function tensor(values: NestedNumbers, shape?: Shape): Tensor<'float32'> {
  const flat: number[] = [];
  const found: number[] = [];
  collect(values, 0, found, flat);
  return new Tensor<'float32'>(Float32Array.from(flat), shape ?? found);
}

function collect(values: NestedNumbers, depth: number, shape: number[], flat: number[]): void {
  if (typeof values === 'number') {
    if (depth !== shape.length) raggedError(depth);
    flat.push(values);
    return;
  }
  if (depth === shape.length && flat.length === 0) shape.push(values.length);
  else if (shape[depth] !== values.length) raggedError(depth);
  for (const value of values) collect(value, depth + 1, shape, flat);
}

function raggedError(depth: number): never {
  throw new FoveaError('shape', {
    where: 'tensor',
    rule: 'all lists at one depth must have the same length',
    received: `lists of different lengths at depth ${depth}`,
  });
}

/** A new array of zeros for a kind of number. */
export function allocate<D extends DType>(dtype: D, size: number): DataOf[D] {
  return (dtype === 'int32' ? new Int32Array(size) : new Float32Array(size)) as DataOf[D];
}
