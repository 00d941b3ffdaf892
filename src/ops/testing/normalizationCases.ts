import type { NoAttributes } from '../definition.js';
import type { OpName } from '../table.js';
import { type CaseInput, constant, type Draw, outputsOf } from './draw.js';
import type { CaseGenerator } from './opCase.js';

const perChannel = (draw: Draw, shape: readonly number[]): CaseInput => draw.uniform(shape, 0.5, 1.5);

const epsilonOf = (draw: Draw): { epsilon: number } => ({ epsilon: draw.cycle([1e-3, 1e-2]) });

/** An input of any rank; every fourth case has large values, which overflow where the maximum is not taken off. */
function logitsOf(draw: Draw, rank: number): CaseInput {
  return draw.normal(draw.shape(rank), draw.cycle([1, 3, 1, 60]));
}

function rows(draw: Draw): { inputs: CaseInput[]; attributes: NoAttributes } {
  return { inputs: [logitsOf(draw, draw.cycle([2, 4, 1, 3, 2]))], attributes: {} };
}

/** (x, gamma, mean, variance, dy): what the gradient of a batch normalization is given. */
function batchGradientInputs(draw: Draw): CaseInput[] {
  const shape = draw.shape(draw.cycle([4, 2, 3]));
  const channels = shape.slice(-1);
  const x = draw.normal(shape);
  const gamma = perChannel(draw, channels);
  const [, mean, variance] = outputsOf('batchNormalization', [x, gamma, gamma], { epsilon: 1e-3 });
  return constant(x, gamma, mean as CaseInput, variance as CaseInput, draw.normal(shape));
}

/** Shares of the classes: one class alone, or spread. */
function targetsOf(draw: Draw, shape: readonly number[]): CaseInput {
  const [n, c] = shape as [number, number];
  const targets = draw.uniform(shape, 0, 1);
  const oneHot = draw.cycle([false, true]);
  const data = new Float32Array(n * c);
  for (let row = 0; row < n; row++) {
    const hot = draw.between(0, c - 1);
    let total = 0;
    for (let k = 0; k < c; k++) total += targets.data[row * c + k] as number;
    for (let k = 0; k < c; k++) {
      data[row * c + k] = oneHot ? Number(k === hot) : (targets.data[row * c + k] as number) / total;
    }
  }
  return { ...targets, data };
}

const smoothing = (draw: Draw): { labelSmoothing: number } => ({ labelSmoothing: draw.cycle([0, 0.1, 0.3]) });

function neighbourhood(draw: Draw) {
  return {
    size: draw.cycle([5, 1, 2, 3, 4, 9]),
    alpha: draw.cycle([1e-4, 0.5, 1]),
    beta: draw.cycle([0.75, 0.5, 1], 3),
    bias: draw.cycle([1, 2]),
  };
}

type Names = Extract<
  OpName,
  | 'batchNormalization'
  | 'batchNormalizationGradient'
  | 'batchNormalizationInference'
  | 'batchNormalizationInferenceGradient'
  | 'binaryCrossEntropy'
  | 'dropout'
  | 'layerNormalization'
  | 'layerNormalizationGradient'
  | 'localResponseNormalization'
  | 'localResponseNormalizationGradient'
  | 'logSoftmax'
  | 'logSoftmaxGradient'
  | 'softmax'
  | 'softmaxCrossEntropy'
  | 'softmaxCrossEntropyGradient'
  | 'softmaxGradient'
  | 'sparseSoftmaxCrossEntropy'
  | 'sparseSoftmaxCrossEntropyGradient'
>;

