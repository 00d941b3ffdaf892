import { FoveaError } from '../tensor/errors.js';
import { formatShape, type Shape, sameShape, type TensorSpec } from '../tensor/shape.js';

/** Checks that shape rules share; each throws a FoveaError that names the op and what was received. */

/** Throws unless the op got between `least` and `most` inputs. */
export function checkInputCount(where: string, inputs: readonly TensorSpec[], least: number, most = least): void {
  if (inputs.length < least || inputs.length > most) {
    throw new FoveaError('shape', {
      where,
      rule: `takes ${least === most ? least : `${least} to ${most}`} inputs`,
      received: `${inputs.length}`,
    });
  }
}

/** Throws unless the input has so many axes; `axes` names them for the message: `[n, h, w, c]`. */
export function checkRank(where: string, name: string, spec: TensorSpec, rank: number, axes: string): void {
  if (spec.shape.length !== rank) {
    throw new FoveaError('shape', {
      where,
      rule: `the ${name} must have ${rank} axes ${axes}`,
      received: `${name} ${formatShape(spec.shape)}`,
      data: { shape: spec.shape, rank },
    });
  }
}

/** Throws unless the input has exactly this shape. */
export function checkShapeIs(where: string, name: string, spec: TensorSpec, shape: Shape): void {
  if (!sameShape(spec.shape, shape)) {
    throw new FoveaError('shape', {
      where,
      rule: `the ${name} must have the shape ${formatShape(shape)}`,
      received: `${name} ${formatShape(spec.shape)}`,
      data: { shape: spec.shape, expected: shape },
    });
  }
}

/** Throws unless the input holds this kind of number. */
export function checkDType(where: string, name: string, spec: TensorSpec, dtype: TensorSpec['dtype']): void {
  if (spec.dtype !== dtype) {
    throw new FoveaError('dtype', { where, rule: `the ${name} must be ${dtype}`, received: spec.dtype });
  }
}

/** The spec of a float32 output. */
export function float32(shape: Shape): TensorSpec {
  return { shape, dtype: 'float32' };
}

/** The spec of an int32 output. */
export function int32(shape: Shape): TensorSpec {
  return { shape, dtype: 'int32' };
}
