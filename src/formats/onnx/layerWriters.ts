import { ActivationLayer } from '../../layers/activation.js';
import type { ActivationSpec } from '../../layers/activations.js';
import { Add } from '../../layers/add.js';
import { AveragePooling2d } from '../../layers/averagePooling2d.js';
import { BatchNormalization } from '../../layers/batchNormalization.js';
import { ChannelPadding } from '../../layers/channelPadding.js';
import { Concatenate } from '../../layers/concatenate.js';
import { Conv2d } from '../../layers/conv2d.js';
import { Conv2dTranspose } from '../../layers/conv2dTranspose.js';
import { Cropping2d } from '../../layers/cropping2d.js';
import { Dense } from '../../layers/dense.js';
import { DepthwiseConv2d } from '../../layers/depthwiseConv2d.js';
import { Dropout } from '../../layers/dropout.js';
import { Elu } from '../../layers/elu.js';
import { Flatten } from '../../layers/flatten.js';
import { Gelu } from '../../layers/gelu.js';
import { GlobalAveragePooling2d } from '../../layers/globalAveragePooling2d.js';
import { GlobalMaxPooling2d } from '../../layers/globalMaxPooling2d.js';
import type { Layer } from '../../layers/layer.js';
import { LayerNormalization } from '../../layers/layerNormalization.js';
import { LeakyRelu } from '../../layers/leakyRelu.js';
import { LocalResponseNormalization } from '../../layers/localResponseNormalization.js';
import { MaxPooling2d } from '../../layers/maxPooling2d.js';
import { Multiply } from '../../layers/multiply.js';
import { Normalization } from '../../layers/normalization.js';
import { Relu6, Sigmoid, Silu, Softplus, Tanh } from '../../layers/plainActivations.js';
import { Relu } from '../../layers/relu.js';
import { Rescaling } from '../../layers/rescaling.js';
import { Reshape } from '../../layers/reshape.js';
import { SeparableConv2d } from '../../layers/separableConv2d.js';
import { Softmax } from '../../layers/softmax.js';
import { SpatialDropout2d } from '../../layers/spatialDropout2d.js';
import { UpSampling2d } from '../../layers/upSampling2d.js';
import { ZeroPadding2d } from '../../layers/zeroPadding2d.js';
import type { LayerContext, LayerWriter } from './layerContext.js';
import {
  writeBatchNormalization,
  writeCropping2d,
  writeFlatten,
  writeLayerNormalization,
  writeNormalization,
  writeReshape,
  writeUpSampling2d,
  writeZeroPadding2d,
} from './writeOthers.js';
import {
  writeConv2d,
  writeConv2dTranspose,
  writeDense,
  writeDepthwiseConv2d,
  writePooling2d,
  writeSeparableConv2d,
} from './writeWindows.js';

type LayerClass<L extends Layer> = new (options: never) => L;

/** How layers of a class are written. */
function when<L extends Layer>(
  type: LayerClass<L>,
  write: (context: LayerContext, layer: L) => Promise<string> | string,
) {
  const entry: readonly [unknown, LayerWriter] = [type, (context) => write(context, context.node.layer as L)];
  return entry;
}

/** The activations that are layers: their options are those of the activation. */
function activationLayer(type: LayerClass<Layer & { readonly options: object }>, name: ActivationSpec['type']) {
  return when(type, (context, { options }) => {
    return context.activate(context.x, { ...options, type: name } as ActivationSpec, context.axis(-1));
  });
}

function joined(op: string) {
  return (context: LayerContext): string => {
    const [first, ...others] = context.inputs as [string, ...string[]];
    return others.reduce((sum, x) => context.emit(op, [sum, x]), first);
  };
}

function globalPooling(op: string) {
  return (context: LayerContext, { options }: GlobalAveragePooling2d | GlobalMaxPooling2d): string => {
    const y = context.emit(op, [context.x]);
    return options.keepDims ? y : context.emit('Flatten', [y], { axis: { whole: 1 } }, 'flatten');
  };
}

function writeDropout(context: LayerContext, layer: Dropout | SpatialDropout2d): string {
  // The classical kind scales where it is used; ONNX knows the inverted one.
  if (layer.options.kind === 'classical')
    return context.emit('Mul', [context.x, context.reals('kept', [1 - layer.rate])]);
  return context.emit('Dropout', [context.x, context.reals('ratio', [layer.rate])]);
}

/** Every kind of layer that there are ONNX operators for, by its class. */
export const layerWriters: ReadonlyMap<unknown, LayerWriter> = new Map([
  when(Conv2d, writeConv2d),
  when(DepthwiseConv2d, writeDepthwiseConv2d),
  when(SeparableConv2d, writeSeparableConv2d),
  when(Conv2dTranspose, writeConv2dTranspose),
  when(Dense, writeDense),
  when(MaxPooling2d, writePooling2d),
  when(AveragePooling2d, writePooling2d),
  when(GlobalAveragePooling2d, globalPooling('GlobalAveragePool')),
  when(GlobalMaxPooling2d, globalPooling('GlobalMaxPool')),
  when(BatchNormalization, writeBatchNormalization),
  when(LayerNormalization, writeLayerNormalization),
  when(Normalization, writeNormalization),
  when(Rescaling, (context, { options: { scale, offset } }) => {
    const scaled = context.emit('Mul', [context.x, context.reals('scale', [scale])], {}, 'scaled');
    return context.emit('Add', [scaled, context.reals('offset', [offset])]);
  }),
  when(Flatten, writeFlatten),
  when(Reshape, writeReshape),
  when(ZeroPadding2d, writeZeroPadding2d),
  when(ChannelPadding, (context, { options: { before, after } }) => {
    return context.emit('Pad', [context.x, context.wholes('pads', [0, before, 0, 0, 0, after, 0, 0])]);
  }),
  when(Cropping2d, writeCropping2d),
  when(UpSampling2d, writeUpSampling2d),
  when(Add, joined('Add')),
  when(Multiply, joined('Mul')),
  when(Concatenate, (context, { options }) => {
    return context.emit('Concat', context.inputs, { axis: { whole: context.axis(options.axis) } });
  }),
  when(Dropout, writeDropout),
  when(SpatialDropout2d, writeDropout),
  when(LocalResponseNormalization, (context, { options: { size, alpha, beta, bias } }) => {
    const reals = { alpha: { real: alpha }, beta: { real: beta }, bias: { real: bias } };
    return context.emit('LRN', [context.x], { size: { whole: size }, ...reals });
  }),
  when(Softmax, (context, { options }) => {
    return context.emit('Softmax', [context.x], { axis: { whole: context.axis(options.axis) } });
  }),
  when(ActivationLayer, (context, { options }) => context.activate(context.x, options.activation, context.axis(-1))),
  activationLayer(Relu, 'relu'),
  activationLayer(Relu6, 'relu6'),
  activationLayer(LeakyRelu, 'leakyRelu'),
  activationLayer(Elu, 'elu'),
  activationLayer(Gelu, 'gelu'),
  activationLayer(Silu, 'silu'),
  activationLayer(Sigmoid, 'sigmoid'),
  activationLayer(Tanh, 'tanh'),
  activationLayer(Softplus, 'softplus'),
]);