/** Normalizations, softmax, cross-entropies and dropout. */
export const normalizationCases: { readonly [K in Names]: CaseGenerator<K> } = {
  batchNormalization: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const channels = shape.slice(-1);
    return {
      inputs: [draw.normal(shape, 2), perChannel(draw, channels), draw.normal(channels)],
      attributes: epsilonOf(draw),
    };
  },
  batchNormalizationGradient: (draw) => ({ inputs: batchGradientInputs(draw), attributes: epsilonOf(draw) }),
  batchNormalizationInference: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const c = shape.slice(-1);
    const statistics = constant(draw.normal(c), draw.uniform(c, 0.1, 2));
    return {
      inputs: [draw.normal(shape, 2), perChannel(draw, c), draw.normal(c), ...statistics],
      attributes: epsilonOf(draw),
    };
  },
  batchNormalizationInferenceGradient: (draw) => ({ inputs: batchGradientInputs(draw), attributes: epsilonOf(draw) }),
  binaryCrossEntropy: (draw) => {
    const logits = logitsOf(draw, draw.cycle([1, 2, 3]));
    return { inputs: [logits, draw.uniform(logits.shape, 0, 1)], attributes: smoothing(draw) };
  },
  dropout: (draw) => {
    const x = draw.normal(draw.shape(draw.cycle([4, 2, 3, 1, 4])));
    const rate = { ...draw.uniform([1], 0, 0), data: Float32Array.of(draw.cycle([0.5, 0.25, 0, 0.1, 0.9, 0.3])) };
    const random = draw.integers([3], -(2 ** 31), 2 ** 31 - 1);
    const spatial = x.shape.length > 1 && draw.cycle([false, true]);
    return {
      inputs: [x, ...constant(rate), random],
      attributes: { stream: draw.between(0, 2 ** 32 - 2), spatial },
    };
  },
  layerNormalization: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const axis = draw.between(draw.cycle([shape.length - 1, 0]), shape.length - 1);
    const trailing = shape.slice(axis);
    return {
      inputs: [draw.normal(shape, 2), perChannel(draw, trailing), draw.normal(trailing)],
      attributes: { axis, ...epsilonOf(draw) },
    };
  },
  layerNormalizationGradient: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 3]));
    const axis = draw.between(draw.cycle([shape.length - 1, 0]), shape.length - 1);
    const [x, gamma] = [draw.normal(shape), perChannel(draw, shape.slice(axis))];
    const attributes = { axis, epsilon: 1e-3 };
    const [, mean, inverse] = outputsOf('layerNormalization', [x, gamma, gamma], attributes);
    return {
      inputs: constant(x, gamma, mean as CaseInput, inverse as CaseInput, draw.normal(shape)),
      attributes: { axis },
    };
  },
  localResponseNormalization: (draw) => {
    return { inputs: [draw.normal(draw.shape(draw.cycle([4, 2])))], attributes: neighbourhood(draw) };
  },
  localResponseNormalizationGradient: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2]));
    return { inputs: constant(draw.normal(shape), draw.normal(shape)), attributes: neighbourhood(draw) };
  },
  logSoftmax: rows,
  logSoftmaxGradient: (draw) => {
    const [y] = outputsOf('logSoftmax', rows(draw).inputs, {});
    return { inputs: constant(y, draw.normal(y.shape)), attributes: {} };
  },
  softmax: rows,
  softmaxCrossEntropy: (draw) => {
    const logits = logitsOf(draw, 2);
    return { inputs: [logits, targetsOf(draw, logits.shape)], attributes: smoothing(draw) };
  },
  softmaxCrossEntropyGradient: (draw) => {
    const logits = logitsOf(draw, 2);
    const dy = draw.normal(logits.shape.slice(0, 1));
    return { inputs: constant(logits, targetsOf(draw, logits.shape), dy), attributes: smoothing(draw) };
  },
  softmaxGradient: (draw) => {
    const [y] = outputsOf('softmax', rows(draw).inputs, {});
    return { inputs: constant(y, draw.normal(y.shape)), attributes: {} };
  },
  sparseSoftmaxCrossEntropy: (draw) => {
    const logits = logitsOf(draw, 2);
    const [n, c] = logits.shape as [number, number];
    return { inputs: [logits, draw.integers([n], 0, c - 1)], attributes: smoothing(draw) };
  },
  sparseSoftmaxCrossEntropyGradient: (draw) => {
    const logits = logitsOf(draw, 2);
    const [n, c] = logits.shape as [number, number];
    return {
      inputs: constant(logits, draw.integers([n], 0, c - 1), draw.normal([n])),
      attributes: smoothing(draw),
    };
  },
};
