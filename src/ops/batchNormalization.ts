import { FoveaError } from '../tensor/errors.js';
import type { TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NumberArray, type OpDefinition } from './definition.js';
import type { Value } from './graph.js';

export interface BatchNormalizationAttributes {
  /** Added to the variance before its root is taken. */
  readonly epsilon: number;
}

/**
 * Batch normalization for training: (x − mean) / √(variance + ε) · gamma + beta with this batch's own statistics.
 *
 * Shapes: x [..., c], gamma [c], beta [c] → [..., c], and the mean [c] and the biased variance [c] over all other axes.
 */
export function batchNormalization(
  x: Value,
  gamma: Value,
  beta: Value,
  options: BatchNormalizationAttributes,
): { y: Value; mean: Value; variance: Value } {
  const [y, mean, variance] = x.graph.emit('batchNormalization', [x, gamma, beta], options);
  return { y, mean: mean as Value, variance: variance as Value };
}

/**
 * Batch normalization for inference (and for frozen layers): the same formula with measured statistics.
 *
 * Shapes: x [..., c], gamma, beta, mean and variance [c] → [..., c].
 */
export function batchNormalizationInference(
  x: Value,
  gamma: Value,
  beta: Value,
  mean: Value,
  variance: Value,
  options: BatchNormalizationAttributes,
): Value {
  return x.graph.emit('batchNormalizationInference', [x, gamma, beta, mean, variance], options)[0];
}

export const batchNormalizationOp: OpDefinition<BatchNormalizationAttributes> = {
  shape: ({ inputs, where }) => {
    const [x, c] = checkChannels(where, inputs, ['gamma', 'beta']);
    return [x, float32([c]), float32([c])];
  },
  gradient: ({ graph, inputs, outputs, dy, attributes }) => {
    if (dy[1] !== undefined || dy[2] !== undefined) {
      throw new FoveaError('gradient', {
        where: 'batchNormalization',
        rule: 'the mean and the variance of the batch have no gradient, but the loss depends on them',
        remedy: 'Use them only to update the running statistics',
      });
    }
    const [x, gamma] = inputs as [Value, Value];
    const [, mean, variance] = outputs as [Value, Value, Value];
    return graph.emit('batchNormalizationGradient', [x, gamma, mean, variance, dy[0] as Value], attributes);
  },
  cost: elementwiseCost(8),
  define: ({ inputs, outputs, attributes }) => {
    const [x, gamma, beta] = inputs as [NumberArray, NumberArray, NumberArray];
    const [y, means, variances] = outputs as [NumberArray, NumberArray, NumberArray];
    const c = gamma.length;
    const count = x.length / c;
    for (let channel = 0; channel < c; channel++) {
      let mean = 0;
      for (let i = channel; i < x.length; i += c) mean += (x[i] as number) / count;
      let variance = 0;
      for (let i = channel; i < x.length; i += c) variance += ((x[i] as number) - mean) ** 2 / count;
      const factor = (gamma[channel] as number) / Math.sqrt(variance + attributes.epsilon);
      for (let i = channel; i < x.length; i += c) {
        y[i] = ((x[i] as number) - mean) * factor + (beta[channel] as number);
      }
      means[channel] = mean;
      variances[channel] = variance;
    }
  },
};

/** (x, gamma, mean, variance, dy) → dx, dgamma, dbeta, where mean and variance came from x itself. */
export const batchNormalizationGradientOp: OpDefinition<BatchNormalizationAttributes> = {
  shape: ({ inputs, where }) => gradientShapes(where, inputs),
  gradient: 'none',
  cost: elementwiseCost(12),
  define: ({ inputs, outputs, attributes }) => {
    const [x, gamma, means, variances, dy] = inputs as [
      NumberArray,
      NumberArray,
      NumberArray,
      NumberArray,
      NumberArray,
    ];
    const [dx, dGamma, dBeta] = outputs as [NumberArray, NumberArray, NumberArray];
    const c = gamma.length;
    const count = x.length / c;
    for (let channel = 0; channel < c; channel++) {
      const mean = means[channel] as number;
      const inverse = 1 / Math.sqrt((variances[channel] as number) + attributes.epsilon);
      let sum = 0;
      let dot = 0;
      for (let i = channel; i < x.length; i += c) {
        sum += dy[i] as number;
        dot += (dy[i] as number) * ((x[i] as number) - mean) * inverse;
      }
      const factor = (gamma[channel] as number) * inverse;
      for (let i = channel; i < x.length; i += c) {
        const normalized = ((x[i] as number) - mean) * inverse;
        dx[i] = factor * ((dy[i] as number) - sum / count - (normalized * dot) / count);
      }
      dGamma[channel] = dot;
      dBeta[channel] = sum;
    }
  },
};

