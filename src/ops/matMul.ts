import { FoveaError } from '../tensor/errors.js';
import { broadcastShapes, formatShape, sizeOf, type TensorSpec } from '../tensor/shape.js';
import { checkInputCount, checkShapeIs, float32 } from './checks.js';
import { type NumberArray, type OpDefinition, trafficBytes } from './definition.js';
import { activated, type FusedActivation, fusedGradient } from './fusedActivation.js';
import type { Value } from './graph.js';
import { sumToShape } from './sumToShape.js';

export interface MatMulAttributes {
  /** The last two axes of `a` are swapped. */
  readonly transposeA: boolean;
  /** The last two axes of `b` are swapped. */
  readonly transposeB: boolean;
  readonly activation: FusedActivation;
}

/** Rows, columns, inner length and outer axes of one product. */
export interface MatMulSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Leading axes, broadcast by NumPy's rule. */
  readonly batch: readonly number[];
}

/**
 * Matrix product over the last two axes.
 *
 * Shapes: a [..., m, k], b [..., k, n] → [..., m, n]; leading axes broadcast.
 * @throws FoveaError `shape` where the inner sizes differ.
 */
export function matMul(a: Value, b: Value, options: { transposeA?: boolean; transposeB?: boolean } = {}): Value {
  const { transposeA = false, transposeB = false } = options;
  return a.graph.emit('matMul', [a, b], { transposeA, transposeB, activation: 'linear' })[0];
}

/** Sizes of a product; throws where they do not fit. */
export function matMulSizes(
  where: string,
  a: readonly number[],
  b: readonly number[],
  attributes: MatMulAttributes,
): MatMulSizes {
  const received = `a ${formatShape(a)}, b ${formatShape(b)}`;
  if (a.length < 2 || b.length < 2) {
    throw new FoveaError('shape', { where, rule: 'both factors need at least two axes', received });
  }
  const { transposeA, transposeB } = attributes;
  const m = a[a.length - (transposeA ? 1 : 2)] as number;
  const k = a[a.length - (transposeA ? 2 : 1)] as number;
  const kOfB = b[b.length - (transposeB ? 1 : 2)] as number;
  const n = b[b.length - (transposeB ? 2 : 1)] as number;
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  if (k !== kOfB) {
    throw new FoveaError('shape', {
      where,
      rule: `the rows of the first factor have ${k} values, the columns of the second ${kOfB}`,
      received,
      data: { a, b },
    });
  }
  if (batch === undefined) {
    throw new FoveaError('shape', { where, rule: 'the leading axes do not broadcast', received, data: { a, b } });
  }
  return { m, n, k, batch };
}

export const matMulOp: OpDefinition<MatMulAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 2, 3);
    const [a, b, bias] = inputs as [TensorSpec, TensorSpec, TensorSpec?];
    const { m, n, batch } = matMulSizes(where, a.shape, b.shape, attributes);
    if (bias !== undefined) checkShapeIs(where, 'bias', bias, [n]);
    return [float32([...batch, m, n])];
  },
  gradient: ({ graph, inputs, outputs, dy, needs, attributes }) => {
    const [a, b] = inputs as [Value, Value];
    const { transposeA, transposeB, activation } = attributes;
    const g = fusedGradient(graph, activation, outputs[0] as Value, dy[0] as Value);
    const product = (p: Value, q: Value, tp: boolean, tq: boolean, like: Value): Value => {
      const full = graph.emit('matMul', [p, q], { transposeA: tp, transposeB: tq, activation: 'linear' })[0];
      return sumToShape(full, like);
    };
    let da: Value | undefined;
    let db: Value | undefined;
    if (needs[0]) da = transposeA ? product(b, g, transposeB, true, a) : product(g, b, false, !transposeB, a);
    if (needs[1]) db = transposeB ? product(g, a, true, transposeA, b) : product(a, g, !transposeA, false, b);
    const axes = g.shape.map((_, i) => i).slice(0, -1);
    const dBias = needs[2] ? graph.emit('sum', [g], { axes, keepDims: false })[0] : undefined;
    return [da, db, dBias];
  },
  cost: ({ inputs, attributes, where }, outputs) => {
    const { m, n, k, batch } = matMulSizes(
      where,
      (inputs[0] as TensorSpec).shape,
      (inputs[1] as TensorSpec).shape,
      attributes,
    );
    return { flops: 2 * sizeOf(batch) * m * n * k, bytes: trafficBytes(inputs, outputs) };
  },
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [a, b, bias] = inputs as [NumberArray, NumberArray, NumberArray?];
    const y = outputs[0] as NumberArray;
    const aShape = inputShapes[0] as readonly number[];
    const bShape = inputShapes[1] as readonly number[];
    const { m, n, k, batch } = matMulSizes('matMul', aShape, bShape, attributes);
    const { transposeA, transposeB, activation } = attributes;
    for (let item = 0; item < sizeOf(batch); item++) {
      const aOffset = batchOffset(item, batch, aShape.slice(0, -2)) * m * k;
      const bOffset = batchOffset(item, batch, bShape.slice(0, -2)) * k * n;
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = 0;
          for (let i = 0; i < k; i++) {
            const left = a[aOffset + (transposeA ? i * m + row : row * k + i)] as number;
            const right = b[bOffset + (transposeB ? column * k + i : i * n + column)] as number;
            sum += left * right;
          }
          if (bias !== undefined) sum += bias[column] as number;
          y[(item * m + row) * n + column] = activated(activation, sum);
        }
      }
    }
  },
};

/** Which matrix of a factor with leading axes `own` belongs to item number `item` of the broadcast `batch`. */
export function batchOffset(item: number, batch: readonly number[], own: readonly number[]): number {
  let rest = item;
  let offset = 0;
  let stride = 1;
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const size = batch[axis] as number;
    const ownSize = own[axis - (batch.length - own.length)] ?? 1;
    const index = rest % size;
    rest = Math.floor(rest / size);
    if (ownSize > 1) offset += index * stride;
    stride *= ownSize;
  }
  return offset;
}
