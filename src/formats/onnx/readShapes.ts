import { BaseGlobalPooling2d } from '../../layers/baseGlobalPooling2d.js';
import { channelPadding } from '../../layers/channelPadding.js';
import { concatenate } from '../../layers/concatenate.js';
import { cropping2d } from '../../layers/cropping2d.js';
import { dropout } from '../../layers/dropout.js';
import { flatten } from '../../layers/flatten.js';
import { globalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { GlobalMaxPooling2d, globalMaxPooling2d } from '../../layers/globalMaxPooling2d.js';
import { localResponseNormalization } from '../../layers/localResponseNormalization.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import { normalization } from '../../layers/normalization.js';
import { reshape } from '../../layers/reshape.js';
import { upSampling2d } from '../../layers/upSampling2d.js';
import { zeroPadding2d } from '../../layers/zeroPadding2d.js';
import { sizeOf } from '../../tensor/shape.js';
import type { NodeReader, OnnxNode } from './importer.js';
import { type AxisOrder, type FlatPart, flatOrder, type LayerValue, type OnnxValue, sameOrder } from './values.js';

/** Transpositions between pictures with channels first and last. */
export const readTranspose: NodeReader = (node) => {
  const value = node.layer();
  const permutation = node.attributes.wholes('perm')?.join() ?? 'all axes in reverse order';
  if (value.output.shape.length === 3) {
    if (permutation === '0,1,2,3') return value;
    if (value.order === 'channelsFirst' && permutation === '0,2,3,1') return { ...value, order: 'plain' };
    if (value.order === 'plain' && permutation === '0,3,1,2') return { ...value, order: 'channelsFirst' };
  }
  return node.unsupported('pictures are transposed between channels first and channels last', permutation);
};

export const readFlatten: NodeReader = (node) => {
  const axis = node.attributes.whole('axis', 1);
  const value = node.layer();
  const rank = value.output.shape.length + 1;
  if (axis !== 1 && axis !== 1 - rank) return node.unsupported('all axes but the batch are flattened', `axis ${axis}`);
  return flattened(node, value);
};

function flattened(node: OnnxNode, value: LayerValue): LayerValue {
  const { output, order } = value;
  if (output.shape.length === 1) return value;
  const { layer, inputs } = output;
  if (layer instanceof BaseGlobalPooling2d && node.onlyUser(0)) {
    const make = layer instanceof GlobalMaxPooling2d ? globalMaxPooling2d : globalAveragePooling2d;
    return node.apply(make({ name: layer.name }), inputs, 'plain');
  }
  const channels = output.shape.at(-1) as number;
  const parts: FlatPart[] = [{ channels, pixels: sizeOf(output.shape) / channels }];
  return node.apply(flatten({ name: node.name() }), output, order === 'channelsFirst' ? flatOrder(parts) : 'plain');
}

/** Sizes, of an input that is constant or computed from sizes. */
function sizesOf(node: OnnxNode, i: number): readonly (number | 'batch')[] {
  const value = node.value(i);
  if (value.kind === 'sizes') return value.sizes;
  return [...node.constant(i).numbers()];
}

export const readReshape: NodeReader = (node) => {
  const target = [...(node.attributes.wholes('shape') ?? sizesOf(node, 1))];
  const { batch } = node.state;
  const value = node.layer();
  const [first, ...rest] = target;
  // The batch: named as such, kept, left over, or the size that the file is made for.
  const keepsBatch = first === 'batch' || first === 0 || first === -1 || (batch !== undefined && first === batch);
  if (!keepsBatch || rest.includes('batch')) return node.unsupported('the batch must stay as it is', `[${target}]`);
  return reshaped(node, value, rest as number[], first === -1);
};

function reshaped(node: OnnxNode, value: LayerValue, target: readonly number[], batchIsLeft: boolean): LayerValue {
  const { output, order } = value;
  const own = order === 'channelsFirst' ? [output.shape[2], output.shape[0], output.shape[1]] : output.shape;
  const sizes = target.map((n, i) => (n === 0 ? (own[i] ?? 0) : n));
  const given = sizeOf(sizes.filter((n) => n !== -1));
  const filled = sizes.map((n) => (n === -1 ? sizeOf(output.shape) / given : n));
  const fits = filled.every((n) => Number.isInteger(n) && n > 0) && sizeOf(filled) === sizeOf(output.shape);
  if (!fits || (batchIsLeft && sizes.includes(-1))) {
    return node.unsupported(`the numbers of one example, ${sizeOf(output.shape)}, must fit`, `[${target}]`);
  }
  if (filled.length === 1) return flattened(node, value);
  if (filled.length === own.length && filled.every((n, i) => n === own[i])) return value;
  const single = order === 'channelsFirst' ? output.shape[0] === 1 && output.shape[1] === 1 : output.shape.length === 1;
  const [c, h, w] = filled as [number, number, number];
  if (filled.length === 3 && single && h === 1 && w === 1 && typeof order === 'string') {
    return node.apply(reshape({ name: node.name(), targetShape: [1, 1, c] }), output, 'channelsFirst');
  }
  if (order !== 'plain')
    return node.unsupported('pictures with channels first become rows or nothing else', `[${target}]`);
  return node.apply(reshape({ name: node.name(), targetShape: filled }), output, 'plain');
}

/** Squeeze and Unsqueeze of values: another shape of the same numbers. Of sizes: nothing to do. */
export const readSqueeze: NodeReader = (node) => {
  const value = node.value(0);
  const axes = node.attributes.wholes('axes') ?? node.wholes(1);
  const squeezes = node.op === 'Squeeze';
  if (value.kind === 'sizes') return { ...value, single: squeezes };
  if (value.kind === 'constant') {
    const { constant } = value;
    return { kind: 'constant', constant: constant.as(constant.name, squeezes ? [] : [...constant.shape, 1]) };
  }
  const { output, order } = node.layer();
  const { shape } = output;
  const own = order === 'channelsFirst' ? [0, shape[2], shape[0], shape[1]] : [0, ...shape];
  const rank = own.length + (squeezes ? 0 : (axes?.length ?? 0));
  const all = (axes ?? []).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  if (axes === undefined || all[0] === 0) return node.unsupported('the axes must be given, and not the batch');
  let target = own as number[];
  if (squeezes) target = target.filter((_, i) => !all.includes(i));
  else for (const axis of all) target = [...target.slice(0, axis), 1, ...target.slice(axis)];
  return reshaped(node, node.layer(), target.slice(1), false);
};

export const readConcat: NodeReader = (node) => {
  const values = node.inputs;
  if (values.every(({ kind }) => kind === 'sizes' || kind === 'constant')) {
    return { kind: 'sizes', sizes: values.flatMap((_, i) => sizesOf(node, i)), single: false };
  }
  const all = values.map((_, i) => node.layer(i));
  const [first] = all as [LayerValue];
  if (all.length === 1) return first;
  const rank = first.output.shape.length + 1;
  const given = node.attributes.whole('axis', 1);
  const axis = given < 0 ? given + rank : given;
  const pictures = first.order === 'channelsFirst';
  const rows = all.every(({ output }) => output.shape.length === 1);
  if (axis < 1 || axis >= rank || !(rows || all.every(({ order }) => sameOrder(order, first.order)))) {
    return node.unsupported('values with their axes in the same order are joined, not the batch', `axis ${given}`);
  }
  const order: AxisOrder = rows ? flatOrder(all.flatMap(partsOf)) : first.order;
  const ours = pictures ? ([-1, 1, 2][axis - 1] as number) : axis;
  return node.apply(
    concatenate({ name: node.name(), axis: ours }),
    all.map(({ output }) => output),
    order,
  );
};

function partsOf({ output, order }: LayerValue): readonly FlatPart[] {
  return typeof order === 'string' ? [{ channels: output.shape[0] as number, pixels: 1 }] : order;
}

export const readPad: NodeReader = (node) => {
  const { output, order } = node.layer();
  const mode = node.attributes.text('mode', 'constant');
  const value = node.has(2) ? (node.constant(2).floats()[0] ?? 0) : node.attributes.real('value', 0);
  const axes = node.wholes(3);
  const rank = output.shape.length + 1;
  const pads = node.attributes.wholes('pads') ?? node.wholes(1) ?? [];
  if (mode !== 'constant' || value !== 0 || rank !== 4 || pads.some((n) => n < 0)) {
    return node.unsupported('pictures are padded with zeros', `mode ${mode}, value ${value}`);
  }
  const count = axes?.length ?? rank;
  const ends = (axis: number): [number, number] => {
    const i = axes === undefined ? axis : axes.findIndex((one) => (one < 0 ? one + rank : one) === axis);
    return i < 0 ? [0, 0] : [pads[i] ?? 0, pads[i + count] ?? 0];
  };
  const [vertical, horizontal, channels] = order === 'channelsFirst' ? [2, 3, 1] : [1, 2, 3];
  if (ends(0).some((n) => n !== 0)) return node.unsupported('the batch must stay as it is');
  const [before, after] = ends(channels as number);
  const padding = [ends(vertical as number), ends(horizontal as number)] as const;
  let result: LayerValue = node.layer();
  if (padding.flat().some((n) => n > 0))
    result = node.apply(zeroPadding2d({ name: node.name(), padding }), output, order);
  if (before + after === 0) return result;
  return node.apply(channelPadding({ name: node.name(), before, after }), result.output, order);
};

/** Crops, and pictures of every second row and column. */
export const readSlice: NodeReader = (node) => {
  const value = node.value(0);
  const { attributes } = node;
  const starts = attributes.wholes('starts') ?? node.wholes(1) ?? [];
  const ends = attributes.wholes('ends') ?? node.wholes(2) ?? [];
  const axes = attributes.wholes('axes') ?? node.wholes(3) ?? starts.map((_, i) => i);
  const steps = node.wholes(4) ?? starts.map(() => 1);
  if (value.kind === 'sizes') {
    if (axes.length !== 1 || steps[0] !== 1) return node.unsupported('a run of sizes is taken');
    return { kind: 'sizes', sizes: value.sizes.slice(starts[0], ends[0]), single: false };
  }
  const { output, h, w } = node.picture();
  const crop: [number, number][] = [
    [0, 0],
    [0, 0],
  ];
  const strides: [number, number] = [1, 1];
  for (const [i, given] of axes.entries()) {
    const axis = given < 0 ? given + 4 : given;
    const size = [h, w][axis - 2];
    const [start = 0, end = 0, step = 1] = [starts[i], ends[i], steps[i]];
    if (size === undefined || step < 1)
      return node.unsupported('rows and columns are taken, in order', `axis ${given}`);
    const place = (n: number): number => Math.min(size, Math.max(0, n < 0 ? n + size : n));
    crop[axis - 2] = [place(start), size - place(end)];
    strides[axis - 2] = step;
  }
  let result: OnnxValue = node.layer();
  if (crop.flat().some((n) => n > 0))
    result = node.apply(
      cropping2d({ name: node.name(), cropping: crop as [[number, number], [number, number]] }),
      output,
      'channelsFirst',
    );
  if (strides.every((n) => n === 1)) return result;
  return node.apply(maxPooling2d({ name: node.name(), poolSize: 1, strides }), result.output, 'channelsFirst');
};

/** One of several sizes, or the channels of a picture in reverse order. */
export const readGather: NodeReader = (node) => {
  const value = node.value(0);
  const indices = node.constant(1);
  const axis = node.attributes.whole('axis', 0);
  if (value.kind === 'sizes') {
    const sizes = [...indices.numbers()].map((i) => value.sizes.at(i));
    if (sizes.some((size) => size === undefined)) return node.unsupported('there is no such size');
    return { kind: 'sizes', sizes: sizes as (number | 'batch')[], single: indices.shape.length === 0 };
  }
  const { output, order } = node.layer();
  const channelAxis = order === 'channelsFirst' ? 1 : output.shape.length;
  const reversed = [...indices.numbers()].join() === '2,1,0' && output.shape.at(-1) === 3;
  if (!reversed || (axis < 0 ? axis + output.shape.length + 1 : axis) !== channelAxis) {
    return node.unsupported('three channels are put in reverse order');
  }
  return node.apply(normalization({ name: node.name(), channelOrder: 'bgr' }), output, order);
};

export const readDropout: NodeReader = (node) => {
  const { output, order } = node.layer();
  const rate = node.has(1) ? (node.constant(1).floats()[0] ?? 0.5) : node.attributes.real('ratio', 0.5);
  if (!(rate > 0 && rate < 1)) return node.layer();
  return node.apply(dropout({ name: node.name(), rate }), output, order);
};

export const readResponseNormalization: NodeReader = (node) => {
  const { output } = node.picture();
  const { attributes } = node;
  const layer = localResponseNormalization({
    name: node.name(),
    size: attributes.whole('size', 1),
    alpha: attributes.real('alpha', 1e-4),
    beta: attributes.real('beta', 0.75),
    bias: attributes.real('bias', 1),
  });
  return node.apply(layer, output, 'channelsFirst');
};

export const readResize: NodeReader = (node) => {
  const { output, h, w } = node.picture();
  const { attributes, op } = node;
  const old = op === 'Upsample' || node.state.opset < 11;
  const scales = attributes.reals('scales') ?? constantList(node, old ? 1 : 2);
  const sizes = old ? undefined : constantList(node, 3);
  const axes = attributes.wholes('axes')?.map((axis) => (axis < 0 ? axis + 4 : axis)) ?? [0, 1, 2, 3];
  const along = (axis: 2 | 3, size: number): number => {
    const i = axes.indexOf(axis);
    return scales?.[i] ?? (sizes?.[i] === undefined ? 1 : sizes[i] / size);
  };
  const [fy, fx] = [along(2, h), along(3, w)];
  if ([0, 1].some((axis) => (scales?.[axes.indexOf(axis)] ?? 1) !== 1))
    return node.unsupported('channels stay as many');
  const mode = attributes.text('mode', 'nearest');
  const place = attributes.text('coordinate_transformation_mode', old ? 'asymmetric' : 'half_pixel');
  const rounding = attributes.text('nearest_mode', old ? 'floor' : 'round_prefer_floor');
  const whole = [fy, fx].every((factor) => Number.isInteger(factor) && factor >= 1);
  const halfPixel = place === 'half_pixel' || place === 'pytorch_half_pixel';
  const repeats =
    mode === 'nearest' &&
    ((place === 'asymmetric' && rounding === 'floor') ||
      (halfPixel && rounding.startsWith('round')) ||
      (place === 'asymmetric' && rounding === 'round_prefer_floor' && Math.max(fy, fx) <= 2));
  const blends = mode === 'linear' && halfPixel && h * fy > 1 && w * fx > 1;
  const stretches = attributes.text('keep_aspect_ratio_policy', 'stretch') === 'stretch';
  if (!whole || !stretches || (!repeats && !blends) || attributes.whole('antialias', 0) === 1) {
    return node.unsupported(
      'pictures grow by whole factors, nearest or linear with half pixels',
      `${mode}, ${place}, ${fy} × ${fx}`,
    );
  }
  const layer = upSampling2d({ name: node.name(), size: [fy, fx], interpolation: repeats ? 'nearest' : 'bilinear' });
  return node.apply(layer, output, 'channelsFirst');
};

function constantList(node: OnnxNode, i: number): number[] | undefined {
  const list = node.wholes(i);
  return list === undefined || list.length === 0 ? undefined : list;
}
