/** The ops as functions of values in a graph: what a layer of one's own is made of. */
export { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from './activations.js';
export { averagePool } from './averagePool.js';
export { batchNormalization, batchNormalizationInference } from './batchNormalization.js';
export { bias } from './bias.js';
export {
  add,
  divide,
  greaterEqual,
  maximum,
  minimum,
  multiply,
  power,
  squaredDifference,
  subtract,
} from './binary.js';
export { conv2d } from './conv2d.js';
export { binaryCrossEntropy, softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from './crossEntropy.js';
export { dropout } from './dropout.js';
export { layerNormalization } from './layerNormalization.js';
export { localResponseNormalization } from './localResponseNormalization.js';
export { matMul } from './matMul.js';
export { maxPool } from './maxPool.js';
export { concatenate, reshape, slice, transpose } from './movement.js';
export { pad } from './pad.js';
export { broadcastTo, max, mean, sum, sumOfSquares } from './reductions.js';
export { logSoftmax, softmax } from './softmax.js';
export { abs, clip, exp, log, negate, scale, sign, sqrt, square } from './unary.js';
export { upSample } from './upSample.js';
