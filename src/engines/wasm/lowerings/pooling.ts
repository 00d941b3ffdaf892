import type { Node, Value } from '../../../ops/graph.js';
import type { PoolAttributes } from '../../../ops/poolWindows.js';
import type { KernelCall, LowerCall, LoweringTable } from '../lowering.js';
import { rowsPerItem } from './rows.js';

type Dimensions = readonly [n: number, h: number, w: number, c: number];
type PoolingOp = 'maxPool' | 'maxPoolGradient' | 'maxUnpool' | 'gatherSwitches' | 'averagePool' | 'averagePoolGradient';

/** Channels that one item scatters where the windows are not known. */
const SCATTER_CHANNELS = 16;

/** Where there are fewer images than this, the channels of one are shared out. */
const MANY_IMAGES = 8;
const PLANE_CHANNELS = 64;

/** The words that all kernels of pooling/*.ts share: sizes, windows, and rows cut into items. */
function windowWords(
  x: Dimensions,
  y: Dimensions,
  attributes: PoolAttributes,
  rows: number,
  allRows: number,
): number[] {
  const { poolSize, strides, padding, dilations } = attributes;
  return [x[1], x[2], x[3], y[1], y[2], ...poolSize, ...strides, padding[0], padding[2], ...dilations, rows, allRows];
}

/** Max pooling between two addresses; switches are left out where theirs is 0. */
export function maxPoolCall(
  addresses: readonly [x: number, y: number, switches: number],
  x: Dimensions,
  y: Dimensions,
  attributes: PoolAttributes,
): KernelCall {
  if (addresses[2] !== 0 && coversPlane(x, attributes)) return maxPoolPlaneCall(addresses, x);
  const allRows = y[0] * y[1];
  const rows = rowsPerItem(allRows, x[3] * y[2] * attributes.poolSize[0] * attributes.poolSize[1]);
  const words = [...addresses, 0, ...windowWords(x, y, attributes, rows, allRows)];
  return { kernel: 'maxPoolRows', items: Math.ceil(allRows / rows), words };
}

/** Whether one window is the whole image, nothing more and nothing less. */
function coversPlane([, h, w]: Dimensions, { poolSize, padding, dilations }: PoolAttributes): boolean {
  const whole = poolSize[0] === h && poolSize[1] === w && padding.every((pixels) => pixels === 0);
  return whole && dilations[0] === 1 && dilations[1] === 1;
}

function maxPoolPlaneCall(addresses: readonly [x: number, y: number, switches: number], x: Dimensions): KernelCall {
  const [n, h, w, c] = x;
  const block = n < MANY_IMAGES ? Math.min(c, PLANE_CHANNELS) : c;
  const blocks = Math.ceil(c / block);
  return { kernel: 'maxPoolPlane', items: n * blocks, words: [...addresses, h * w, c, block, blocks] };
}

function lowerMaxPool({ inputs, outputs, inputShapes, outputShapes, unused, attributes }: LowerCall<'maxPool'>) {
  const switches = unused[1] ? 0 : (outputs[1] as number);
  const addresses = [inputs[0] as number, outputs[0] as number, switches] as const;
  return [maxPoolCall(addresses, inputShapes[0] as Dimensions, outputShapes[0] as Dimensions, attributes)];
}

/** The windows that made the switches, where that is known and they lie over an image of this size. */
function windowsOf(node: Node, height: number, width: number): PoolAttributes | undefined {
  const source = node.inputs[1]?.source;
  if (source?.kind !== 'node' || source.node.op !== 'maxPool' || source.output !== 1) return undefined;
  const { inputs, attributes } = source.node as Node<'maxPool'>;
  const [, h, w] = (inputs[0] as Value).shape as Dimensions;
  return h === height && w === width ? attributes : undefined;
}

