import { activation } from '../../layers/activation.js';
import { add } from '../../layers/add.js';
import { batchNormalization } from '../../layers/batchNormalization.js';
import { elu } from '../../layers/elu.js';
import { gelu } from '../../layers/gelu.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { leakyRelu } from '../../layers/leakyRelu.js';
import { multiply } from '../../layers/multiply.js';
import { normalization } from '../../layers/normalization.js';
import { relu6, sigmoid, softplus, tanh } from '../../layers/plainActivations.js';
import { relu } from '../../layers/relu.js';
import { Rescaling, rescaling } from '../../layers/rescaling.js';
import { softmax } from '../../layers/softmax.js';
import type { Constant } from './constants.js';
import type { NodeReader, OnnxNode, WeightNumbers } from './importer.js';
import { channelNumbers, withBias } from './readRows.js';
import { type GeluValue, type LayerValue, type OnnxValue, sameOrder } from './values.js';

/** Ops of one operand whose layer takes a name alone. */
const PLAIN = { Relu: relu, Sigmoid: sigmoid, Tanh: tanh, Softplus: softplus };

export const readPlainActivation: NodeReader = (node) => {
  const { output, order } = node.layer();
  return node.apply(PLAIN[node.op as keyof typeof PLAIN]({ name: node.name() }), output, order);
};

export const readActivation: NodeReader = (node) => {
  const { output, order } = node.layer();
  const { attributes } = node;
  const name = node.name();
  switch (node.op) {
    case 'LeakyRelu':
      return node.apply(leakyRelu({ name, negativeSlope: attributes.real('alpha', 0.01) }), output, order);
    case 'Elu':
      return node.apply(elu({ name, alpha: attributes.real('alpha', 1) }), output, order);
    case 'Gelu':
      return node.apply(gelu({ name, approximate: attributes.text('approximate', 'none') === 'tanh' }), output, order);
    default: {
      const slopes = node.constant(1).floats();
      const [slope = 0] = slopes;
      if (slope < 0 || slopes.some((one) => one !== slope))
        return node.unsupported('one slope for all channels is read');
      return node.apply(leakyRelu({ name, negativeSlope: slope }), output, order);
    }
  }
};

export const readClip: NodeReader = (node) => {
  const { output, order } = node.layer();
  const limit = (name: string, i: number): number | undefined =>
    node.attributes.has(name) ? node.attributes.real(name, 0) : node.has(i) ? node.constant(i).floats()[0] : undefined;
  const [min = -Infinity, max = Infinity] = [limit('min', 1), limit('max', 2)];
  if (min !== 0) return node.unsupported('limits from 0 on are read', `from ${min} to ${max}`);
  const name = node.name();
  const huge = max >= 3.4e38;
  return node.apply(max === 6 ? relu6({ name }) : relu(huge ? { name } : { name, maxValue: max }), output, order);
};

export const readSoftmax: NodeReader = (node) => {
  const { output, order } = node.layer();
  const { shape } = output;
  const rank = shape.length + 1;
  const given = node.attributes.whole('axis', node.state.opset < 13 ? 1 : -1);
  const axis = given < 0 ? given + rank : given;
  const name = node.name();
  // Before version 13 all axes from the given one on are taken together.
  const channels = order === 'channelsFirst' ? axis === 1 : axis === rank - 1;
  const together = node.state.opset < 13 && rank > 2 && !(axis === rank - 1 && order !== 'channelsFirst');
  const alone = order === 'channelsFirst' && axis === 1 && shape[0] === 1 && shape[1] === 1;
  if ((together && !alone) || axis < 1 || axis >= rank)
    return node.unsupported('it is read along one axis', `axis ${given}`);
  if (node.op === 'LogSoftmax') {
    if (!channels) return node.unsupported('it is read along the channels', `axis ${given}`);
    return node.apply(activation('logSoftmax', { name }), output, order);
  }
  const ours = channels ? -1 : order === 'channelsFirst' ? axis - 1 : axis;
  return node.apply(softmax({ name, axis: ours }), output, order);
};

/** erf occurs in GELU alone: erf(x · √½). */
export const readErf: NodeReader = (node) => {
  const { output, order } = node.layer();
  const { layer, inputs } = output;
  const scale = layer instanceof Rescaling && layer.options.offset === 0 ? layer.options.scale : 0;
  if (Math.abs(scale - Math.SQRT1_2) > 1e-6) return node.unsupported('erf is read as a part of GELU');
  return { kind: 'gelu', of: inputs[0] as LayerOutput, order, stage: 'erf' };
};

/** Add, Sub, Mul and Div, of two values or of a value and a constant. */
export const readArithmetic: NodeReader = (node) => {
  const [a, b] = [node.value(0), node.value(1)];
  if (a.kind === 'gelu' || b.kind === 'gelu')
    return geluPart(node, a, b) ?? node.unsupported('erf is read as a part of GELU');
  if (a.kind === 'layer' && b.kind === 'layer') return merge(node, [a, b]);
  if (a.kind === 'layer' && b.kind === 'constant') return withConstant(node, a, b.constant, false);
  if (a.kind === 'constant' && b.kind === 'layer') return withConstant(node, b, a.constant, true);
  return node.unsupported('one operand must be computed from the network’s input');
};

export const readSum: NodeReader = (node) =>
  merge(
    node,
    node.inputs.map((_, i) => node.layer(i)),
  );

