import { AveragePooling2d } from '../../layers/averagePooling2d.js';
import type { BasePooling2d } from '../../layers/basePooling2d.js';
import type { Conv2d } from '../../layers/conv2d.js';
import type { Conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { type ConvWindow, type ConvWindowOptions, convWindow } from '../../layers/convWindow.js';
import type { Dense } from '../../layers/dense.js';
import type { DepthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import type { SeparableConv2d } from '../../layers/separableConv2d.js';
import type { Shape } from '../../tensor/shape.js';
import { gatherStrided } from '../strided.js';
import type { AttributeValue } from './graphWriter.js';
import type { LayerContext } from './layerContext.js';

type Attributes = Record<string, AttributeValue>;

function windowOf(
  { node, inputShape: [h = 0, w = 0] }: LayerContext,
  options: Required<ConvWindowOptions>,
): ConvWindow {
  return convWindow(node.layer.where, options, h, w);
}

function windowAttributes({ kernel, attributes: { strides, padding, dilations } }: ConvWindow): Attributes {
  const [top, bottom, left, right] = padding;
  const pads = [top, left, bottom, right];
  return { kernel_shape: [...kernel], strides: [...strides], dilations: [...dilations], pads };
}

/** A kernel's axes in another order; `shape` and `strides` are those of the result. */
async function kernel(context: LayerContext, weight: string, name: string, shape: Shape, strides: readonly number[]) {
  const make = async () => gatherStrided(await context.read(weight), shape, strides) as Float32Array;
  return context.weights(name, shape, make);
}

async function bias(context: LayerContext, useBias: boolean, size: number): Promise<string[]> {
  return useBias ? [await context.weights('bias', [size], () => context.read('bias'))] : [];
}

export async function writeConv2d(context: LayerContext, layer: Conv2d): Promise<string> {
  const { filters, groups, useBias, activation } = layer.options;
  const window = windowOf(context, layer.options);
  const [kh, kw] = window.kernel;
  const inputs = (context.inputShape[2] as number) / groups;
  const strides = [1, filters, kw * inputs * filters, inputs * filters];
  const weights = await kernel(context, 'kernel', 'weight', [filters, inputs, kh, kw], strides);
  const operands = [context.x, weights, ...(await bias(context, useBias, filters))];
  const y = context.emit('Conv', operands, { ...windowAttributes(window), group: { whole: groups } });
  return context.activate(y, activation, 1);
}

async function depthwise(context: LayerContext, weight: string, name: string, window: ConvWindow, multiplier: number) {
  const [kh, kw] = window.kernel;
  const channels = (context.inputShape[2] as number) * multiplier;
  return kernel(context, weight, name, [channels, 1, kh, kw], [1, 0, kw * channels, channels]);
}

export async function writeDepthwiseConv2d(context: LayerContext, layer: DepthwiseConv2d): Promise<string> {
  const { depthMultiplier, useBias, activation } = layer.options;
  const c = context.inputShape[2] as number;
  const window = windowOf(context, layer.options);
  const weights = await depthwise(context, 'kernel', 'weight', window, depthMultiplier);
  const operands = [context.x, weights, ...(await bias(context, useBias, c * depthMultiplier))];
  const y = context.emit('Conv', operands, { ...windowAttributes(window), group: { whole: c } });
  return context.activate(y, activation, 1);
}

export async function writeSeparableConv2d(context: LayerContext, layer: SeparableConv2d): Promise<string> {
  const { depthMultiplier, filters, useBias, activation } = layer.options;
  const c = context.inputShape[2] as number;
  const window = windowOf(context, layer.options);
  const first = await depthwise(context, 'depthwiseKernel', 'depthwiseKernel', window, depthMultiplier);
  const attributes = { ...windowAttributes(window), group: { whole: c } };
  const between = context.emit('Conv', [context.x, first], attributes, 'depthwise');
  const shape = [filters, c * depthMultiplier, 1, 1];
  const second = await kernel(context, 'pointwiseKernel', 'pointwiseKernel', shape, [1, filters, 1, 1]);
  const y = context.emit('Conv', [between, second, ...(await bias(context, useBias, filters))]);
  return context.activate(y, activation, 1);
}

export async function writeConv2dTranspose(context: LayerContext, layer: Conv2dTranspose): Promise<string> {
  const { filters, useBias, activation } = layer.options;
  const [h, w, c] = context.inputShape as [number, number, number];
  const { size, padding, strides, dilations } = layer.geometry(h, w);
  const [top, bottom, left, right] = padding;
  const [kh, kw] = (layer.weights[0]?.variable.shape ?? []) as [number, number];
  const full = (n: number, i: 0 | 1): number =>
    (n - 1) * strides[i] + ([kh, kw][i] as number) * dilations[i] - dilations[i] + 1;
  const outputPadding = [size[0] + top + bottom - full(h, 0), size[1] + left + right - full(w, 1)];
  const weights = await kernel(
    context,
    'kernel',
    'weight',
    [c, filters, kh, kw],
    [1, c, kw * filters * c, filters * c],
  );
  const y = context.emit('ConvTranspose', [context.x, weights, ...(await bias(context, useBias, filters))], {
    kernel_shape: [kh, kw],
    strides: [...strides],
    dilations: [...dilations],
    pads: [top, left, bottom, right],
    output_padding: outputPadding,
  });
  return context.activate(y, activation, 1);
}

export function writePooling2d(context: LayerContext, layer: BasePooling2d): string {
  const { poolSize, strides = poolSize, padding } = layer.options;
  const window = windowOf(context, { kernelSize: poolSize, strides, padding, dilationRate: 1 });
  const { dilations: _, ...attributes } = windowAttributes(window);
  if (!(layer instanceof AveragePooling2d)) return context.emit('MaxPool', [context.x], attributes);
  return context.emit('AveragePool', [context.x], { ...attributes, count_include_pad: { whole: 0 } });
}

/** Gemm for rows, a 1×1 convolution for pictures, MatMul and Add for anything else. */
export async function writeDense(context: LayerContext, layer: Dense): Promise<string> {
  const { units, useBias, activation } = layer.options;
  const { inputShape, x } = context;
  const inputs = inputShape.at(-1) as number;
  const biases = await bias(context, useBias, units);
  if (context.isPicture) {
    const weights = await kernel(context, 'kernel', 'weight', [units, inputs, 1, 1], [1, units, 1, 1]);
    return context.activate(context.emit('Conv', [x, weights, ...biases]), activation, 1);
  }
  const weights = await context.weights('weight', [inputs, units], () => context.read('kernel'));
  if (inputShape.length === 1) return context.activate(context.emit('Gemm', [x, weights, ...biases]), activation, 1);
  const product = context.emit('MatMul', [x, weights]);
  const [added] = biases;
  const y = added === undefined ? product : context.emit('Add', [product, added], {}, 'add');
  return context.activate(y, activation, inputShape.length);
}
