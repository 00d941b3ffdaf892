import type { Value } from '../../src/ops/graph.js';
import {
  add,
  broadcastTo,
  concatenate,
  logSoftmax,
  matMul,
  max,
  mean,
  pad,
  reshape,
  scale,
  slice,
  softmax,
  sqrt,
  square,
  sum,
  sumOfSquares,
  transpose,
  upSample,
} from '../../src/ops/index.js';
import type { Interpolation } from '../../src/ops/upSample.js';
import { broadcastShapes, type Shape, sizeOf } from '../../src/tensor/shape.js';
import { axisOf, channelsFirst, type Mapping, NotCovered, type OnnxCall } from './call.js';

// Matrix products, reductions, movement of elements, padding, enlarging.

const matrixProduct: Mapping = (call) => {
  const [a, b] = [call.value(0), call.value(1)];
  const left = a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a;
  const right = b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b;
  const product = matMul(left, right);
  const shape = [...product.shape];
  if (b.shape.length === 1) shape.pop();
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1);
  return [reshape(product, shape)];
};

/** alpha · A · B + beta · C; a C of one number per column goes in as the product's own bias. */
const gemm: Mapping = (call) => {
  const options = { transposeA: call.int('transA', 0) === 1, transposeB: call.int('transB', 0) === 1 };
  const [a, b] = [scale(call.value(0), call.float('alpha', 1)), call.value(1)];
  if (!call.has(2)) return [matMul(a, b, options)];
  const c = scale(call.value(2), call.float('beta', 1));
  const columns = b.shape[options.transposeB ? 0 : 1] as number;
  if (sizeOf(c.shape) !== columns || c.shape.at(-1) !== columns) return [add(matMul(a, b, options), c)];
  return [call.graph.emit('matMul', [a, b, reshape(c, [columns])], { ...options, activation: 'linear' })[0]];
};

/** The op over axes that come as an operand, as an attribute, or are all. */
function reduction(op: (x: Value, options: { axes?: readonly number[]; keepDims: boolean }) => Value): Mapping {
  return (call) => {
    const x = call.value(0);
    const axes = call.integers(1, call.ints('axes'));
    if (axes.length === 0 && call.int('noop_with_empty_axes', 0) === 1) return [x];
    const keepDims = call.int('keepdims', 1) === 1;
    return [op(x, axes.length === 0 ? { keepDims } : { axes, keepDims })];
  };
}

const sumSquare = reduction((x, options) => {
  if (options.axes !== undefined) return sum(square(x), options);
  return reshape(sumOfSquares(x), options.keepDims ? x.shape.map(() => 1) : []);
});

/** Something along the last axis, along any. */
function along(op: (x: Value) => Value): Mapping {
  return (call) => {
    const x = call.value(0);
    const axis = axisOf(call.int('axis', -1), x.shape.length);
    const order = x.shape.map((_, i) => i);
    order.push(...order.splice(axis, 1));
    const inverse = order.map((_, i) => order.indexOf(i));
    return [transpose(op(transpose(x, order)), inverse)];
  };
}

const flattening: Mapping = (call) => {
  const x = call.value(0);
  const axis = axisOf(call.int('axis', 1), x.shape.length);
  return [reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))])];
};

const reshaping: Mapping = (call) => {
  const x = call.value(0);
  const asked = call.integers(1);
  const shape = asked.map((n, i) => (n === 0 && call.int('allowzero', 0) === 0 ? (x.shape[i] as number) : n));
  return [reshape(x, shape)];
};