/** maxPoolGradient and maxUnpool: the first sums what windows send to a pixel, the second keeps the last. */
function lowerUnpool(call: LowerCall<'maxPoolGradient'> | LowerCall<'maxUnpool'>, assign: 0 | 1): KernelCall[] {
  const y = call.inputShapes[0] as Dimensions;
  const x = call.outputShapes[0] as Dimensions;
  const [n, h, w, c] = x;
  const words = [call.inputs[0] as number, call.outputs[0] as number, call.inputs[1] as number, assign];
  const windows = windowsOf(call.node as Node, h, w);
  if (windows === undefined) {
    const blocks = Math.ceil(c / SCATTER_CHANNELS);
    words.push(h * w, y[1] * y[2], c, SCATTER_CHANNELS, blocks);
    return [{ kernel: 'scatterSwitches', items: n * blocks, words }];
  }
  const { poolSize, strides, padding, dilations } = windows;
  const plain = [...poolSize, ...strides].every((size) => size === 2) && [...padding].every((pixels) => pixels === 0);
  if (plain && dilations[0] === 1 && dilations[1] === 1) {
    const rows = rowsPerItem(n * y[1], 2 * w * c);
    words.push(...windowWords(x, y, windows, rows, n * y[1]));
    return [{ kernel: 'unpoolRows2', items: Math.ceil((n * y[1]) / rows), words }];
  }
  const rows = rowsPerItem(n * h, w * c);
  words.push(...windowWords(x, y, windows, rows, n * h));
  return [{ kernel: 'unpoolRows', items: Math.ceil((n * h) / rows), words }];
}

function lowerGatherSwitches({
  inputs,
  outputs,
  inputShapes,
  outputShapes,
}: LowerCall<'gatherSwitches'>): KernelCall[] {
  const [n, h, w, c] = inputShapes[0] as Dimensions;
  const [, oh, ow] = outputShapes[0] as Dimensions;
  const pixels = rowsPerItem(n * oh * ow, c);
  const words = [
    inputs[0] as number,
    outputs[0] as number,
    inputs[1] as number,
    pixels,
    h * w,
    oh * ow,
    c,
    n * oh * ow,
  ];
  return [{ kernel: 'gatherSwitchPixels', items: Math.ceil((n * oh * ow) / pixels), words }];
}

function lowerAveragePool({
  inputs,
  outputs,
  inputShapes,
  outputShapes,
  attributes,
}: LowerCall<'averagePool'>): KernelCall[] {
  const x = inputShapes[0] as Dimensions;
  const y = outputShapes[0] as Dimensions;
  const allRows = y[0] * y[1];
  const rows = rowsPerItem(allRows, y[2] * x[3] * attributes.poolSize[0] * attributes.poolSize[1]);
  const words = [inputs[0] as number, outputs[0] as number, 0, attributes.countIncludePadding ? 1 : 0];
  words.push(...windowWords(x, y, attributes, rows, allRows));
  return [{ kernel: 'averagePoolRows', items: Math.ceil(allRows / rows), words }];
}

function lowerAveragePoolGradient(call: LowerCall<'averagePoolGradient'>): KernelCall[] {
  const { inputs, outputs, inputShapes, outputShapes, attributes } = call;
  const y = inputShapes[0] as Dimensions;
  const x = outputShapes[0] as Dimensions;
  const allRows = x[0] * x[1];
  const rows = rowsPerItem(allRows, x[2] * x[3]);
  const words = [inputs[0] as number, outputs[0] as number, 0, attributes.countIncludePadding ? 1 : 0];
  words.push(...windowWords(x, y, attributes, rows, allRows));
  return [{ kernel: 'averagePoolGradientRows', items: Math.ceil(allRows / rows), words }];
}

/** Pooling: each item makes some rows; gradients gather from the windows that see a pixel, so nothing is written twice. */
export const poolingLowerings: Pick<LoweringTable, PoolingOp> = {
  maxPool: { lower: lowerMaxPool },
  maxPoolGradient: { lower: (call) => lowerUnpool(call, 0) },
  maxUnpool: { lower: (call) => lowerUnpool(call, 1) },
  gatherSwitches: { lower: lowerGatherSwitches },
  averagePool: { lower: lowerAveragePool },
  averagePoolGradient: { lower: lowerAveragePoolGradient },
};
