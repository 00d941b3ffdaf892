import { align } from '../../../compile/arena.js';
import type { Node, Value } from '../../../ops/graph.js';
import type { WindowAttributes } from '../../../ops/windows.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import {
  activationNumber,
  chunks,
  type KernelCall,
  type LowerCall,
  type Lowering,
  type LoweringTable,
} from '../lowering.js';
import { rowsPerItem } from './rows.js';

type ConvolutionOp = 'conv2d' | 'conv2dInputGradient' | 'conv2dFilterGradient';
type ConvolutionLowerings = Pick<LoweringTable, ConvolutionOp>;
type Dimensions = readonly [n: number, h: number, w: number, c: number];

/** Output channels whose filter gradients one item sums; the same number stands in kernels/depthwise.ts. */
const BLOCK = 16;
/** Partial sums of a filter gradient. */
const PARTIALS = 32;
/** Bytes that they may take together. */
const PARTIAL_BYTES = 4 * 2 ** 20;
/** Elements that one item of `addPartials` adds. */
const ADD_CHUNK = 4096;

/** The sizes that all kernels share: x and y are the convolution's own, whichever array is computed. */
function windowWords(x: Dimensions, y: Dimensions, filters: Shape, a: WindowAttributes, origin: readonly number[]) {
  return [
    x[1],
    x[2],
    x[3],
    y[1],
    y[2],
    filters[0] as number,
    filters[1] as number,
    ...a.strides,
    ...origin,
    ...a.dilations,
  ];
}

function lowerForward(call: LowerCall<'conv2d'>): KernelCall[] {
  const { attributes, inputs, outputs, inputShapes, outputShapes } = call;
  const x = inputShapes[0] as Dimensions;
  const y = outputShapes[0] as Dimensions;
  const filters = inputShapes[1] as Dimensions;
  const allRows = y[0] * y[1];
  const rows = rowsPerItem(allRows, y[2] * y[3] * filters[0] * filters[1]);
  const origin = [attributes.padding[0], attributes.padding[2]];
  const words = [inputs[0] as number, outputs[0] as number, inputs[1] as number, inputs[2] ?? 0];
  words.push(...windowWords(x, y, filters, attributes, origin), rows, allRows, y[3] / x[3]);
  words.push(activationNumber(attributes.activation), y[3]);
  const kernel = takesFour(x, y, filters, attributes, origin) ? 'depthwise3x3' : 'depthwiseForward';
  return [{ kernel, items: Math.ceil(allRows / rows), words }];
}

/** Whether `depthwise3x3` makes y: its comment says what it takes. */
function takesFour(
  x: Dimensions,
  y: Dimensions,
  filters: Shape,
  a: WindowAttributes,
  origin: readonly number[],
): boolean {
  const stride = a.strides[0];
  if (filters[0] !== 3 || filters[1] !== 3 || y[3] !== x[3] || y[2] < 4) return false;
  if (stride > 2 || a.strides[1] !== stride || a.dilations[0] !== 1 || a.dilations[1] !== 1) return false;
  const reaches = (size: number, count: number, before: number): boolean =>
    before >= 0 && before <= 1 && (count - 1) * stride - before + 2 <= size;
  return reaches(x[1], y[1], origin[0] as number) && reaches(x[2], y[2], origin[1] as number);
}

function lowerInputGradient(call: LowerCall<'conv2dInputGradient'>): KernelCall[] {
  const { attributes, inputs, outputs, inputShapes, outputShapes } = call;
  const [dy, w] = inputs as [number, number];
  const x = outputShapes[0] as Dimensions;
  const y = inputShapes[0] as Dimensions;
  const filters = inputShapes[1] as Dimensions;
  const [kh, kw] = filters;
  const { strides, dilations, padding } = attributes;
  const allRows = x[0] * x[1];
  const rows = rowsPerItem(allRows, x[2] * y[3] * kh * kw);
  const items = Math.ceil(allRows / rows);
  if (strides[0] === 1 && strides[1] === 1 && x[3] === y[3]) {
    // A correlation of dy with the taps in reverse.
    const origin = [(kh - 1) * dilations[0] - padding[0], (kw - 1) * dilations[1] - padding[2]];
    const words = [dy, outputs[0] as number, w + 4 * (kh * kw - 1) * y[3], 0];
    words.push(...windowWords(y, x, filters, attributes, origin), rows, allRows, 1, 0, -y[3]);
    const kernel = takesFour(y, x, filters, attributes, origin) ? 'depthwise3x3' : 'depthwiseForward';
    return [{ kernel, items, words }];
  }
  const words = [dy, outputs[0] as number, w, 0];
  words.push(...windowWords(x, y, filters, attributes, [padding[0], padding[2]]), rows, allRows, y[3] / x[3]);
  return [{ kernel: 'depthwiseInputGradient', items, words }];
}