/** x² and x³. */
export const readPower: NodeReader = (node) => {
  const { output, order } = node.layer();
  const exponent = node.constant(1).size === 1 ? node.constant(1).floats()[0] : undefined;
  if (exponent !== 2 && exponent !== 3) return node.unsupported('powers 2 and 3 are read', `${exponent}`);
  return node.apply(multiply({ name: node.name() }), new Array<LayerOutput>(exponent).fill(output), order);
};

export const readNegation: NodeReader = (node) => {
  const { output, order } = node.layer();
  return node.apply(rescaling({ name: node.name(), scale: -1 }), output, order);
};

function merge(node: OnnxNode, values: readonly LayerValue[]): LayerValue {
  const [first, ...others] = values;
  if (first === undefined) return node.unsupported('it needs an operand');
  if (others.length === 0) return first;
  if (others.some(({ order }) => !sameOrder(order, first.order))) {
    return node.unsupported('the operands must have their axes in the same order');
  }
  const outputs = values.map(({ output }) => output);
  const name = node.name();
  if (node.op === 'Add' || node.op === 'Sum') return node.apply(add({ name }), outputs, first.order);
  if (node.op === 'Mul') return node.apply(multiply({ name }), outputs, first.order);
  if (node.op !== 'Sub') return node.unsupported('two computed values cannot be divided');
  const negative = node.apply(rescaling({ name: node.name(), scale: -1 }), outputs[1] as LayerOutput, first.order);
  return node.apply(add({ name }), [outputs[0] as LayerOutput, negative.output], first.order);
}

/** x · factor + offset with the same numbers everywhere, or with one per channel. */
function withConstant(node: OnnxNode, x: LayerValue, constant: Constant, constantFirst: boolean): LayerValue {
  const { op } = node;
  if (op === 'Div' && constantFirst) return node.unsupported('a constant cannot be divided by a value');
  const flip = op === 'Sub' && constantFirst ? -1 : 1;
  if (constant.size === 1) {
    const value = constant.floats()[0] as number;
    const scale = op === 'Mul' ? value : op === 'Div' ? 1 / value : flip;
    const offset = op === 'Add' ? value : op === 'Sub' ? -value * flip : 0;
    if (!Number.isFinite(scale) || !Number.isFinite(offset))
      return node.unsupported('its constant must be finite', `${value}`);
    return node.apply(rescaling({ name: node.name(), scale, offset }), x.output, x.order);
  }
  const channels = perChannel(node, x, constant);
  const numbers = channelNumbers(() => constant.floats(), x.order);
  const sign = op === 'Add' || flip === -1 ? 1 : -1;
  const offset: WeightNumbers = () =>
    op === 'Add' || op === 'Sub' ? numbers().map((v) => sign * v) : new Float32Array(channels);
  if ((op === 'Add' || (op === 'Sub' && flip === 1)) && node.onlyUser(0)) {
    const biased = withBias(node, x, offset);
    if (biased !== undefined) return biased;
  }
  const few = channels <= 16 ? [...numbers()] : [];
  const name = node.name();
  if (op === 'Div' && few.length > 0 && few.every((v) => v > 0)) {
    return node.apply(normalization({ name, standardDeviation: few }), x.output, x.order);
  }
  if ((op === 'Sub' && flip === 1) || op === 'Add') {
    const mean = few.map((v) => -sign * v);
    if (mean.length > 0) return node.apply(normalization({ name, mean }), x.output, x.order);
  }
  const factor: WeightNumbers = () => {
    if (op === 'Mul') return numbers();
    return op === 'Div' ? numbers().map((v) => 1 / v) : new Float32Array(channels).fill(flip);
  };
  const layer = batchNormalization({ name, epsilon: 0, trainable: false });
  const [mean, variance] = [() => new Float32Array(channels), () => new Float32Array(channels).fill(1)];
  return node.apply(layer, x.output, x.order, [factor, offset, mean, variance]);
}

/** Checks that a constant has one number for each channel, and returns how many. */
function perChannel(node: OnnxNode, { output, order }: LayerValue, constant: Constant): number {
  const channels = output.shape.at(-1) as number;
  const { shape } = constant;
  const after = order === 'channelsFirst' ? 2 : 0;
  const place = shape.length - 1 - after;
  const fits = shape.every((n, i) => n === (i === place ? channels : 1)) && shape.length <= output.shape.length + 1;
  return fits && place >= 0
    ? channels
    : node.unsupported('a constant must be one number, or one for each channel', `[${shape}]`);
}

function geluPart(node: OnnxNode, a: OnnxValue, b: OnnxValue): OnnxValue | undefined {
  const [part, other] = a.kind === 'gelu' ? [a, b] : [b as GeluValue, a];
  const number = other.kind === 'constant' && other.constant.size === 1 ? other.constant.floats()[0] : undefined;
  if (node.op === 'Add' && part.stage === 'erf' && number === 1) return { ...part, stage: 'sum' };
  if (node.op !== 'Mul') return undefined;
  const done = () => node.apply(gelu({ name: node.name() }), part.of, part.order);
  if (part.stage === 'product' && number === 0.5) return done();
  if (part.stage !== 'sum' || other.kind !== 'layer') return undefined;
  if (other.output === part.of) return { ...part, stage: 'product' };
  const { layer, inputs } = other.output;
  const half = layer instanceof Rescaling && layer.options.scale === 0.5 && layer.options.offset === 0;
  return half && inputs[0] === part.of ? done() : undefined;
}
