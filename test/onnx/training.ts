import type { Value } from '../../src/ops/graph.js';
import {
  add,
  divide,
  logSoftmax,
  multiply,
  negate,
  reshape,
  scale,
  softmaxCrossEntropy,
  sparseSoftmaxCrossEntropy,
  sum,
} from '../../src/ops/index.js';
import { type Mapping, NotCovered, type Numbers, type OnnxCall, permute, type Result } from './call.js';

// Losses and optimizer steps.

/** Operand 0, [n, c, ...], as rows of classes; its labels; and what each row counts. */
interface Rows {
  /** [rows, c] */
  readonly scores: Value;
  /** A label that is to be ignored is 0 here, and counts 0. */
  readonly labels: Numbers;
  readonly weights: Numbers;
  /** One row per position, 1 at its label. */
  readonly oneHot: Numbers;
}

function rowsOf(call: OnnxCall): Rows {
  const x = call.host(0);
  const labels = call.host(1);
  const axes = x.shape.map((_, axis) => axis);
  const { data } = permute(x, [0, ...axes.slice(2), 1]);
  const c = x.shape[1] as number;
  const count = labels.data.length;
  const ignored = call.int('ignore_index', Number.NaN);
  const known = labels.data.map((label) => (label === ignored ? 0 : label));
  const classWeights = call.has(2) ? call.host(2).data : new Float64Array(c).fill(1);
  const weights = labels.data.map((label) => (label === ignored ? 0 : (classWeights[label] as number)));
  const oneHot = Float64Array.from({ length: count * c }, (_, i) => (i % c === known[Math.floor(i / c)] ? 1 : 0));
  return {
    scores: call.feed({ shape: [count, c], data }),
    labels: { shape: [count], data: known },
    weights: { shape: [count], data: weights },
    oneHot: { shape: [count, c], data: oneHot },
  };
}

/** Losses [rows] as ONNX's `reduction` wants them; a mean is one by weight. */
function reduced(call: OnnxCall, losses: Value, weights: Value): Result {
  const reduction = call.text('reduction', 'mean');
  const weighted = multiply(losses, weights);
  if (reduction === 'none') return { value: reshape(weighted, call.host(1).shape) };
  const total = sum(weighted);
  return { value: reduction === 'sum' ? total : divide(total, sum(weights)) };
}

function crossEntropy(lossOf: (call: OnnxCall, rows: Rows) => Value): Mapping {
  return (call) => {
    const rows = rowsOf(call);
    const loss = reduced(call, lossOf(call, rows), call.feed(rows.weights));
    if (call.outputs === 1) return [loss];
    const { shape } = call.host(0);
    const rank = shape.length;
    const back = [0, rank - 1, ...shape.map((_, axis) => axis).slice(1, -1)];
    const toOnnx = ({ data }: Numbers) =>
      permute({ shape: [shape[0] as number, ...shape.slice(2), shape[1] as number], data }, back);
    return [loss, { value: logSoftmax(rows.scores), toOnnx }];
  };
}

const sparseCrossEntropy = crossEntropy((call, { scores, labels }) =>
  sparseSoftmaxCrossEntropy(scores, call.feedIntegers(labels)),
);

const categoricalCrossEntropy = crossEntropy((call, { scores, oneHot }) =>
  softmaxCrossEntropy(scores, call.feed(oneHot)),
);

const negativeLogLikelihood: Mapping = (call) => {
  const { scores, oneHot, weights } = rowsOf(call);
  const losses = negate(sum(multiply(scores, call.feed(oneHot)), { axes: [1] }));
  return [reduced(call, losses, call.feed(weights))];
};

/** Operands rate, step, then so many lists: variables, gradients and states. */
function groupsOf(call: OnnxCall, lists: number): number[][] {
  const variables = (call.count - 2) / lists;
  return Array.from({ length: variables }, (_, variable) =>
    Array.from({ length: lists }, (_, list) => 2 + list * variables + variable),
  );
}

/** The results of each variable's step, list by list. */
function listByList(steps: readonly (readonly Value[])[]): Value[] {
  return (steps[0] ?? []).flatMap((_, list) => steps.map((step) => step[list] as Value));
}

/** ONNX's gradient with its L2 penalty. */
function regularized(call: OnnxCall, w: Value, dw: Value): Value {
  return add(dw, scale(w, call.float('norm_coefficient', 0)));
}

const adam: Mapping = (call) => {
  const [rate, step] = [call.number(0, 0), call.number(1, 0)];
  const [beta1, beta2] = [call.float('alpha', 0.9), call.float('beta', 0.999)];
  const correction = (beta: number) => (step > 0 ? 1 - beta ** step : 1);
  const hyper = [rate, 0, correction(beta1), correction(beta2)].map(Math.fround);
  call.expect('norm_coefficient_post', 0);
  const steps = groupsOf(call, 4).map((operands) => {
    const [w, dw, m, v] = operands.map((i) => call.value(i)) as [Value, Value, Value, Value];
    const inputs = [w, regularized(call, w, dw), call.feed({ shape: [4], data: hyper }), one(call), m, v];
    return call.graph.emit('adamUpdate', inputs, { beta1, beta2, epsilon: call.float('epsilon', 1e-6) });
  });
  return listByList(steps);
};

/** ONNX's velocity sums gradients, Keras's sums steps: it is ONNX's times −rate. */
const momentum: Mapping = (call) => {
  const rate = call.number(0, 0);
  const factor = call.number(1, 0) > 0 ? call.float('beta', 1) : 1;
  const nesterov = call.text('mode', 'standard') === 'nesterov';
  if (nesterov && factor !== 1) throw new NotCovered('a damped Nesterov step');
  const steps = groupsOf(call, 3).map((operands) => {
    const [w, dw, v] = operands.map((i) => call.value(i)) as [Value, Value, Value];
    const hyper = call.feed({ shape: [4], data: [rate, 0, 1, 1] });
    const g = scale(regularized(call, w, dw), factor);
    const [next, velocity] = call.graph.emit('momentumUpdate', [w, g, hyper, one(call), scale(v, -rate)], {
      momentum: call.float('alpha', 0),
      nesterov,
    });
    return [next, scale(velocity as Value, -1 / rate)];
  });
  return listByList(steps);
};

function one(call: OnnxCall): Value {
  return call.feed({ shape: [1], data: [1] });
}

export const trainingMappings: Readonly<Record<string, Mapping | readonly Mapping[]>> = {
  Adam: adam,
  Momentum: momentum,
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: [sparseCrossEntropy, categoricalCrossEntropy],
};
