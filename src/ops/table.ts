import {
  type EluAttributes,
  eluGradientOp,
  eluOp,
  type GeluAttributes,
  geluGradientOp,
  geluOp,
  type LeakyReluAttributes,
  leakyReluGradientOp,
  leakyReluOp,
  relu6GradientOp,
  relu6Op,
  reluGradientOp,
  reluOp,
  sigmoidGradientOp,
  sigmoidOp,
  siluGradientOp,
  siluOp,
  softplusGradientOp,
  softplusOp,
  tanhGradientOp,
  tanhOp,
} from './activations.js';
import {
  type AveragePoolAttributes,
  type AveragePoolGradientAttributes,
  averagePoolGradientOp,
  averagePoolOp,
} from './averagePool.js';
import {
  type BatchNormalizationAttributes,
  batchNormalizationGradientOp,
  batchNormalizationInferenceGradientOp,
  batchNormalizationInferenceOp,
  batchNormalizationOp,
} from './batchNormalization.js';
import { biasOp } from './bias.js';
import {
  addOp,
  divideOp,
  greaterEqualOp,
  maximumOp,
  minimumOp,
  multiplyOp,
  powerOp,
  squaredDifferenceOp,
  subtractOp,
} from './binary.js';
import {
  type Conv2dAttributes,
  type Conv2dFilterGradientAttributes,
  type Conv2dInputGradientAttributes,
  conv2dFilterGradientOp,
  conv2dInputGradientOp,
  conv2dOp,
} from './conv2d.js';
import { conv2dMaxPoolOp } from './conv2dMaxPool.js';
import {
  binaryCrossEntropyOp,
  type CrossEntropyAttributes,
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
  sparseSoftmaxCrossEntropyGradientOp,
  sparseSoftmaxCrossEntropyOp,
} from './crossEntropy.js';
import type { NoAttributes, OpDefinition } from './definition.js';
import { type DropoutAttributes, dropoutOp } from './dropout.js';
import { type FillAttributes, fillOp } from './fill.js';
import {
  type LayerNormalizationAttributes,
  type LayerNormalizationGradientAttributes,
  layerNormalizationGradientOp,
  layerNormalizationOp,
} from './layerNormalization.js';
import {
  type LocalResponseNormalizationAttributes,
  localResponseNormalizationGradientOp,
  localResponseNormalizationOp,
} from './localResponseNormalization.js';
import { type MatMulAttributes, matMulOp } from './matMul.js';
import {
  gatherSwitchesOp,
  type MaxPoolAttributes,
  type MaxPoolGradientAttributes,
  type MaxUnpoolAttributes,
  maxPoolGradientOp,
  maxPoolOp,
  maxUnpoolOp,
} from './maxPool.js';
import {
  type ConcatenateAttributes,
  concatenateOp,
  type ReshapeAttributes,
  reshapeOp,
  type SliceAttributes,
  sliceOp,
  type TransposeAttributes,
  transposeOp,
} from './movement.js';
import { type PadAttributes, type PadGradientAttributes, padGradientOp, padOp } from './pad.js';
import {
  type BroadcastToAttributes,
  broadcastToOp,
  maxGradientOp,
  maxOp,
  meanOp,
  type ReductionAttributes,
  sumOfSquaresOp,
  sumOp,
} from './reductions.js';
import { logSoftmaxGradientOp, logSoftmaxOp, softmaxGradientOp, softmaxOp } from './softmax.js';
import {
  absOp,
  type ClipAttributes,
  clipGradientOp,
  clipOp,
  expOp,
  logOp,
  negateOp,
  type ScaleAttributes,
  scaleOp,
  signOp,
  sqrtOp,
  squareOp,
} from './unary.js';
import {
  type AdamUpdateAttributes,
  adamUpdateOp,
  type MomentumUpdateAttributes,
  type MovingAverageAttributes,
  momentumUpdateOp,
  movingAverageOp,
  type RmspropMomentumUpdateAttributes,
  type RmspropUpdateAttributes,
  rmspropMomentumUpdateOp,
  rmspropUpdateOp,
  sgdUpdateOp,
} from './updates.js';
import { type UpSampleAttributes, upSampleGradientOp, upSampleOp } from './upSample.js';