export const batchNormalizationInferenceOp: OpDefinition<BatchNormalizationAttributes> = {
  shape: ({ inputs, where }) => [checkChannels(where, inputs, ['gamma', 'beta', 'mean', 'variance'])[0]],
  gradient: ({ graph, inputs, dy, attributes }) => {
    const [x, gamma, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
    const all = [x, gamma, mean, variance, dy[0] as Value];
    // The statistics are measured, not learned: no gradient goes into them.
    return [...graph.emit('batchNormalizationInferenceGradient', all, attributes), undefined, undefined];
  },
  cost: elementwiseCost(4),
  define: ({ inputs, outputs, attributes }) => {
    const [x, gamma, beta, mean, variance] = inputs as [
      NumberArray,
      NumberArray,
      NumberArray,
      NumberArray,
      NumberArray,
    ];
    const y = outputs[0] as NumberArray;
    for (let i = 0; i < x.length; i++) {
      const channel = i % gamma.length;
      const factor = (gamma[channel] as number) / Math.sqrt((variance[channel] as number) + attributes.epsilon);
      y[i] = ((x[i] as number) - (mean[channel] as number)) * factor + (beta[channel] as number);
    }
  },
  inPlace: [0],
};

/** (x, gamma, mean, variance, dy) → dx, dgamma, dbeta, where mean and variance are constants. */
export const batchNormalizationInferenceGradientOp: OpDefinition<BatchNormalizationAttributes> = {
  shape: ({ inputs, where }) => gradientShapes(where, inputs),
  gradient: 'none',
  cost: elementwiseCost(6),
  define: ({ inputs, outputs, attributes }) => {
    const [x, gamma, mean, variance, dy] = inputs as [NumberArray, NumberArray, NumberArray, NumberArray, NumberArray];
    const [dx, dGamma, dBeta] = outputs as [NumberArray, NumberArray, NumberArray];
    const c = gamma.length;
    for (let channel = 0; channel < c; channel++) {
      const inverse = 1 / Math.sqrt((variance[channel] as number) + attributes.epsilon);
      let sum = 0;
      let dot = 0;
      for (let i = channel; i < x.length; i += c) {
        const g = dy[i] as number;
        sum += g;
        dot += g * ((x[i] as number) - (mean[channel] as number)) * inverse;
        dx[i] = g * (gamma[channel] as number) * inverse;
      }
      dGamma[channel] = dot;
      dBeta[channel] = sum;
    }
  },
};

/** Checks that the inputs after x hold one number per channel; gives the spec of y and the number of channels. */
function checkChannels(
  where: string,
  inputs: readonly TensorSpec[],
  perChannel: readonly string[],
): [y: TensorSpec, c: number] {
  const x = inputs[0] as TensorSpec;
  checkInputCount(where, inputs, 1 + perChannel.length);
  checkDType(where, 'input', x, 'float32');
  const c = x.shape[x.shape.length - 1] ?? 1;
  for (const [i, name] of perChannel.entries()) checkShapeIs(where, name, inputs[i + 1] as TensorSpec, [c]);
  return [float32(x.shape), c];
}

function gradientShapes(where: string, inputs: readonly TensorSpec[]): TensorSpec[] {
  checkInputCount(where, inputs, 5);
  const [x, c] = checkChannels(where, inputs.slice(0, 4), ['gamma', 'mean', 'variance']);
  checkShapeIs(where, 'output gradient', inputs[4] as TensorSpec, x.shape);
  return [x, float32([c]), float32([c])];
}
