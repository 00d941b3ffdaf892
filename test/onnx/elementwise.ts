import type { Value } from '../../src/ops/graph.js';
import {
  abs,
  add,
  clip,
  divide,
  elu,
  exp,
  gelu,
  greaterEqual,
  leakyRelu,
  log,
  maximum,
  minimum,
  multiply,
  negate,
  power,
  relu,
  scale,
  sigmoid,
  sign,
  silu,
  softplus,
  sqrt,
  subtract,
  tanh,
} from '../../src/ops/index.js';
import type { Mapping } from './call.js';

const LARGEST = 3.4028234663852886e38;

const unary =
  (op: (x: Value) => Value): Mapping =>
  (call) => [op(call.value(0))];

const binary =
  (op: (a: Value, b: Value) => Value): Mapping =>
  (call) => [op(call.value(0), call.value(1))];

/** Any number of operands, taken together two by two. */
const folded =
  (op: (a: Value, b: Value) => Value): Mapping =>
  (call) => [call.values().reduce((all, next) => op(all, next))];

/** ONNX gives max where min is larger; the op has no such interval. */
const clipping: Mapping = (call) => {
  const x = call.value(0);
  const [min, max] = [call.number(1, -LARGEST), call.number(2, LARGEST)];
  return [min > max ? minimum(maximum(x, call.value(1)), call.value(2)) : clip(x, min, max)];
};

const hardSigmoid: Mapping = (call) => [
  clip(scale(call.value(0), call.float('alpha', 0.2), call.float('beta', 0.5)), 0, 1),
];

const hardSwish: Mapping = (call) => {
  const x = call.value(0);
  return [multiply(x, clip(scale(x, 1 / 6, 0.5), 0, 1))];
};

/** x where x is above alpha, else 0. */
const thresholdedRelu: Mapping = (call) => {
  const x = call.value(0);
  const alpha = call.feed({ shape: [], data: [call.float('alpha', 1)] });
  return [multiply(x, scale(greaterEqual(alpha, x), -1, 1))];
};

const pRelu: Mapping = (call) => {
  const [x, slope] = [call.value(0), call.value(1)];
  return [subtract(relu(x), multiply(slope, relu(negate(x))))];
};

const celu: Mapping = (call) => {
  const alpha = call.float('alpha', 1);
  return [scale(elu(scale(call.value(0), 1 / alpha), 1), alpha)];
};

const selu: Mapping = (call) => [
  scale(elu(call.value(0), call.float('alpha', 1.6732632)), call.float('gamma', 1.0507009873554805)),
];

const swish: Mapping = (call) => {
  call.expect('alpha', 1);
  return [silu(call.value(0))];
};

export const elementwiseMappings: Readonly<Record<string, Mapping>> = {
  Abs: unary(abs),
  Add: binary(add),
  Celu: celu,
  Clip: clipping,
  Div: binary(divide),
  Elu: (call) => [elu(call.value(0), call.float('alpha', 1))],
  Exp: unary(exp),
  Gelu: (call) => [gelu(call.value(0), { approximate: call.text('approximate', 'none') === 'tanh' })],
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  LeakyRelu: (call) => [leakyRelu(call.value(0), call.float('alpha', 0.01))],
  Log: unary(log),
  Max: folded(maximum),
  Mean: (call) => [scale(call.values().reduce(add), 1 / call.count)],
  Min: folded(minimum),
  Mish: unary((x) => multiply(x, tanh(softplus(x)))),
  Mul: binary(multiply),
  Neg: unary(negate),
  Pow: binary(power),
  PRelu: pRelu,
  Reciprocal: (call) => [divide(call.feed({ shape: [], data: [1] }), call.value(0))],
  Relu: unary(relu),
  Selu: selu,
  Sigmoid: unary(sigmoid),
  Sign: unary(sign),
  Softplus: unary(softplus),
  Softsign: unary((x) => divide(x, scale(abs(x), 1, 1))),
  Sqrt: unary(sqrt),
  Sub: binary(subtract),
  Sum: folded(add),
  Swish: swish,
  Tanh: unary(tanh),
  ThresholdedRelu: thresholdedRelu,
};