/** Every primitive op and the attributes it takes. Engines, gradients, costs and tests are driven from this list. */
export interface OpAttributes {
  conv2d: Conv2dAttributes;
  conv2dMaxPool: Conv2dAttributes;
  conv2dInputGradient: Conv2dInputGradientAttributes;
  conv2dFilterGradient: Conv2dFilterGradientAttributes;
  fill: FillAttributes;
  matMul: MatMulAttributes;
  relu: NoAttributes;
  reluGradient: NoAttributes;
  abs: NoAttributes;
  adamUpdate: AdamUpdateAttributes;
  add: NoAttributes;
  bias: NoAttributes;
  broadcastTo: BroadcastToAttributes;
  clip: ClipAttributes;
  clipGradient: ClipAttributes;
  concatenate: ConcatenateAttributes;
  divide: NoAttributes;
  elu: EluAttributes;
  eluGradient: EluAttributes;
  exp: NoAttributes;
  gelu: GeluAttributes;
  geluGradient: GeluAttributes;
  greaterEqual: NoAttributes;
  leakyRelu: LeakyReluAttributes;
  leakyReluGradient: LeakyReluAttributes;
  log: NoAttributes;
  max: ReductionAttributes;
  maxGradient: ReductionAttributes;
  maximum: NoAttributes;
  mean: ReductionAttributes;
  minimum: NoAttributes;
  momentumUpdate: MomentumUpdateAttributes;
  movingAverage: MovingAverageAttributes;
  multiply: NoAttributes;
  negate: NoAttributes;
  pad: PadAttributes;
  padGradient: PadGradientAttributes;
  power: NoAttributes;
  relu6: NoAttributes;
  relu6Gradient: NoAttributes;
  reshape: ReshapeAttributes;
  rmspropMomentumUpdate: RmspropMomentumUpdateAttributes;
  rmspropUpdate: RmspropUpdateAttributes;
  scale: ScaleAttributes;
  sgdUpdate: NoAttributes;
  sigmoid: NoAttributes;
  sigmoidGradient: NoAttributes;
  sign: NoAttributes;
  silu: NoAttributes;
  siluGradient: NoAttributes;
  slice: SliceAttributes;
  softplus: NoAttributes;
  softplusGradient: NoAttributes;
  sqrt: NoAttributes;
  square: NoAttributes;
  squaredDifference: NoAttributes;
  subtract: NoAttributes;
  sum: ReductionAttributes;
  sumOfSquares: NoAttributes;
  tanh: NoAttributes;
  tanhGradient: NoAttributes;
  transpose: TransposeAttributes;
  upSample: UpSampleAttributes;
  upSampleGradient: UpSampleAttributes;
  averagePool: AveragePoolAttributes;
  averagePoolGradient: AveragePoolGradientAttributes;
  batchNormalization: BatchNormalizationAttributes;
  batchNormalizationGradient: BatchNormalizationAttributes;
  batchNormalizationInference: BatchNormalizationAttributes;
  batchNormalizationInferenceGradient: BatchNormalizationAttributes;
  binaryCrossEntropy: CrossEntropyAttributes;
  dropout: DropoutAttributes;
  gatherSwitches: NoAttributes;
  layerNormalization: LayerNormalizationAttributes;
  layerNormalizationGradient: LayerNormalizationGradientAttributes;
  localResponseNormalization: LocalResponseNormalizationAttributes;
  localResponseNormalizationGradient: LocalResponseNormalizationAttributes;
  logSoftmax: NoAttributes;
  logSoftmaxGradient: NoAttributes;
  maxPool: MaxPoolAttributes;
  maxPoolGradient: MaxPoolGradientAttributes;
  maxUnpool: MaxUnpoolAttributes;
  softmax: NoAttributes;
  softmaxCrossEntropy: CrossEntropyAttributes;
  softmaxCrossEntropyGradient: CrossEntropyAttributes;
  softmaxGradient: NoAttributes;
  sparseSoftmaxCrossEntropy: CrossEntropyAttributes;
  sparseSoftmaxCrossEntropyGradient: CrossEntropyAttributes;
}

