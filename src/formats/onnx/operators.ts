import { constantOf } from './constants.js';
import type { NodeReader } from './importer.js';
import {
  readActivation,
  readArithmetic,
  readClip,
  readErf,
  readNegation,
  readPlainActivation,
  readPower,
  readSoftmax,
  readSum,
} from './readElementwise.js';
import { readBatchNormalization, readGemm, readLayerNormalization, readMatMul } from './readRows.js';
import {
  readConcat,
  readDropout,
  readFlatten,
  readGather,
  readPad,
  readReshape,
  readResize,
  readResponseNormalization,
  readSlice,
  readSqueeze,
  readTranspose,
} from './readShapes.js';
import { readConv, readConvTranspose, readGlobalPool, readPool, readReduce } from './readWindows.js';
import { onnxSizes } from './values.js';

const FLOATS = [1, 10, 11, 16];

const readIdentity: NodeReader = (node) => node.value(0);

const readCast: NodeReader = (node) => {
  const value = node.value(0);
  if (value.kind === 'layer' && !FLOATS.includes(node.attributes.whole('to', 1))) {
    return node.unsupported('values stay floating-point numbers');
  }
  return value;
};

const readShape: NodeReader = (node) => ({ kind: 'sizes', sizes: onnxSizes(node.layer()), single: false });

const readConstant: NodeReader = (node) => {
  const tensor = node.attributes.tensor('value');
  if (tensor === undefined) return node.unsupported('constants are given as tensors');
  const constant = constantOf(tensor, new Map(), node.where);
  return { kind: 'constant', constant: constant.as(node.outputs[0] ?? '', constant.shape) };
};

/** The operators that are turned into layers. */
export const nodeReaders: ReadonlyMap<string, NodeReader> = new Map<string, NodeReader>([
  ...['Relu', 'Sigmoid', 'Tanh', 'Softplus'].map((op) => [op, readPlainActivation] as const),
  ...['LeakyRelu', 'PRelu', 'Elu', 'Gelu'].map((op) => [op, readActivation] as const),
  ...['Add', 'Sub', 'Mul', 'Div'].map((op) => [op, readArithmetic] as const),
  ...['Softmax', 'LogSoftmax'].map((op) => [op, readSoftmax] as const),
  ...['MaxPool', 'AveragePool'].map((op) => [op, readPool] as const),
  ...['GlobalAveragePool', 'GlobalMaxPool'].map((op) => [op, readGlobalPool] as const),
  ...['ReduceMean', 'ReduceMax'].map((op) => [op, readReduce] as const),
  ...['Squeeze', 'Unsqueeze'].map((op) => [op, readSqueeze] as const),
  ...['Resize', 'Upsample'].map((op) => [op, readResize] as const),
  ['BatchNormalization', readBatchNormalization],
  ['Cast', readCast],
  ['Clip', readClip],
  ['Concat', readConcat],
  ['Constant', readConstant],
  ['Conv', readConv],
  ['ConvTranspose', readConvTranspose],
  ['Dropout', readDropout],
  ['Erf', readErf],
  ['Flatten', readFlatten],
  ['Gather', readGather],
  ['Gemm', readGemm],
  ['Identity', readIdentity],
  ['LRN', readResponseNormalization],
  ['LayerNormalization', readLayerNormalization],
  ['MatMul', readMatMul],
  ['Neg', readNegation],
  ['Pad', readPad],
  ['Pow', readPower],
  ['Reshape', readReshape],
  ['Shape', readShape],
  ['Slice', readSlice],
  ['Sum', readSum],
  ['Transpose', readTranspose],
]);
