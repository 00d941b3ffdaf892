import type { Value } from '../../src/ops/graph.js';
import {
  add,
  batchNormalization,
  batchNormalizationInference,
  divide,
  localResponseNormalization,
  max,
  maximum,
  mean,
  multiply,
  reshape,
  scale,
  sqrt,
  square,
  subtract,
  sum,
} from '../../src/ops/index.js';
import { axisOf, channelsFirst, type Mapping, NotCovered, type OnnxCall } from './call.js';

const batch: Mapping = (call) => {
  const x = call.image(0);
  const rank = call.host(0).shape.length;
  const [gamma, beta, mean, variance] = [call.value(1), call.value(2), call.value(3), call.value(4)];
  const epsilon = call.float('epsilon', 1e-5);
  if (call.int('training_mode', 0) === 0) {
    return [channelsFirst(batchNormalizationInference(x, gamma, beta, mean, variance, { epsilon }), rank)];
  }
  const found = batchNormalization(x, gamma, beta, { epsilon });
  const momentum = call.float('momentum', 0.9);
  const running = (old: Value, now: Value) => call.graph.emit('movingAverage', [old, now], { momentum })[0];
  return [channelsFirst(found.y, rank), running(mean, found.mean), running(variance, found.variance)];
};

/** → y, mean, 1 / deviation. */
const layer: Mapping = (call) => {
  const x = call.value(0);
  const axis = axisOf(call.int('axis', -1), x.shape.length);
  const inputs = [x, call.value(1), call.value(2)];
  return call.graph.emit('layerNormalization', inputs, { axis, epsilon: call.float('epsilon', 1e-5) });
};

/** Each of so many groups of channels of an image by itself: layer normalization without factors, then ONNX's factors. */
function byGroups(call: OnnxCall, groups: number): Value[] {
  const x = call.value(0);
  const [n, c] = x.shape as [number, number];
  const rows = reshape(x, [n, groups, -1]);
  const length = rows.shape[2] as number;
  const fill = (value: number) => call.graph.emit('fill', [], { shape: [length], value })[0];
  const epsilon = call.float('epsilon', 1e-5);
  const [y] = call.graph.emit('layerNormalization', [rows, fill(1), fill(0)], { axis: 2, epsilon });
  const perChannel = [c, ...x.shape.slice(2).map(() => 1)];
  const factor = reshape(call.value(1), perChannel);
  return [add(multiply(reshape(y, x.shape), factor), reshape(call.value(2), perChannel))];
}

const rootMeanSquare: Mapping = (call) => {
  const x = call.value(0);
  const first = axisOf(call.int('axis', -1), x.shape.length);
  const axes = x.shape.map((_, i) => i).slice(first);
  const squares = mean(square(x), { axes, keepDims: true });
  return [multiply(divide(x, sqrt(scale(squares, 1, call.float('epsilon', 1e-5)))), call.value(1))];
};

const meanVariance: Mapping = (call) => {
  const x = call.value(0);
  const options = { axes: call.ints('axes', [0, 2, 3]), keepDims: true };
  const centred = subtract(x, mean(x, options));
  return [divide(centred, scale(sqrt(mean(square(centred), options)), 1, 1e-9))];
};

const byNorm: Mapping = (call) => {
  call.expect('p', 2);
  const x = call.value(0);
  const norm = sqrt(sum(square(x), { axes: [call.int('axis', -1)], keepDims: true }));
  return [divide(x, maximum(norm, call.feed({ shape: [], data: [2 ** -100] })))];
};

const localResponse: Mapping = (call) => {
  const y = localResponseNormalization(call.image(0), {
    size: call.int('size', 1),
    alpha: call.float('alpha', 1e-4),
    beta: call.float('beta', 0.75),
    bias: call.float('bias', 1),
  });
  return [channelsFirst(y, 4)];
};

/** While training ONNX draws by NumPy, which nothing else can repeat; without training, or at the rate 0, nothing is dropped. */
const dropping: Mapping = (call) => {
  const x = call.value(0);
  const training = call.number(2, 0) === 1;
  const rate = call.number(1, 0.5);
  if (training && rate !== 0) throw new NotCovered('a draw by NumPy');
  if (!training) return [x, call.graph.emit('fill', [], { shape: x.shape, value: 1 })[0]].slice(0, call.outputs);
  const random = call.feedIntegers({ shape: [3], data: [1, 2, 3] });
  const attributes = { stream: 7, spatial: false };
  const drop = (y: Value) =>
    call.graph.emit('dropout', [y, call.feed({ shape: [1], data: [rate] }), random], attributes)[0];
  return [drop(x), drop(call.graph.emit('fill', [], { shape: x.shape, value: 1 })[0])].slice(0, call.outputs);
};

/** Global pooling is a reduction over the pixels that keeps their axes. */
const overPixels =
  (op: (x: Value, options: { axes: readonly number[]; keepDims: boolean }) => Value): Mapping =>
  (call) => [channelsFirst(op(call.image(0), { axes: [1, 2], keepDims: true }), call.host(0).shape.length)];

export const normalizationMappings: Readonly<Record<string, Mapping>> = {
  BatchNormalization: batch,
  Dropout: dropping,
  GlobalAveragePool: overPixels(mean),
  GlobalMaxPool: overPixels(max),
  GroupNormalization: (call) => byGroups(call, call.int('num_groups', 1)),
  InstanceNormalization: (call) => byGroups(call, call.host(0).shape[1] as number),
  LayerNormalization: layer,
  LpNormalization: byNorm,
  LRN: localResponse,
  MeanVarianceNormalization: meanVariance,
  RMSNormalization: rootMeanSquare,
};
