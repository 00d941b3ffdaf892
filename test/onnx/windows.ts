import type { Graph, Value } from '../../src/ops/graph.js';
import { abs, averagePool, bias, conv2d, power, scale } from '../../src/ops/index.js';
import { effectiveKernel, type Pads, type Pair, type WindowAttributes } from '../../src/ops/windows.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { channelsFirst, type Mapping, NotCovered, type Numbers, type OnnxCall, permute, type Result } from './call.js';

// Convolutions and poolings: ONNX has images with channels first, filters [out, in, h, w], paddings [t, l, b, r].

interface Window extends WindowAttributes {
  readonly poolSize: Pair;
}

/** One number per axis of pixels as [height, width]: an image of one axis is one row. */
function pairOf(list: readonly number[], ofRow = 1): Pair {
  if (list.length === 0) return [ofRow, ofRow];
  if (list.length > 2) throw new NotCovered(`${list.length} axes of pixels`);
  return list.length === 1 ? [ofRow, list[0] as number] : (list as Pair);
}

/** ONNX's paddings [begins..., ends...] along one axis of [height, width]. */
function padsOf(call: OnnxCall, axis: 0 | 1): Pair {
  const pads = call.ints('pads');
  const half = pads.length / 2;
  return [pairOf(pads.slice(0, half), 0)[axis], pairOf(pads.slice(half), 0)[axis]];
}

/** The window of a convolution or pooling over an image [n, h, w, c]. */
function windowOf(call: OnnxCall, x: Value, kernelShape: readonly number[]): Window {
  const poolSize = pairOf(kernelShape);
  const strides = pairOf(call.ints('strides'));
  const dilations = pairOf(call.ints('dilations'));
  const autoPad = call.text('auto_pad', 'NOTSET');
  const along = ([0, 1] as const).map((axis): Pair => {
    const [input, stride] = [x.shape[axis + 1] as number, strides[axis]];
    const extent = effectiveKernel(poolSize[axis], dilations[axis]);
    if (autoPad.startsWith('SAME')) {
      const total = (Math.ceil(input / stride) - 1) * stride + extent - input;
      return halves(Math.max(0, total), autoPad === 'SAME_LOWER');
    }
    const [before, after] = padsOf(call, axis);
    if (call.int('ceil_mode', 0) === 0) return [before, after];
    let positions = Math.ceil((input + before + after - extent) / stride) + 1;
    // a window may not start in the padding behind the image
    if ((positions - 1) * stride >= input + before) positions--;
    const more = (positions - 1) * stride + extent - (input + before + after);
    if (more > 0 && call.int('count_include_pad', 0) === 1)
      throw new NotCovered('a mean that counts some padding only');
    return [before, after + Math.max(0, more)];
  });
  return { poolSize, strides, dilations, padding: along.flat() as unknown as Pads };
}

/** An amount of padding before and behind; the odd pixel goes behind unless told. */
function halves(total: number, oddBefore: boolean): Pair {
  const before = oddBefore ? Math.ceil(total / 2) : Math.floor(total / 2);
  return [before, total - before];
}

/** Filters [a, b, h, w], or [a, b, w] for images of one row, as [h, w, b, a] or [h, w, a, b]. */
function filtersOf({ shape, data }: Numbers, order: readonly number[]): Numbers {
  if (shape.length > 4) throw new NotCovered(`${shape.length - 2} axes of pixels`);
  return permute({ shape: shape.length === 3 ? shape.toSpliced(2, 0, 1) : shape, data }, order);
}

const conv: Mapping = (call) => {
  const x = call.image(0);
  const filters = call.host(1);
  const w = call.feed(filtersOf(filters, [2, 3, 1, 0]));
  const { strides, dilations, padding } = windowOf(call, x, filters.shape.slice(2));
  const y = conv2d(x, w, { strides, dilations, padding, groups: call.int('group', 1) });
  return [channelsFirst(call.has(2) ? bias(y, call.value(2)) : y, call.host(0).shape.length)];
};

