import type { GradientRules } from '../compile/differentiate.js';
import type { GradientCall, GradientRule } from '../ops/definition.js';
import type { Value } from '../ops/graph.js';
import { type AttributesOf, type OpName, opTable } from '../ops/table.js';
import { FoveaError } from '../tensor/errors.js';

/**
 * How a signal travels from a unit back to the input: the gradient; the deconvnet of Zeiler and Fergus (2013), which
 * rectifies the signal at each rectifier by the signal's own sign; or guided backpropagation (Springenberg et al., 2014), which
 * does both.
 */
export type ReverseRule = 'gradient' | 'deconvnet' | 'guided';

/**
 * What the deconvnet and guided backpropagation do at an op. 'linear': its transpose, which its gradient is. 'product': the
 * same, as long as only one factor depends on the input. 'switch': the signal goes where the maximum came from. 'gradient': the
 * papers leave it open, and its gradient is taken. Rectifiers have rules of their own; the rest is an error that says why.
 */
type Decision<A> =
  | 'linear'
  | 'product'
  | 'switch'
  | 'gradient'
  | { readonly deconvnet: GradientRule<A>; readonly guided: GradientRule<A> }
  | { readonly refused: string };

const curve = { refused: 'it is a curve, not a rectifier' };
const backwardOnly = { refused: 'it is part of a gradient, not of a network' };
const fused = { refused: 'plans make it after differentiation' };
const update = { refused: 'it changes weights' };
const loss = { refused: 'it is a loss' };

/** Every op has its decision: a missing one does not compile. */
const decisions: { readonly [K in OpName]: Decision<AttributesOf<K>> } = {
  conv2d: 'product',
  conv2dMaxPool: fused,
  conv2dInputGradient: 'product',
  conv2dFilterGradient: backwardOnly,
  fill: 'linear',
  matMul: 'product',
  relu: {
    deconvnet: ({ dy }) => [rectified(dy)],
    guided: ({ graph, outputs, dy }) => [graph.emit('reluGradient', [outputs[0] as Value, rectified(dy)], {})[0]],
  },
  reluGradient: backwardOnly,
  abs: curve,
  adamUpdate: update,
  add: 'linear',
  bias: 'linear',
  broadcastTo: 'linear',
  clip: {
    // Clipping from 0 on is a rectifier with a ceiling, as ReLU6; without a floor it is a ceiling alone.
    deconvnet: (call) => [flooredAtZero(call, 'deconvnet') ? rectified(call.dy) : (call.dy[0] as Value)],
    guided: (call) => {
      const { graph, inputs, dy, attributes } = call;
      const signal = flooredAtZero(call, 'guided') ? rectified(dy) : (dy[0] as Value);
      return [graph.emit('clipGradient', [inputs[0] as Value, signal], attributes)[0]];
    },
  },
  clipGradient: backwardOnly,
  concatenate: 'linear',
  divide: 'product',
  elu: curve,
  eluGradient: backwardOnly,
  exp: curve,
  gelu: { refused: 'it is a gate, not a rectifier' },
  geluGradient: backwardOnly,
  greaterEqual: { refused: 'it is a decision, through which nothing flows' },
  leakyRelu: {
    // The signal passes the rectifier that the activations passed; with a slope of 0 these are the rules of ReLU.
    deconvnet: ({ graph, dy, attributes }) => [graph.emit('leakyRelu', [dy[0] as Value], attributes)[0]],
    guided: ({ graph, outputs, dy, attributes }) => {
      const [signal] = graph.emit('leakyRelu', [dy[0] as Value], attributes);
      return [graph.emit('leakyReluGradient', [outputs[0] as Value, signal], attributes)[0]];
    },
  },
  leakyReluGradient: backwardOnly,
  log: curve,
  max: 'switch',
  maxGradient: backwardOnly,
  maximum: 'switch',
  mean: 'linear',
  minimum: 'switch',
  momentumUpdate: update,
  movingAverage: update,
  multiply: 'product',
  negate: 'linear',
  pad: 'linear',
  padGradient: 'linear',
  power: curve,
  relu6: {
    deconvnet: ({ dy }) => [rectified(dy)],
    guided: ({ graph, outputs, dy }) => [graph.emit('relu6Gradient', [outputs[0] as Value, rectified(dy)], {})[0]],
  },
  relu6Gradient: backwardOnly,
  reshape: 'linear',
  rmspropMomentumUpdate: update,
  rmspropUpdate: update,
  scale: 'linear',
  sgdUpdate: update,
  sigmoid: { refused: 'it is a gate, not a rectifier' },
  sigmoidGradient: backwardOnly,
  sign: { refused: 'it is a decision, through which nothing flows' },
  silu: { refused: 'it is a gate, not a rectifier' },
  siluGradient: backwardOnly,
  slice: 'linear',
  softplus: curve,
  softplusGradient: backwardOnly,
  sqrt: curve,
  square: curve,
  squaredDifference: curve,
  subtract: 'linear',
  sum: 'linear',
  sumOfSquares: curve,
  tanh: curve,
  tanhGradient: backwardOnly,
  transpose: 'linear',
  upSample: 'linear',
  upSampleGradient: 'linear',
  averagePool: 'linear',
  averagePoolGradient: 'linear',
  batchNormalization: { refused: 'its mean and variance depend on the whole batch' },
  batchNormalizationGradient: backwardOnly,
  // With measured statistics it is a factor and a summand for each channel, which fold into the filters before.
  batchNormalizationInference: 'linear',
  batchNormalizationInferenceGradient: backwardOnly,
  binaryCrossEntropy: loss,
  dropout: { refused: 'it is random' },
  gatherSwitches: 'linear',
  layerNormalization: { refused: 'its mean and variance depend on the input' },
  layerNormalizationGradient: backwardOnly,
  localResponseNormalization: 'gradient',
  localResponseNormalizationGradient: backwardOnly,
  logSoftmax: { refused: 'it lets classes compete; take a logit as the target' },
  logSoftmaxGradient: backwardOnly,
  maxPool: 'switch',
  maxPoolGradient: 'linear',
  maxUnpool: 'linear',
  softmax: { refused: 'it lets classes compete; take a logit as the target' },
  softmaxCrossEntropy: loss,
  softmaxCrossEntropyGradient: backwardOnly,
  softmaxGradient: backwardOnly,
  sparseSoftmaxCrossEntropy: loss,
  sparseSoftmaxCrossEntropyGradient: backwardOnly,
};

