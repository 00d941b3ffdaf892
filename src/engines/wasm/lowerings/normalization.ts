import { align } from '../../../compile/arena.js';
import type { Node } from '../../../ops/graph.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { floatBits, type KernelCall, type LowerCall, type LoweringTable } from '../lowering.js';
import { rowsOf, rowsPerItem } from './rows.js';

type BatchOp =
  | 'batchNormalization'
  | 'batchNormalizationGradient'
  | 'batchNormalizationInference'
  | 'batchNormalizationInferenceGradient';
type NormalizationOp =
  | BatchOp
  | 'layerNormalization'
  | 'layerNormalizationGradient'
  | 'localResponseNormalization'
  | 'localResponseNormalizationGradient';

/** Rows that are summed in single precision; more only add rounding. */
const MOST_BLOCK_ROWS = 256;
/** Elements of a block: it is read twice, the second time from the cache. */
const BLOCK_ELEMENTS = 16384;
/** Channels that one item combines; the same number stands in kernels/batchNormalization.ts. */
const GROUP = 16;
/** Columns that one item sums; the same number stands in kernels/layerNormalization.ts. */
const COLUMNS = 256;

/** How the rows of a batch are cut into blocks: by the shape alone, so that sums do not depend on threads. */
function blocksOf(shape: Shape): { rows: number; c: number; blockRows: number; blocks: number } {
  const { rows, c } = rowsOf(shape);
  const blockRows = Math.min(MOST_BLOCK_ROWS, Math.max(8, Math.floor(BLOCK_ELEMENTS / c)));
  return { rows, c, blockRows, blocks: Math.ceil(rows / blockRows) };
}

/** Scratch memory: coefficients [3, c], then partial sums [blocks, 2, c]. */
function batchWorkspace(node: Node<BatchOp>): number {
  const { c, blocks } = blocksOf(node.inputs[0]?.shape as Shape);
  return align(12 * c) + align(8 * c * blocks);
}

function lowerBatch(call: LowerCall<'batchNormalization'>): KernelCall[] {
  const [x, gamma, beta] = call.inputs as [number, number, number];
  const [y, mean, variance] = call.outputs as [number, number, number];
  const { rows, c, blockRows, blocks } = blocksOf(call.inputShapes[0] as Shape);
  const factor = call.workspace;
  const partials = factor + align(12 * c);
  const epsilon = floatBits(call.attributes.epsilon);
  const combine = [partials, mean, rows, c, blockRows, variance, gamma, factor, epsilon];
  const calls: KernelCall[] = [
    { kernel: 'channelMoments', items: blocks, words: [x, partials, rows, c, blockRows] },
    { kernel: 'combineMoments', items: Math.ceil(c / GROUP), words: combine },
  ];
  if (!call.unused[0]) calls.push(normalizeCall(x, y, rows, c, mean, factor, beta));
  return calls;
}

function normalizeCall(
  x: number,
  y: number,
  rows: number,
  c: number,
  mean: number,
  factor: number,
  beta: number,
): KernelCall {
  const perItem = rowsPerItem(rows, c);
  const words = [x, y, rows, c, perItem, mean, factor, beta];
  return { kernel: 'normalizeChannels', items: Math.ceil(rows / perItem), words };
}

function factorsCall(gamma: number, variance: number, factor: number, c: number, epsilon: number): KernelCall {
  const words = [gamma, variance, factor, c, floatBits(epsilon)];
  return { kernel: 'channelFactors', items: Math.ceil(c / GROUP), words };
}

function lowerBatchInference(call: LowerCall<'batchNormalizationInference'>): KernelCall[] {
  const [x, gamma, beta, mean, variance] = call.inputs as [number, number, number, number, number];
  const { rows, c } = rowsOf(call.inputShapes[0] as Shape);
  return [
    factorsCall(gamma, variance, call.workspace, c, call.attributes.epsilon),
    normalizeCall(x, call.outputs[0] as number, rows, c, mean, call.workspace, beta),
  ];
}

/** Both gradients; with measured statistics (`constant`) nothing flows through mean and variance. */
function lowerBatchGradient(
  call: LowerCall<'batchNormalizationGradient' | 'batchNormalizationInferenceGradient'>,
  constant: boolean,
): KernelCall[] {
  const [x, gamma, mean, variance, dy] = call.inputs as [number, number, number, number, number];
  const [dx, dGamma, dBeta] = call.outputs as [number, number, number];
  const { rows, c, blockRows, blocks } = blocksOf(call.inputShapes[0] as Shape);
  const coefficients = call.workspace;
  const calls: KernelCall[] = [];
  if (constant && call.unused[1] && call.unused[2]) {
    calls.push(factorsCall(gamma, variance, coefficients, c, call.attributes.epsilon));
  } else {
    const partials = coefficients + align(12 * c);
    const epsilon = floatBits(call.attributes.epsilon);
    const combine = [partials, dGamma, rows, c, blockRows, dBeta, gamma, variance, epsilon, coefficients];
    calls.push(
      { kernel: 'channelGradientSums', items: blocks, words: [x, partials, rows, c, blockRows, dy, mean] },
      { kernel: 'combineGradientSums', items: Math.ceil(c / GROUP), words: combine },
    );
  }
  if (!call.unused[0]) {
    const perItem = rowsPerItem(rows, c);
    const words = [constant ? 0 : x, dx, rows, c, perItem, dy, mean, coefficients];
    calls.push({ kernel: 'normalizeChannelsGradient', items: Math.ceil(rows / perItem), words });
  }
  return calls;
}

