import type { BatchNormalization } from '../../layers/batchNormalization.js';
import { borderPixels } from '../../layers/border.js';
import type { Cropping2d } from '../../layers/cropping2d.js';
import type { LayerNormalization } from '../../layers/layerNormalization.js';
import type { Normalization } from '../../layers/normalization.js';
import type { UpSampling2d } from '../../layers/upSampling2d.js';
import type { ZeroPadding2d } from '../../layers/zeroPadding2d.js';
import { FoveaError } from '../../tensor/errors.js';
import type { LayerContext } from './layerContext.js';

/** γ or β of a layer, or what stands in its place. */
async function affine(context: LayerContext, weight: string, present: boolean, size: number): Promise<string> {
  const otherwise = async () => new Float32Array(size).fill(weight === 'gamma' ? 1 : 0);
  return context.weights(weight, [size], () => (present ? context.read(weight) : otherwise()));
}

export async function writeBatchNormalization(context: LayerContext, layer: BatchNormalization): Promise<string> {
  const { axis, epsilon, momentum, scale, center } = layer.options;
  const size = layer.weights.at(-1)?.variable.size ?? 0;
  const measured = async (name: string) => context.weights(name, [size], () => context.read(name));
  const operands = [
    await affine(context, 'gamma', scale, size),
    await affine(context, 'beta', center, size),
    await measured('movingMean'),
    await measured('movingVariance'),
  ];
  const attributes = { epsilon: { real: epsilon }, momentum: { real: momentum } };
  const place = context.axis(axis);
  const rank = context.inputShape.length + 1;
  if (place === 1) return context.emit('BatchNormalization', [context.x, ...operands], attributes);
  const swap = Array.from({ length: rank }, (_, i) => (i === 1 ? place : i === place ? 1 : i));
  const moved = context.emit('Transpose', [context.x], { perm: swap }, 'moved');
  const y = context.emit('BatchNormalization', [moved, ...operands], attributes);
  return context.emit('Transpose', [y], { perm: swap }, 'back');
}

export async function writeLayerNormalization(context: LayerContext, layer: LayerNormalization): Promise<string> {
  const { axis, epsilon, scale, center } = layer.options;
  const shape = layer.weights[0]?.variable.shape ?? [context.inputShape.at(-1) as number];
  if ([axis].flat().length !== 1 || shape.length !== 1) {
    const rule = 'normalization over several axes is not written as ONNX';
    throw new FoveaError('option', { where: layer.where, rule, remedy: 'Save the model as safetensors' });
  }
  const size = shape[0] as number;
  const operands = [await affine(context, 'gamma', scale, size), await affine(context, 'beta', center, size)];
  const x = context.isPicture ? context.emit('Transpose', [context.x], { perm: [0, 2, 3, 1] }, 'nhwc') : context.x;
  const y = context.emit('LayerNormalization', [x, ...operands], { axis: { whole: -1 }, epsilon: { real: epsilon } });
  return context.isPicture ? context.emit('Transpose', [y], { perm: [0, 3, 1, 2] }, 'nchw') : y;
}

/** Channels in order, then − mean and ÷ standard deviation. */
export function writeNormalization(context: LayerContext, layer: Normalization): string {
  const { mean, standardDeviation, channelOrder } = layer.options;
  const shape = (list: readonly number[]) => (context.isPicture && list.length > 1 ? [list.length, 1, 1] : undefined);
  const numbers = (name: string, value: number | readonly number[]) => {
    const list = [value].flat();
    return context.reals(name, list, shape(list));
  };
  const reversed = context.wholes.bind(context, 'channels', [2, 1, 0]);
  let x = context.x;
  if (channelOrder === 'bgr') x = context.emit('Gather', [x, reversed()], { axis: { whole: context.axis(-1) } }, 'bgr');
  const centred = context.emit('Sub', [x, numbers('mean', mean)], {}, 'centred');
  return context.emit('Div', [centred, numbers('standardDeviation', standardDeviation)]);
}

/** In the order of a picture's pixels, channels last, as ours are flattened. */
export function writeFlatten(context: LayerContext): string {
  const [h = 1, w = 1, c = 1] = context.inputShape;
  const oneOrder = !context.isPicture || c === 1 || (h === 1 && w === 1);
  const x = oneOrder ? context.x : context.emit('Transpose', [context.x], { perm: [0, 2, 3, 1] }, 'nhwc');
  return context.emit('Flatten', [x], { axis: { whole: 1 } });
}

export function writeReshape(context: LayerContext): string {
  const { shape } = context.node;
  const x = context.isPicture ? context.emit('Transpose', [context.x], { perm: [0, 2, 3, 1] }, 'nhwc') : context.x;
  const y = context.emit('Reshape', [x, context.wholes('shape', [-1, ...shape])]);
  return shape.length === 3 ? context.emit('Transpose', [y], { perm: [0, 3, 1, 2] }, 'nchw') : y;
}

export function writeZeroPadding2d(context: LayerContext, layer: ZeroPadding2d): string {
  const [top, bottom, left, right] = borderPixels(layer.options.padding);
  return context.emit('Pad', [context.x, context.wholes('pads', [0, 0, top, left, 0, 0, bottom, right])]);
}

export function writeCropping2d(context: LayerContext, layer: Cropping2d): string {
  const [top, , left] = borderPixels(layer.options.cropping);
  const [h = 0, w = 0] = context.node.shape;
  const starts = context.wholes('starts', [top, left]);
  const ends = context.wholes('ends', [top + h, left + w]);
  return context.emit('Slice', [context.x, starts, ends, context.wholes('axes', [2, 3])]);
}

export function writeUpSampling2d(context: LayerContext, layer: UpSampling2d): string {
  const { interpolation } = layer.options;
  const [h = 0, w = 0] = context.node.shape;
  const [inputRows = 1, inputColumns = 1] = context.inputShape;
  const scales = context.reals('scales', [1, 1, h / inputRows, w / inputColumns]);
  const attributes =
    interpolation === 'nearest'
      ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
      : { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
  return context.emit('Resize', [context.x, '', scales], attributes);
}
