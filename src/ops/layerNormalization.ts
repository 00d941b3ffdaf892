import { FoveaError } from '../tensor/errors.js';
import { normalizeAxes, type Shape, type TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NumberArray, type OpDefinition } from './definition.js';
import type { Value } from './graph.js';

export interface LayerNormalizationAttributes {
  /** The first axis that is normalised, counted from the front; all later ones are too. */
  readonly axis: number;
  /** Added to the variance before its root is taken. */
  readonly epsilon: number;
}

export interface LayerNormalizationGradientAttributes {
  readonly axis: number;
}

/**
 * Layer normalization: each example by its own mean and biased variance over `axis` and all later axes, then
 * · gamma + beta; the same while training and at inference.
 *
 * Shapes: x [leading..., trailing...], gamma and beta [trailing...] → the shape of x.
 */
export function layerNormalization(
  x: Value,
  gamma: Value,
  beta: Value,
  options: { axis?: number; epsilon: number },
): Value {
  const [axis] = normalizeAxes('layerNormalization', [options.axis ?? -1], x.shape.length) as [number];
  return x.graph.emit('layerNormalization', [x, gamma, beta], { axis, epsilon: options.epsilon })[0];
}

/** → y, mean and 1 / √(variance + ε), both [leading..., 1...]. */
export const layerNormalizationOp: OpDefinition<LayerNormalizationAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 3);
    const [x, gamma, beta] = inputs as [TensorSpec, TensorSpec, TensorSpec];
    const [trailing, reduced] = splitShape(where, x, attributes.axis);
    checkShapeIs(where, 'gamma', gamma, trailing);
    checkShapeIs(where, 'beta', beta, trailing);
    return [float32(x.shape), float32(reduced), float32(reduced)];
  },
  gradient: ({ graph, inputs, outputs, dy, attributes }) => {
    if (dy[1] !== undefined || dy[2] !== undefined) {
      throw new FoveaError('gradient', {
        where: 'layerNormalization',
        rule: 'the mean and the deviation have no gradient, but the loss depends on them',
      });
    }
    const [x, gamma] = inputs as [Value, Value];
    const [, mean, inverse] = outputs as [Value, Value, Value];
    const all = [x, gamma, mean, inverse, dy[0] as Value];
    return graph.emit('layerNormalizationGradient', all, { axis: attributes.axis });
  },
  cost: elementwiseCost(8),
  define: ({ inputs, outputs, attributes }) => {
    const [x, gamma, beta] = inputs as [NumberArray, NumberArray, NumberArray];
    const [y, means, inverses] = outputs as [NumberArray, NumberArray, NumberArray];
    const length = gamma.length;
    for (let row = 0; row < means.length; row++) {
      const start = row * length;
      let mean = 0;
      for (let i = 0; i < length; i++) mean += (x[start + i] as number) / length;
      let variance = 0;
      for (let i = 0; i < length; i++) variance += ((x[start + i] as number) - mean) ** 2 / length;
      const inverse = 1 / Math.sqrt(variance + attributes.epsilon);
      for (let i = 0; i < length; i++) {
        y[start + i] = ((x[start + i] as number) - mean) * inverse * (gamma[i] as number) + (beta[i] as number);
      }
      means[row] = mean;
      inverses[row] = inverse;
    }
  },
};

/** (x, gamma, mean, inverseDeviation, dy) → dx, dgamma, dbeta. */
export const layerNormalizationGradientOp: OpDefinition<LayerNormalizationGradientAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 5);
    const [x, gamma, mean, inverse, dy] = inputs as [TensorSpec, TensorSpec, TensorSpec, TensorSpec, TensorSpec];
    const [trailing, reduced] = splitShape(where, x, attributes.axis);
    checkShapeIs(where, 'gamma', gamma, trailing);
    checkShapeIs(where, 'mean', mean, reduced);
    checkShapeIs(where, 'inverse deviation', inverse, reduced);
    checkShapeIs(where, 'output gradient', dy, x.shape);
    return [float32(x.shape), float32(trailing), float32(trailing)];
  },
  gradient: 'none',
  cost: elementwiseCost(12),
  define: ({ inputs, outputs }) => {
    const [x, gamma, means, inverses, dy] = inputs as [NumberArray, NumberArray, NumberArray, NumberArray, NumberArray];
    const [dx, dGamma, dBeta] = outputs as [NumberArray, NumberArray, NumberArray];
    const length = gamma.length;
    for (let row = 0; row < means.length; row++) {
      const inverse = inverses[row] as number;
      const normalized = (i: number) => ((x[row * length + i] as number) - (means[row] as number)) * inverse;
      let sum = 0;
      let dot = 0;
      for (let i = 0; i < length; i++) {
        const g = dy[row * length + i] as number;
        sum += (g * (gamma[i] as number)) / length;
        dot += (g * (gamma[i] as number) * normalized(i)) / length;
        dGamma[i] = (dGamma[i] as number) + g * normalized(i);
        dBeta[i] = (dBeta[i] as number) + g;
      }
      for (let i = 0; i < length; i++) {
        const g = (dy[row * length + i] as number) * (gamma[i] as number);
        dx[row * length + i] = inverse * (g - sum - normalized(i) * dot);
      }
    }
  },
};

/** The normalised axes' sizes, and the shape of one number per normalised group. */
function splitShape(where: string, x: TensorSpec, axis: number): [trailing: Shape, reduced: Shape] {
  checkDType(where, 'input', x, 'float32');
  if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length) {
    throw new FoveaError('shape', {
      where,
      rule: `the first normalised axis must lie between 0 and ${x.shape.length - 1}`,
      received: `axis ${axis}`,
      data: { axis, shape: x.shape },
    });
  }
  return [x.shape.slice(axis), x.shape.map((size, i) => (i < axis ? size : 1))];
}