/** An array as rows of everything from `axis` on. */
function layerRows(shape: Shape, axis: number): { rows: number; length: number } {
  return { rows: sizeOf(shape.slice(0, axis)), length: sizeOf(shape.slice(axis)) };
}

function lowerLayer(call: LowerCall<'layerNormalization'>): KernelCall[] {
  const [x, gamma, beta] = call.inputs as [number, number, number];
  const [y, mean, inverse] = call.outputs as [number, number, number];
  const { rows, length } = layerRows(call.inputShapes[0] as Shape, call.attributes.axis);
  const perItem = rowsPerItem(rows, length);
  const words = [x, y, rows, length, perItem, gamma, beta, mean, inverse, floatBits(call.attributes.epsilon)];
  return [{ kernel: 'layerNormalizationRows', items: Math.ceil(rows / perItem), words }];
}

function lowerLayerGradient(call: LowerCall<'layerNormalizationGradient'>): KernelCall[] {
  const [x, gamma, mean, inverse, dy] = call.inputs as [number, number, number, number, number];
  const [dx, dGamma, dBeta] = call.outputs as [number, number, number];
  const { rows, length } = layerRows(call.inputShapes[0] as Shape, call.attributes.axis);
  const calls: KernelCall[] = [];
  if (!call.unused[0]) {
    const perItem = rowsPerItem(rows, length);
    const words = [x, dx, rows, length, perItem, gamma, dy, mean, inverse];
    calls.push({ kernel: 'layerNormalizationGradientRows', items: Math.ceil(rows / perItem), words });
  }
  if (!call.unused[1] || !call.unused[2]) {
    const blocks = Math.ceil(rows / MOST_BLOCK_ROWS);
    const columnBlocks = Math.ceil(length / COLUMNS);
    const words = [x, call.workspace, rows, length, MOST_BLOCK_ROWS, dy, mean, inverse, columnBlocks];
    calls.push(
      { kernel: 'columnSums', items: blocks * columnBlocks, words },
      { kernel: 'combineColumns', items: columnBlocks, words: [call.workspace, dGamma, dBeta, length, blocks] },
    );
  }
  return calls;
}

type ResponseOp = 'localResponseNormalization' | 'localResponseNormalizationGradient';

/** Bytes in which a thread keeps a pixel's squares, or squares and products, between zeros. */
function responseScratch(node: Node<ResponseOp>): number {
  const { c } = rowsOf(node.inputs[0]?.shape as Shape);
  return align(8 * (c + 2 * node.attributes.size + 8));
}

function lowerResponse(call: LowerCall<ResponseOp>, kernel: KernelCall['kernel']): KernelCall[] {
  const { size, alpha, beta, bias } = call.attributes;
  const { rows, c } = rowsOf(call.inputShapes[0] as Shape);
  const perItem = rowsPerItem(rows, 4 * c);
  const [x, ...dy] = call.inputs as [number, ...number[]];
  const words = [x, call.outputs[0] as number, rows, c, perItem, size, floatBits(alpha / size), floatBits(beta)];
  words.push(floatBits(bias), call.workspace, responseScratch(call.node), ...dy);
  return [{ kernel, items: Math.ceil(rows / perItem), words }];
}

/** Normalizations: over the batch, over each example, over neighbouring channels. */
export const normalizationLowerings: Pick<LoweringTable, NormalizationOp> = {
  batchNormalization: { workspace: batchWorkspace, lower: lowerBatch },
  batchNormalizationGradient: { workspace: batchWorkspace, lower: (call) => lowerBatchGradient(call, false) },
  batchNormalizationInference: {
    workspace: ({ inputs }) => align(4 * rowsOf(inputs[0]?.shape as Shape).c),
    lower: lowerBatchInference,
  },
  batchNormalizationInferenceGradient: { workspace: batchWorkspace, lower: (call) => lowerBatchGradient(call, true) },
  layerNormalization: { lower: lowerLayer },
  layerNormalizationGradient: {
    workspace: ({ inputs, attributes }) => {
      const { rows, length } = layerRows(inputs[0]?.shape as Shape, attributes.axis);
      return align(8 * length * Math.ceil(rows / MOST_BLOCK_ROWS));
    },
    lower: lowerLayerGradient,
  },
  localResponseNormalization: {
    workspace: (node, threads) => threads * responseScratch(node),
    lower: (call) => lowerResponse(call, 'responseNormalizationRows'),
  },
  localResponseNormalizationGradient: {
    workspace: (node, threads) => threads * responseScratch(node),
    lower: (call) => lowerResponse(call, 'responseNormalizationGradientRows'),
  },
};