/** A transposed convolution is the input gradient of a convolution; ONNX's filters are [in, out / group, h, w]. */
const convTranspose: Mapping = (call) => {
  const x = call.image(0);
  const filters = call.host(1);
  const w = call.feed(filtersOf(filters, [2, 3, 1, 0]));
  const kernel = pairOf(filters.shape.slice(2));
  const strides = pairOf(call.ints('strides'));
  const dilations = pairOf(call.ints('dilations'));
  const autoPad = call.text('auto_pad', 'NOTSET');
  const along = ([0, 1] as const).map((axis): { readonly pads: Pair; readonly size: number } => {
    const [input, stride] = [x.shape[axis + 1] as number, strides[axis]];
    const more = pairOf(call.ints('output_padding'), 0)[axis];
    const full = stride * (input - 1) + more + effectiveKernel(kernel[axis], dilations[axis]);
    const asked = call.ints('output_shape').length > 0 ? pairOf(call.ints('output_shape'))[axis] : input * stride;
    if (call.ints('output_shape').length === 0 && !autoPad.startsWith('SAME')) {
      const pads = padsOf(call, axis);
      return { pads, size: full - pads[0] - pads[1] };
    }
    return { pads: halves(Math.max(0, full - asked), autoPad !== 'SAME_UPPER'), size: asked };
  });
  const [y] = call.graph.emit('conv2dInputGradient', [x, w], {
    strides,
    dilations,
    padding: along.flatMap(({ pads }) => pads) as unknown as Pads,
    groups: call.int('group', 1),
    inputSize: along.map(({ size }) => size) as unknown as Pair,
  });
  return [channelsFirst(call.has(2) ? bias(y, call.value(2)) : y, call.host(0).shape.length)];
};

const averagePooling: Mapping = (call) => {
  const x = call.image(0);
  const window = windowOf(call, x, call.ints('kernel_shape'));
  const countIncludePadding = call.int('count_include_pad', 0) === 1;
  return [channelsFirst(averagePool(x, { ...window, countIncludePadding }), call.host(0).shape.length)];
};

/** (Σ |x|^p)^(1/p), from means whose padding counts. */
const lpPooling: Mapping = (call) => {
  const x = call.image(0);
  const window = windowOf(call, x, call.ints('kernel_shape'));
  const p = call.int('p', 2);
  const powers = power(abs(x), constant(call.graph, p));
  const means = averagePool(powers, { ...window, countIncludePadding: true });
  const sums = scale(means, sizeOf(window.poolSize));
  return [channelsFirst(power(sums, constant(call.graph, 1 / p)), call.host(0).shape.length)];
};

function constant(graph: Graph, value: number): Value {
  return graph.emit('fill', [], { shape: [1], value })[0];
}

const maxPooling: Mapping = (call) => {
  const x = call.image(0);
  const [y, switches] = call.graph.emit('maxPool', [x], windowOf(call, x, call.ints('kernel_shape')));
  const rank = call.host(0).shape.length;
  const results = [channelsFirst(y, rank), onnxIndices(switches as Value, x, rank, call.int('storage_order', 0) === 1)];
  return results.slice(0, call.outputs);
};

/** Switches number the pixels of a plane; ONNX's indices number the elements of the whole array, column by column if asked. */
function onnxIndices(switches: Value, x: Value, rank: number, columnMajor: boolean): Result {
  const [, h, w] = x.shape as [number, number, number];
  const { value, toOnnx } = channelsFirst(switches, rank);
  return {
    value,
    toOnnx: (numbers) => {
      const { shape, data } = toOnnx(numbers);
      const perPlane = sizeOf(shape.slice(2));
      const indices = Array.from(data, (pixel, i) => {
        const within = columnMajor ? (pixel % w) * h + Math.floor(pixel / w) : pixel;
        return Math.floor(i / perPlane) * h * w + within;
      });
      return { shape, data: indices };
    },
  };
}

/** ONNX's indices count in the size that the pooling undid; an `output_shape` adds rows and columns behind it. */
const maxUnpooling: Mapping = (call) => {
  const [x, indices] = [call.host(0), call.host(1)];
  const [, , oh, ow] = x.shape as [number, number, number, number];
  const [kernel, strides] = [pairOf(call.ints('kernel_shape')), pairOf(call.ints('strides'))];
  const [top, bottom] = padsOf(call, 0);
  const [left, right] = padsOf(call, 1);
  const h = (oh - 1) * strides[0] + kernel[0] - top - bottom;
  const w = (ow - 1) * strides[1] + kernel[1] - left - right;
  const outputSize = (call.has(2) ? call.integers(2).slice(2) : [h, w]) as unknown as Pair;
  const data = indices.data.map((index) => {
    const pixel = index % (h * w);
    return Math.floor(pixel / w) * outputSize[1] + (pixel % w);
  });
  const switches = call.feedIntegers(permute({ shape: indices.shape, data }, [0, 2, 3, 1]));
  return [channelsFirst(call.graph.emit('maxUnpool', [call.image(0), switches], { outputSize })[0], 4)];
};

export const windowMappings: Readonly<Record<string, Mapping>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  AveragePool: averagePooling,
  LpPool: lpPooling,
  MaxPool: maxPooling,
  MaxUnpool: maxUnpooling,
};