const squeezing: Mapping = (call) => {
  const x = call.value(0);
  const axes = call.integers(1).map((axis) => axisOf(axis, x.shape.length));
  return [
    reshape(
      x,
      x.shape.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
};

const unsqueezing: Mapping = (call) => {
  const x = call.value(0);
  const given = call.integers(1);
  const rank = x.shape.length + given.length;
  const axes = given.map((axis) => axisOf(axis, rank));
  const own = [...x.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (own.shift() as number)));
  return [reshape(x, shape)];
};

const expanding: Mapping = (call) => {
  const x = call.value(0);
  return [broadcastTo(x, broadcastShapes(x.shape, call.integers(1)) as number[])];
};

const slicing: Mapping = (call) => {
  const x = call.value(0);
  const starts = call.integers(1);
  const axes = call.integers(
    3,
    starts.map((_, i) => i),
  );
  const steps = call.integers(
    4,
    starts.map(() => 1),
  );
  if (steps.some((step) => step !== 1)) throw new NotCovered(`steps ${steps}`);
  const begin = x.shape.map(() => 0);
  const size = [...x.shape];
  axes.forEach((given, i) => {
    const axis = axisOf(given, x.shape.length);
    const n = x.shape[axis] as number;
    const [from, to] = [starts[i] as number, call.integers(2)[i] as number].map((at) => clamp(at < 0 ? at + n : at, n));
    begin[axis] = from as number;
    size[axis] = Math.max(0, (to as number) - (from as number));
  });
  if (size.includes(0)) throw new NotCovered('an array without elements');
  return [slice(x, begin, size)];
};

function clamp(at: number, n: number): number {
  return Math.min(n, Math.max(0, at));
}

const splitting: Mapping = (call) => {
  const x = call.value(0);
  const axis = axisOf(call.int('axis', 0), x.shape.length);
  const n = x.shape[axis] as number;
  const part = Math.ceil(n / call.outputs);
  const even = Array.from({ length: call.outputs }, (_, i) => Math.min(part, n - i * part));
  let from = 0;
  return call.integers(1, even).map((size) => {
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    from += size;
    return slice(x, begin, x.shape.with(axis, size));
  });
};

const padding: Mapping = (call) => {
  const x = call.value(0);
  const mode = call.text('mode', 'constant');
  if (mode !== 'constant' && mode !== 'edge' && mode !== 'reflect') throw new NotCovered(`mode ${mode}`);
  const pads = call.integers(1);
  const half = pads.length / 2;
  const all = x.shape.map((_, i) => i);
  const before = all.map(() => 0);
  const after = all.map(() => 0);
  call.integers(3, all).forEach((given, i) => {
    const axis = axisOf(given, x.shape.length);
    before[axis] = pads[i] as number;
    after[axis] = pads[half + i] as number;
  });
  return [pad(x, { before, after, mode, value: call.number(2, 0) })];
};

/** Each axis is cut or padded about its middle; of an odd difference the smaller half is in front. */
const centring: Mapping = (call) => {
  const x = call.value(0);
  const shape = [...x.shape];
  const all = shape.map((_, i) => i);
  call.ints('axes', all).forEach((axis, i) => {
    shape[axisOf(axis, shape.length)] = call.integers(1)[i] as number;
  });
  const missing = shape.map((n, i) => Math.max(0, n - (x.shape[i] as number)));
  const before = missing.map((n) => Math.floor(n / 2));
  const padded = pad(x, { before, after: missing.map((n, i) => n - (before[i] as number)) });
  const begin = padded.shape.map((n, i) => Math.floor((n - (shape[i] as number)) / 2));
  return [slice(padded, begin, shape)];
};

/** Whole factors only; nearest where ONNX's coordinates come to repeated pixels, linear with pixels' centres at halves. */
function enlarging(scales: number): Mapping {
  return (call) => {
    const x = call.image(0);
    const mode = call.text('mode', 'nearest');
    if (mode !== 'nearest' && mode !== 'linear') throw new NotCovered(`mode ${mode}`);
    const interpolation: Interpolation = mode === 'nearest' ? 'nearest' : 'bilinear';
    const coordinates = call.text('coordinate_transformation_mode', scales === 1 ? 'asymmetric' : 'half_pixel');
    const rounding = call.text('nearest_mode', scales === 1 ? 'floor' : 'round_prefer_floor');
    const known = mode === 'linear' ? ['half_pixel'] : ['half_pixel round_prefer_floor', 'asymmetric floor'];
    const asked = mode === 'linear' ? coordinates : `${coordinates} ${rounding}`;
    if (!known.includes(asked)) throw new NotCovered(`coordinates ${asked}`);
    call.expect('antialias', 0);
    const factors = factorsOf(call, scales);
    if (!factors.every((factor) => Number.isInteger(factor) && factor >= 1)) throw new NotCovered(`factors ${factors}`);
    const [n, c, fy, fx] = factors as [number, number, number, number];
    if (n !== 1 || c !== 1) throw new NotCovered('other axes than height and width');
    return [channelsFirst(upSample(x, { size: [fy, fx], interpolation }), 4)];
  };
}

/** By how much each axis of [n, c, h, w] grows. */
function factorsOf(call: OnnxCall, scales: number): number[] {
  const { shape } = call.host(0);
  const axes = call.ints(
    'axes',
    shape.map((_, i) => i),
  );
  const growth = call.has(scales)
    ? call.integers(scales)
    : call.integers(3).map((size, i) => size / (shape[axes[i] as number] as number));
  const policy = call.text('keep_aspect_ratio_policy', 'stretch');
  const one = policy === 'not_larger' ? Math.min(...growth) : Math.max(...growth);
  return shape.map((_, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? 1 : policy === 'stretch' ? (growth[i] as number) : one;
  });
}

export const arrayMappings: Readonly<Record<string, Mapping>> = {
  CenterCropPad: centring,
  Concat: (call) => [concatenate(call.values(), call.int('axis', 0))],
  Expand: expanding,
  Flatten: flattening,
  Gemm: gemm,
  LogSoftmax: along(logSoftmax),
  MatMul: matrixProduct,
  Pad: padding,
  ReduceL2: reduction((x, options) => sqrt(sum(square(x), options))),
  ReduceMax: reduction(max),
  ReduceMean: reduction(mean),
  ReduceSum: reduction(sum),
  ReduceSumSquare: sumSquare,
  Reshape: reshaping,
  Resize: enlarging(2),
  Slice: slicing,
  Softmax: along(softmax),
  Split: splitting,
  Squeeze: squeezing,
  Transpose: (call) => [transpose(call.value(0), call.ints('perm', reversed(call.host(0).shape)))],
  Unsqueeze: unsqueezing,
  Upsample: enlarging(1),
};

function reversed(shape: Shape): number[] {
  return shape.map((_, axis) => axis).reverse();
}
