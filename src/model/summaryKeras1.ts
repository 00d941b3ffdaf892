import type { Layer, Weight } from '../layers/layer.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import type { Shape } from '../tensor/shape.js';
import type { Model } from './model.js';

/** Names of Keras 1's classes where they are not ours with a capital letter. */
const CLASSES: Readonly<Record<string, string>> = {
  add: 'Merge',
  averagePooling2d: 'AveragePooling2D',
  concatenate: 'Merge',
  conv2d: 'Convolution2D',
  conv2dTranspose: 'Deconvolution2D',
  cropping2d: 'Cropping2D',
  depthwiseConv2d: 'DepthwiseConvolution2D',
  elu: 'ELU',
  globalAveragePooling2d: 'GlobalAveragePooling2D',
  globalMaxPooling2d: 'GlobalMaxPooling2D',
  input: 'InputLayer',
  leakyRelu: 'LeakyReLU',
  maxPooling2d: 'MaxPooling2D',
  multiply: 'Merge',
  normalization: 'Lambda',
  relu: 'Activation',
  relu6: 'Activation',
  rescaling: 'Lambda',
  separableConv2d: 'SeparableConvolution2D',
  sigmoid: 'Activation',
  silu: 'Activation',
  softmax: 'Activation',
  softplus: 'Activation',
  spatialDropout2d: 'SpatialDropout2D',
  tanh: 'Activation',
  upSampling2d: 'UpSampling2D',
  zeroPadding2d: 'ZeroPadding2D',
};

const WIDTH = 100;
/** Where each of the four columns ends, in characters. */
const ENDS = [33, 55, 67, 100] as const;

/**
 * The table of layers as Keras 1.2.2 printed it for channels-first pictures, character for character: the table of the
 * course. Numbers of parameters in rows have no commas, those below have.
 */
export function formatSummaryKeras1(model: Model): string {
  const layers = [...new Set(model.nodes.map((node) => node.layer))];
  const lines = [
    '_'.repeat(WIDTH),
    row(['Layer (type)', 'Output Shape', 'Param #', 'Connected to']),
    '='.repeat(WIDTH),
  ];
  layers.forEach((layer, i) => {
    lines.push(...layerRows(model, layer), (i === layers.length - 1 ? '=' : '_').repeat(WIDTH));
  });
  const { total, trainable, nonTrainable } = model.countParameters();
  return [
    ...lines,
    `Total params: ${commas(total)}`,
    `Trainable params: ${commas(trainable)}`,
    `Non-trainable params: ${commas(nonTrainable)}`,
    '_'.repeat(WIDTH),
  ].join('\n');
}

/** A layer, and a row more for each further input. */
function layerRows(model: Model, layer: Layer): string[] {
  const nodes = model.nodes.filter((node) => node.layer === layer);
  const shapes = new Set(nodes.map(({ shape }) => channelsFirst(shape)));
  const shape = shapes.size === 1 ? [...shapes].join() : 'multiple';
  const [first = '', ...others] = nodes.flatMap((node) => node.inputs.map((from) => connection(model, from)));
  const title = `${layer.name} (${CLASSES[layer.type] ?? capitalized(layer.type)})`;
  return [
    row([title, shape, String(countOf(layer.weights)), first]),
    ...others.map((other) => row(['', '', '', other])),
  ];
}

/** `name[which application of the layer][which of its outputs]`. */
function connection(model: Model, from: LayerOutput): string {
  const index = model.nodes.filter((node) => node.layer === from.layer).indexOf(from);
  return `${from.layer.name}[${index}][0]`;
}

/** Each field is cut where its column ends; the last character before the next field gives way to a space. */
function row(fields: readonly [string, string, string, string]): string {
  let line = '';
  fields.forEach((field, i) => {
    if (i > 0) line = `${line.slice(0, -1)} `;
    line = (line + field).slice(0, ENDS[i]).padEnd(ENDS[i] as number);
  });
  return line;
}

/** As Python writes a tuple: [224, 224, 3] → (None, 3, 224, 224). */
function channelsFirst(shape: Shape): string {
  const sizes = shape.length === 3 ? [shape[2], shape[0], shape[1]] : shape;
  return `(None, ${sizes.join(', ')})`;
}

function countOf(weights: readonly Weight[]): number {
  return weights.reduce((sum, { variable }) => sum + variable.size, 0);
}

function capitalized(type: string): string {
  return type.slice(0, 1).toUpperCase() + type.slice(1);
}

function commas(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}