/** How many rows each partial sum takes: by the shapes alone, so that sums do not depend on threads. */
function cutFilterGradient({ inputs, outputs }: Pick<Node, 'inputs' | 'outputs'>) {
  const [n, oh] = (inputs[1] as Value).shape as Dimensions;
  const size = sizeOf((outputs[0] as Value).shape);
  const step = align(4 * size) / 4;
  const most = Math.max(1, Math.min(PARTIALS, Math.floor(PARTIAL_BYTES / (4 * step))));
  const rows = Math.ceil((n * oh) / most);
  return { size, step, rows, partials: Math.ceil((n * oh) / rows) };
}

function lowerFilterGradient(call: LowerCall<'conv2dFilterGradient'>): KernelCall[] {
  const { attributes, inputs, outputs, inputShapes, outputShapes } = call;
  const x = inputShapes[0] as Dimensions;
  const y = inputShapes[1] as Dimensions;
  const dw = outputs[0] as number;
  const { size, step, rows, partials } = cutFilterGradient(call.node);
  const blocks = Math.ceil(y[3] / BLOCK);
  const origin = [attributes.padding[0], attributes.padding[2]];
  const words = [inputs[0] as number, partials > 1 ? call.workspace : dw, inputs[1] as number, step];
  words.push(
    ...windowWords(x, y, outputShapes[0] as Shape, attributes, origin),
    rows,
    y[0] * y[1],
    y[3] / x[3],
    blocks,
  );
  const calls: KernelCall[] = [{ kernel: 'depthwiseFilterGradient', items: partials * blocks, words }];
  if (partials > 1) {
    const add = [call.workspace, dw, size, partials, ADD_CHUNK, step];
    calls.push({ kernel: 'addPartials', items: chunks(size, ADD_CHUNK), words: add });
  }
  return calls;
}

/** Whether each filter of a convolution with these filters [kh, kw, cIn / groups, cOut] sees one channel of several. */
function isDepthwise(filters: Value | undefined, groups: number): boolean {
  return groups > 1 && filters?.shape[2] === 1;
}

function choose<K extends ConvolutionOp>(
  direct: Lowering<K>,
  general: Lowering<K>,
  applies: (node: Node<K>) => boolean,
): Lowering<K> {
  return {
    workspace: (node, threads, options) => (applies(node) ? direct : general).workspace?.(node, threads, options) ?? 0,
    prepared: (node, threads, options) => (applies(node) ? direct : general).prepared?.(node, threads, options) ?? 0,
    algorithm: (node, options) => (applies(node) ? 'depthwise' : general.algorithm?.(node, options)),
    lower: (call) => (applies(call.node) ? direct : general).lower(call),
  };
}

/** The same lowerings with depthwise convolutions done directly: a matrix product has nothing to gain there. */
export function withDepthwise(general: ConvolutionLowerings): ConvolutionLowerings {
  return {
    conv2d: choose<'conv2d'>({ lower: lowerForward }, general.conv2d, ({ inputs, attributes }) =>
      isDepthwise(inputs[1], attributes.groups),
    ),
    conv2dInputGradient: choose<'conv2dInputGradient'>(
      { lower: lowerInputGradient },
      general.conv2dInputGradient,
      ({ inputs, attributes }) => isDepthwise(inputs[1], attributes.groups),
    ),
    conv2dFilterGradient: choose<'conv2dFilterGradient'>(
      {
        workspace: (node) => {
          const { step, partials } = cutFilterGradient(node);
          return partials > 1 ? 4 * step * partials : 0;
        },
        lower: lowerFilterGradient,
      },
      general.conv2dFilterGradient,
      ({ outputs, attributes }) => isDepthwise(outputs[0], attributes.groups),
    ),
  };
}