/** The rules that `differentiate` takes in place of gradients. Ops without a rule throw FoveaError `gradient` when met. */
export function reverseRules(rule: ReverseRule): GradientRules {
  return rule === 'gradient' ? {} : rule === 'deconvnet' ? deconvnet : guided;
}

/** Whether an op is affine in the one input that varies, so that a head made of such ops adds up. */
export function isAffineOp(op: OpName, varying: number): boolean {
  const decision = decisions[op];
  return decision === 'linear' || (decision === 'product' && varying === 1);
}

const deconvnet = rulesOf('deconvnet');
const guided = rulesOf('guided');

function rulesOf(rule: 'deconvnet' | 'guided'): GradientRules {
  const names = Object.keys(decisions) as OpName[];
  return Object.fromEntries(names.map((op) => [op, ruleFor(op, rule)])) as GradientRules;
}

function ruleFor<K extends OpName>(op: K, rule: 'deconvnet' | 'guided'): GradientRule<AttributesOf<K>> {
  const decision: Decision<AttributesOf<K>> = decisions[op];
  const { gradient } = opTable[op] as (typeof opTable)[K];
  if (typeof decision === 'object' && 'refused' in decision) return (call) => refuse(op, call, rule, decision.refused);
  if (typeof decision === 'object') return decision[rule];
  return (call) => {
    const varying = call.needs.filter(Boolean).length;
    if (decision === 'product' && varying > 1) {
      refuse(op, call, rule, 'both of its factors depend on the input, as in a gate');
    }
    // max(x, 0) by hand: neither one value chosen among several nor an op that is known to be a rectifier.
    if ((op === 'maximum' || op === 'minimum') && varying === 1) {
      refuse(op, call, rule, 'it compares with a constant; use a ReLU layer, whose rule is known');
    }
    if (gradient === 'none') refuse(op, call, rule, 'it has no gradient');
    return (gradient as GradientRule<AttributesOf<K>>)(call);
  };
}

function rectified(dy: readonly (Value | undefined)[]): Value {
  const signal = dy[0] as Value;
  return signal.graph.emit('relu', [signal], {})[0];
}

function flooredAtZero(call: GradientCall<AttributesOf<'clip'>>, rule: ReverseRule): boolean {
  const { min } = call.attributes;
  if (min === 0) return true;
  if (min <= -Number.MAX_VALUE) return false;
  return refuse('clip', call, rule, `it is clipped from ${min} on, which is no rectifier`);
}

function refuse<A>(op: OpName, { outputs }: GradientCall<A>, rule: ReverseRule, why: string): never {
  const source = outputs[0]?.source;
  const scope = source?.kind === 'node' ? source.node.scope : '';
  throw new FoveaError('gradient', {
    where: scope === '' ? op : `${op} "${scope}"`,
    rule: `${rule === 'guided' ? 'guided backpropagation' : 'the deconvnet'} says nothing of this op: ${why}`,
    remedy: "Take the rule 'gradient', which every network has",
    data: { op, layer: scope, rule },
  });
}