export type OpName = keyof OpAttributes;
export type AttributesOf<K extends OpName> = OpAttributes[K];
export type OpTable = { readonly [K in OpName]: OpDefinition<OpAttributes[K]> };

/** The definitions: a missing entry does not compile. */
export const opTable: OpTable = {
  conv2d: conv2dOp,
  conv2dMaxPool: conv2dMaxPoolOp,
  conv2dInputGradient: conv2dInputGradientOp,
  conv2dFilterGradient: conv2dFilterGradientOp,
  fill: fillOp,
  matMul: matMulOp,
  relu: reluOp,
  reluGradient: reluGradientOp,
  bias: biasOp,
  adamUpdate: adamUpdateOp,
  momentumUpdate: momentumUpdateOp,
  movingAverage: movingAverageOp,
  pad: padOp,
  padGradient: padGradientOp,
  rmspropMomentumUpdate: rmspropMomentumUpdateOp,
  rmspropUpdate: rmspropUpdateOp,
  sgdUpdate: sgdUpdateOp,
  upSample: upSampleOp,
  upSampleGradient: upSampleGradientOp,
  abs: absOp,
  add: addOp,
  clip: clipOp,
  clipGradient: clipGradientOp,
  divide: divideOp,
  elu: eluOp,
  eluGradient: eluGradientOp,
  exp: expOp,
  gelu: geluOp,
  geluGradient: geluGradientOp,
  greaterEqual: greaterEqualOp,
  leakyRelu: leakyReluOp,
  leakyReluGradient: leakyReluGradientOp,
  log: logOp,
  maximum: maximumOp,
  minimum: minimumOp,
  multiply: multiplyOp,
  negate: negateOp,
  power: powerOp,
  relu6: relu6Op,
  relu6Gradient: relu6GradientOp,
  scale: scaleOp,
  sigmoid: sigmoidOp,
  sigmoidGradient: sigmoidGradientOp,
  sign: signOp,
  silu: siluOp,
  siluGradient: siluGradientOp,
  softplus: softplusOp,
  softplusGradient: softplusGradientOp,
  sqrt: sqrtOp,
  square: squareOp,
  squaredDifference: squaredDifferenceOp,
  subtract: subtractOp,
  tanh: tanhOp,
  tanhGradient: tanhGradientOp,
  broadcastTo: broadcastToOp,
  concatenate: concatenateOp,
  max: maxOp,
  maxGradient: maxGradientOp,
  mean: meanOp,
  reshape: reshapeOp,
  slice: sliceOp,
  sum: sumOp,
  sumOfSquares: sumOfSquaresOp,
  transpose: transposeOp,
  averagePool: averagePoolOp,
  averagePoolGradient: averagePoolGradientOp,
  batchNormalization: batchNormalizationOp,
  batchNormalizationGradient: batchNormalizationGradientOp,
  batchNormalizationInference: batchNormalizationInferenceOp,
  batchNormalizationInferenceGradient: batchNormalizationInferenceGradientOp,
  binaryCrossEntropy: binaryCrossEntropyOp,
  dropout: dropoutOp,
  gatherSwitches: gatherSwitchesOp,
  layerNormalization: layerNormalizationOp,
  layerNormalizationGradient: layerNormalizationGradientOp,
  localResponseNormalization: localResponseNormalizationOp,
  localResponseNormalizationGradient: localResponseNormalizationGradientOp,
  logSoftmax: logSoftmaxOp,
  logSoftmaxGradient: logSoftmaxGradientOp,
  maxPool: maxPoolOp,
  maxPoolGradient: maxPoolGradientOp,
  maxUnpool: maxUnpoolOp,
  softmax: softmaxOp,
  softmaxCrossEntropy: softmaxCrossEntropyOp,
  softmaxCrossEntropyGradient: softmaxCrossEntropyGradientOp,
  softmaxGradient: softmaxGradientOp,
  sparseSoftmaxCrossEntropy: sparseSoftmaxCrossEntropyOp,
  sparseSoftmaxCrossEntropyGradient: sparseSoftmaxCrossEntropyGradientOp,
};
