import { averagePooling2d } from '../../layers/averagePooling2d.js';
import { conv2d } from '../../layers/conv2d.js';
import { conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { cropping2d } from '../../layers/cropping2d.js';
import { depthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { globalMaxPooling2d } from '../../layers/globalMaxPooling2d.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { zeroPadding2d } from '../../layers/zeroPadding2d.js';
import { gatherStrided } from '../strided.js';
import type { Constant } from './constants.js';
import type { NodeReader, OnnxNode, WeightNumbers } from './importer.js';

type Pair = [number, number];
/** [top, bottom, left, right] */
type Pads = [number, number, number, number];

interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
}

/** Filters [o, i, h, w] as [h, w, i, o]. */
function kernelNumbers(constant: Constant): WeightNumbers {
  const [o, i, h, w] = constant.shape as [number, number, number, number];
  return () => gatherStrided(constant.floats(), [h, w, i, o], [w, 1, h * w, i * h * w]) as Float32Array;
}

export const readConv: NodeReader = (node) => {
  const { output, h, w, c } = node.picture();
  const weights = node.constant(1);
  if (weights.shape.length !== 4)
    return node.unsupported('2-D convolutions are read', `filters of ${weights.shape.length} axes`);
  const [filters, perGroup, ...kernel] = weights.shape as [number, number, number, number];
  const groups = node.attributes.whole('group', 1);
  if (perGroup * groups !== c || groups < 1 || filters % groups !== 0) {
    return node.unsupported(`the filters are for ${perGroup * groups} channels`, `${c} channels`);
  }
  const { strides, dilations, pads } = readWindow(node, [h, w], kernel);
  const useBias = node.has(2);
  const name = node.name(weights);
  const common = { name, kernelSize: kernel, strides, dilationRate: dilations, padding: pads, useBias } as const;
  const bias = useBias ? [biasNumbers(node, 2, filters)] : [];
  if (groups === c && groups > 1) {
    const depthMultiplier = filters / c;
    const [kh, kw] = kernel;
    const strides_ = [kw, 1, depthMultiplier * kh * kw, kh * kw];
    const numbers = () => gatherStrided(weights.floats(), [kh, kw, c, depthMultiplier], strides_) as Float32Array;
    return node.apply(depthwiseConv2d({ ...common, depthMultiplier }), output, 'channelsFirst', [numbers, ...bias]);
  }
  return node.apply(conv2d({ ...common, filters, groups }), output, 'channelsFirst', [kernelNumbers(weights), ...bias]);
};

export function biasNumbers(node: OnnxNode, i: number, size: number): WeightNumbers {
  const constant = node.constant(i);
  if (constant.size !== size) node.unsupported(`input ${i} must hold ${size} numbers`, `${constant.size}`);
  return () => constant.floats();
}

/** A transposed convolution, and what its padding takes off as cropping. */
export const readConvTranspose: NodeReader = (node) => {
  const { output, h, w, c } = node.picture();
  const weights = node.constant(1);
  const { attributes } = node;
  const [inputs, filters, kh, kw] = weights.shape as [number, number, number, number];
  if (weights.shape.length !== 4 || inputs !== c || attributes.whole('group', 1) !== 1) {
    return node.unsupported('2-D transposed convolutions of one group are read');
  }
  const kernel: Pair = [kh, kw];
  const strides = attributes.wholes('strides') ?? [1, 1];
  const dilations = attributes.wholes('dilations') ?? [1, 1];
  const outputPadding = attributes.wholes('output_padding') ?? [0, 0];
  const auto = attributes.text('auto_pad', 'NOTSET');
  if (auto !== 'NOTSET' && auto !== 'VALID') return node.unsupported('its padding must be given in numbers', auto);
  const [top = 0, left = 0, bottom = 0, right = 0] = attributes.wholes('pads') ?? [];
  const full = (size: number, i: 0 | 1): number =>
    (size - 1) * (strides[i] ?? 1) + (kernel[i] - 1) * (dilations[i] ?? 1) + 1 + (outputPadding[i] ?? 0);
  const target = attributes.wholes('output_shape');
  if (
    target !== undefined &&
    (target.at(-2) !== full(h, 0) - top - bottom || target.at(-1) !== full(w, 1) - left - right)
  ) {
    return node.unsupported('its output_shape must agree with its padding');
  }
  const useBias = node.has(2);
  const layer = conv2dTranspose({
    name: node.name(weights),
    filters,
    kernelSize: kernel,
    strides: strides as Pair,
    dilationRate: dilations as Pair,
    outputPadding: outputPadding as Pair,
    useBias,
  });
  const numbers = () =>
    gatherStrided(weights.floats(), [kh, kw, filters, c], [kw, 1, kh * kw, filters * kh * kw]) as Float32Array;
  const bias = useBias ? [biasNumbers(node, 2, filters)] : [];
  const stamped = node.apply(layer, output, 'channelsFirst', [numbers, ...bias]);
  if (top + bottom + left + right === 0) return stamped;
  const cropping = [
    [top, bottom],
    [left, right],
  ] as const;
  return node.apply(cropping2d({ name: node.name(), cropping }), stamped.output, 'channelsFirst');
};

export const readPool: NodeReader = (node) => {
  const { output, h, w } = node.picture();
  const kernel = node.attributes.wholes('kernel_shape') as Pair | undefined;
  if (kernel?.length !== 2) return node.unsupported('2-D pooling is read');
  if (node.outputs.length > 1 && node.outputs[1] !== '' && node.state.uses.has(node.outputs[1] as string)) {
    return node.unsupported('the places of the largest values are not given');
  }
  const { strides, dilations, pads } = readWindow(node, [h, w], kernel);
  if (dilations.some((n) => n !== 1)) return node.unsupported('pooling windows have no gaps', `dilations ${dilations}`);
  const ceiling =
    node.attributes.whole('ceil_mode', 0) === 1 ? ceilingPads([h, w], { kernel, strides, dilations, pads }) : pads;
  const name = node.name();
  const common = { poolSize: kernel, strides } as const;
  if (node.op === 'MaxPool')
    return node.apply(maxPooling2d({ name, ...common, padding: ceiling }), output, 'channelsFirst');
  if (node.attributes.whole('count_include_pad', 0) === 0 || pads.every((n) => n === 0)) {
    return node.apply(averagePooling2d({ name, ...common, padding: ceiling }), output, 'channelsFirst');
  }
  if (ceiling.some((n, i) => n !== pads[i])) {
    return node.unsupported('padding cannot be counted in windows beyond the edge', 'ceil_mode and count_include_pad');
  }
  const [top, bottom, left, right] = pads;
  const padding = [
    [top, bottom],
    [left, right],
  ] as const;
  const padded = node.apply(zeroPadding2d({ name: node.name(), padding }), output, 'channelsFirst');
  return node.apply(averagePooling2d({ name, ...common }), padded.output, 'channelsFirst');
};

export const readGlobalPool: NodeReader = (node) => {
  const { output } = node.picture();
  const options = { name: node.name(), keepDims: true };
  const layer = node.op === 'GlobalMaxPool' ? globalMaxPooling2d(options) : globalAveragePooling2d(options);
  return node.apply(layer, output, 'channelsFirst');
};

/** ReduceMean and ReduceMax over height and width. */
export const readReduce: NodeReader = (node) => {
  const { output, order } = node.layer();
  const rank = output.shape.length + 1;
  const axes = node.attributes.wholes('axes') ?? node.wholes(1) ?? [];
  const found = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort();
  const wanted = order === 'channelsFirst' ? [2, 3] : [1, 2];
  if (rank !== 4 || found.length !== 2 || found.some((axis, i) => axis !== wanted[i])) {
    return node.unsupported('reductions over height and width are read', `axes ${axes}`);
  }
  const options = { name: node.name(), keepDims: node.attributes.whole('keepdims', 1) === 1 };
  const layer = node.op === 'ReduceMax' ? globalMaxPooling2d(options) : globalAveragePooling2d(options);
  return node.apply(layer, output, options.keepDims ? order : 'plain');
};

/** Strides, dilations and padding [top, bottom, left, right] of a convolution or pooling. */
function readWindow(node: OnnxNode, input: Pair, kernel: Pair): Window {
  const { attributes } = node;
  const pair = (name: string): Pair => {
    const [vertical = 1, horizontal = 1] = attributes.wholes(name) ?? [];
    return [vertical, horizontal];
  };
  const [strides, dilations] = [pair('strides'), pair('dilations')];
  const auto = attributes.text('auto_pad', 'NOTSET');
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const along = (i: 0 | 1): Pair => {
      const wide = (kernel[i] - 1) * dilations[i] + 1;
      const total = Math.max(0, (Math.ceil(input[i] / strides[i]) - 1) * strides[i] + wide - input[i]);
      const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
      return auto === 'SAME_UPPER' ? [less, more] : [more, less];
    };
    return { kernel, strides, dilations, pads: [...along(0), ...along(1)] };
  }
  const [top = 0, left = 0, bottom = 0, right = 0] = auto === 'NOTSET' ? (attributes.wholes('pads') ?? []) : [];
  return { kernel, strides, dilations, pads: [top, bottom, left, right] };
}

/** The padding that gives as many windows as rounding up does: a last window must begin before the end padding. */
function ceilingPads(input: Pair, { kernel, strides, pads }: Window): Pads {
  const along = (i: 0 | 1): Pair => {
    const [before, after] = [pads[2 * i] as number, pads[2 * i + 1] as number];
    let count = Math.ceil((input[i] + before + after - kernel[i]) / strides[i]) + 1;
    if ((count - 1) * strides[i] >= input[i] + before) count--;
    return [before, Math.max(after, (count - 1) * strides[i] + kernel[i] - input[i] - before)];
  };
  return [...along(0), ...along(1)];
}
