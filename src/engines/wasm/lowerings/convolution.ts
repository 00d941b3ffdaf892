import { align } from '../../../compile/arena.js';
import type { Node, Value } from '../../../ops/graph.js';
import { type WindowAttributes, windowOutput } from '../../../ops/windows.js';
import { sizeOf } from '../../../tensor/shape.js';
import {
  activationNumber,
  COLUMNS,
  chunks,
  floatBits,
  type KernelCall,
  type LowerCall,
  type LoweringOptions,
  type LoweringTable,
} from '../lowering.js';
import { type Phase, phasesOf, range } from './phases.js';
import {
  type WinogradShape,
  winogradCalls,
  winogradFilterBytes,
  winogradGradientCalls,
  winogradGradientPays,
  winogradGradientWorkspace,
  winogradPays,
  winogradScratch,
} from './winograd.js';

/** Output pixels that one item works on: enough to use a panel of weights many times, few enough for the cache. */
const BAND_PIXELS = 192;
/** Bytes of padded input rows that a thread copies for one item. */
const PATCH_BYTES = 384 * 1024;
/** Floats of a filter row up to which the taps of a position are copied side by side: a sum of few terms costs more to begin. */
const GATHERED = 32;
/** Items that a step should have, so that threads end together. */
const ITEMS = 32;
/** Bytes that the partial sums of a filter gradient may take together. */
const PARTIAL_BYTES = 8 * 2 ** 20;
const ROWS = 6;

/** The image that a convolution kernel reads, the positions that it visits, and where its first tap lies. */
interface Walk {
  /** Images, their height and width in pixels. */
  readonly n: number;
  readonly h: number;
  readonly w: number;
  /** Floats between neighbouring pixels, and those of them that are read. */
  readonly pixelStep: number;
  readonly channels: number;
  readonly oh: number;
  readonly ow: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly kernel: readonly [number, number];
  /** Row and column under the first tap of output position (0, 0); may be negative. */
  readonly origin: readonly [number, number];
}

/** How a walk is cut into items, and what a thread's scratch memory must hold. */
interface Bands {
  readonly rows: number;
  readonly count: number;
  /** What a thread copies of an item: nothing, the band of input rows, or the taps of each output position side by side. */
  readonly copy: 0 | 1 | 2;
  readonly patchBytes: number;
}

function cutIntoBands(walk: Walk): Bands {
  const { h, w, oh, ow, strides, dilations, kernel, origin } = walk;
  const reach = (axis: 0 | 1, size: number): number =>
    origin[axis] + (size - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis];
  const inside = origin[0] >= 0 && origin[1] >= 0 && reach(0, oh) < h && reach(1, ow) < w;
  const area = kernel[0] * kernel[1];
  const gathers = area > 1 && walk.pixelStep === walk.channels && kernel[1] * walk.channels <= GATHERED;
  const copy = gathers ? 2 : inside && walk.pixelStep === walk.channels ? 0 : 1;
  const patch = (rows: number): number => {
    if (copy === 2) return 4 * rows * ow * area * walk.channels;
    const patchRows = (rows - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1;
    const patchColumns = (ow - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1;
    return copy === 1 ? 4 * patchRows * patchColumns * walk.channels : 0;
  };
  const most = Math.min(oh, Math.max(1, Math.round(BAND_PIXELS / ow)));
  let best = 1;
  let bestTiles = Number.POSITIVE_INFINITY;
  for (let rows = 1; rows <= most; rows++) {
    if (rows > 1 && patch(rows) > PATCH_BYTES) break;
    const tiles = Math.floor(oh / rows) * Math.ceil((rows * ow) / ROWS) + Math.ceil(((oh % rows) * ow) / ROWS);
    if (tiles <= bestTiles) [best, bestTiles] = [rows, tiles];
  }
  return { rows: best, count: Math.ceil(oh / best), copy, patchBytes: patch(best) };
}

/** Where a walk's results go: addresses and steps (floats) of the output, and how many columns each position has. */
interface RowsTarget {
  readonly y: number;
  readonly rowStep: number;
  readonly pixelStep: number;
  readonly imageStep: number;
  readonly columns: number;
  readonly bias: number;
  readonly activation: number;
}

function rowsScratch(walk: Walk): number {
  const { rows, patchBytes } = cutIntoBands(walk);
  const tables = 4 * (2 * (rows * walk.ow + ROWS) + walk.kernel[0] * walk.kernel[1]);
  return align(tables + 64) + align(patchBytes + 64);
}

function panelBytes(walk: Walk, columns: number): number {
  return align(4 * walk.kernel[0] * walk.kernel[1] * walk.channels * Math.ceil(columns / COLUMNS) * COLUMNS);
}

function rowsCall(walk: Walk, x: number, panels: number, scratch: number, target: RowsTarget): KernelCall {
  const bands = cutIntoBands(walk);
  const groups = Math.ceil(target.columns / COLUMNS);
  let groupsPerItem = groups;
  while (groupsPerItem > 1 && walk.n * bands.count * Math.ceil(groups / groupsPerItem) < ITEMS) {
    groupsPerItem = Math.ceil(groupsPerItem / 2);
  }
  const columnBlocks = Math.ceil(groups / groupsPerItem);
  const words = [x, target.y, panels, target.bias, target.activation, walk.h, walk.w, walk.pixelStep, walk.channels];
  words.push(walk.oh, walk.ow, target.rowStep, target.pixelStep, target.imageStep, ...walk.strides, ...walk.origin);
  words.push(...walk.dilations, ...walk.kernel, target.columns, bands.rows, bands.count, groupsPerItem * COLUMNS);
  words.push(columnBlocks);
  words.push(scratch, rowsScratch(walk), bands.copy, walk.h * walk.w * walk.pixelStep);
  return { kernel: 'convRows', items: walk.n * bands.count * columnBlocks, words };
}

/** Packs filters for one group: columns side by side, taps in the given order. */
function packCall(
  source: number,
  target: number,
  order: readonly number[],
  inner: number,
  columns: number,
  steps: { tap: number; inner: number; column: number },
): KernelCall {
  const words = [source, target, order.length, 9, inner, columns, steps.tap, steps.inner, steps.column, ...order];
  return { kernel: 'packPanels', items: Math.ceil(columns / COLUMNS), words, prepares: true };
}

type Dimensions = [number, number, number, number];

/**
 * A 1 × 1 convolution as a plain product: all pixels of all images, in rows of a length that tiles fill well, whatever the
 * images' own width.
 */
function flattened(walk: Walk): Walk {
  const { n, h, w, oh, ow, kernel, strides, origin } = walk;
  if (![...kernel, ...strides].every((size) => size === 1) || origin[0] !== 0 || origin[1] !== 0) return walk;
  if (h !== oh || w !== ow) return walk;
  const pixels = n * h * w;
  const waste = (length: number): number => (Math.ceil(length / ROWS) * ROWS) / length;
  const lengths = range(2 * BAND_PIXELS + 1).filter((length) => length >= BAND_PIXELS / 2 && pixels % length === 0);
  if (lengths.length === 0) return walk;
  const width = lengths.reduce((best, length) => (waste(length) < waste(best) ? length : best));
  const height = pixels / width;
  return { ...walk, n: 1, h: height, w: width, oh: height, ow: width };
}

function forwardWalk(x: readonly number[], y: readonly number[], kernel: readonly number[], a: Grouped): Walk {
  const [n, h, w, cIn] = x as Dimensions;
  const [, oh, ow] = y as Dimensions;
  const [kh, kw] = kernel as Dimensions;
  return flattened({
    ...{ n, h, w, oh, ow, pixelStep: cIn, channels: cIn / a.groups, kernel: [kh, kw] },
    ...{ strides: a.strides, dilations: a.dilations, origin: [-a.padding[0], -a.padding[2]] },
  });
}

type Grouped = WindowAttributes & { readonly groups: number };

/** The convolution as Winograd's algorithm sees it, or undefined where it does not fit or is not wanted. */
function winogradShape(
  walk: Walk,
  columns: number,
  groups: number,
  options: LoweringOptions,
): WinogradShape | undefined {
  const { kernel, strides, dilations, n, h, w, channels, oh, ow, origin } = walk;
  if (options.convolution === 'direct' || groups > 1 || channels % 4 !== 0 || columns % 4 !== 0) return undefined;
  if (![kernel, strides, dilations].every(([a, b], i) => a === b && a === (i === 0 ? 3 : 1))) return undefined;
  const shape = { n, h, w, channels, oh, ow, columns, origin };
  return options.convolution === 'winograd' || winogradPays(shape) ? shape : undefined;
}

type Forward = Node<'conv2d'> | Node<'conv2dMaxPool'>;

/** The shape of a convolution's result before it is pooled. */
export function convolvedShape({ inputs, attributes }: Pick<Forward, 'inputs' | 'attributes'>): Dimensions {
  const [x, w] = inputs.map(({ shape }) => shape) as [Dimensions, Dimensions];
  return [x[0], ...windowOutput('conv2d', [x[1], x[2]], [w[0], w[1]], attributes), w[3]];
}

function forwardShapes(node: Pick<Forward, 'inputs' | 'attributes'>): { walk: Walk; columns: number } {
  const { attributes, inputs } = node;
  const y = convolvedShape(node);
  const walk = forwardWalk(inputs[0]?.shape as Dimensions, y, inputs[1]?.shape as Dimensions, attributes);
  return { walk, columns: y[3] / attributes.groups };
}

export function forwardWinograd(node: Forward, options: LoweringOptions): WinogradShape | undefined {
  const { walk, columns } = forwardShapes(node);
  return winogradShape(walk, columns, node.attributes.groups, options);
}

function inputGradientWinograd(node: Node<'conv2dInputGradient'>, options: LoweringOptions): WinogradShape | undefined {
  const [first, ...more] = gradientWalks(node);
  if (first === undefined || more.length > 0) return undefined;
  return winogradShape(first.walk, node.inputs[1]?.shape[2] as number, node.attributes.groups, options);
}

function filterGradientWinograd(
  node: Node<'conv2dFilterGradient'>,
  options: LoweringOptions,
): WinogradShape | undefined {
  const { walk, columns } = cutFilterGradient(node);
  const shape = winogradShape(walk, columns, node.attributes.groups, options);
  if (shape === undefined || columns % COLUMNS !== 0) return undefined;
  return options.convolution === 'winograd' || winogradGradientPays(shape) ? shape : undefined;
}

function algorithmName(shape: WinogradShape | undefined, name: string): string {
  return shape === undefined ? 'direct' : `Winograd ${name}`;
}

/**
 * @param target address of the result.
 * @param pooled makes the largest of each 2 × 2 pixels, which Winograd's algorithm can.
 */
export function lowerForward(
  call: LowerCall<'conv2d'> | LowerCall<'conv2dMaxPool'>,
  target: number,
  pooled = false,
): KernelCall[] {
  const { attributes, inputs, inputShapes } = call;
  const shape = forwardWinograd(call.node, call.options);
  if (shape !== undefined) {
    const { channels, columns } = shape;
    const steps = { tapStep: channels * columns, channelStep: columns, columnStep: 1, turned: false };
    const filters = { w: inputs[1] as number, ...steps };
    const activation = activationNumber(attributes.activation);
    const [x, , bias] = inputs as [number, number, number?];
    return winogradCalls(shape, x, filters, target, bias ?? 0, activation, call, pooled);
  }
  const y = convolvedShape(call.node);
  const kernel = inputShapes[1] as Dimensions;
  const walk = forwardWalk(inputShapes[0] as Dimensions, y, kernel, attributes);
  const { oh, ow } = walk;
  const cOut = y[3];
  const columns = cOut / attributes.groups;
  const { prepared, workspace: scratch } = call;
  const order = range(kernel[0] * kernel[1]);
  const steps = { tap: walk.channels * cOut, inner: cOut, column: 1 };
  return range(attributes.groups).flatMap((group) => {
    const first = 4 * group * columns;
    const panels = prepared + group * panelBytes(walk, columns);
    const bias = inputs[2] === undefined ? 0 : inputs[2] + first;
    return [
      packCall((inputs[1] as number) + first, panels, order, walk.channels, columns, steps),
      rowsCall(walk, (inputs[0] as number) + 4 * group * walk.channels, panels, scratch, {
        ...{ y: target + first, rowStep: ow * cOut, pixelStep: cOut, imageStep: oh * ow * cOut },
        ...{ columns, bias, activation: activationNumber(attributes.activation) },
      }),
    ];
  });
}

interface PhaseWalk {
  readonly walk: Walk;
  readonly vertical: Phase;
  readonly horizontal: Phase;
}

function gradientWalks(node: Pick<Node<'conv2dInputGradient'>, 'inputs' | 'attributes'>): PhaseWalk[] {
  const { strides, dilations, padding, groups, inputSize } = node.attributes;
  const [dy, filters] = node.inputs as [Value, Value];
  const [n, oh, ow, cOut] = dy.shape as Dimensions;
  const [kh, kw] = filters.shape as Dimensions;
  const rows = phasesOf(inputSize[0], kh, strides[0], dilations[0], padding[0]);
  const columns = phasesOf(inputSize[1], kw, strides[1], dilations[1], padding[2]);
  return rows.flatMap((vertical) =>
    columns.map((horizontal) => ({
      vertical,
      horizontal,
      walk: flattenedWhere(strides, {
        ...{ n, h: oh, w: ow, pixelStep: cOut, channels: cOut / groups, strides: [1, 1] },
        ...{ oh: vertical.count, ow: horizontal.count, origin: [vertical.origin, horizontal.origin] },
        dilations: [vertical.dilation, horizontal.dilation],
        kernel: [vertical.taps.length, horizontal.taps.length],
      }),
    })),
  );
}

/** Where positions lie apart, in a strided convolution's gradient, they stay in their rows. */
function flattenedWhere(strides: readonly [number, number], walk: Walk): Walk {
  return strides[0] === 1 && strides[1] === 1 ? flattened(walk) : walk;
}

function isEmpty({ walk }: PhaseWalk): boolean {
  return walk.kernel[0] === 0 || walk.kernel[1] === 0;
}

function lowerInputGradient(call: LowerCall<'conv2dInputGradient'>): KernelCall[] {
  const { attributes, inputs, outputs, inputShapes, outputShapes } = call;
  const [, kw, cPerGroup, cOut] = inputShapes[1] as Dimensions;
  const dxShape = outputShapes[0] as Dimensions;
  const [, h, w, cIn] = dxShape;
  const shape = inputGradientWinograd(call.node, call.options);
  if (shape !== undefined) {
    const steps = { tapStep: cPerGroup * cOut, channelStep: 1, columnStep: cOut, turned: true };
    const filters = { w: inputs[1] as number, ...steps };
    return winogradCalls(shape, inputs[0] as number, filters, outputs[0] as number, 0, 0, call);
  }
  const { strides } = attributes;
  const outPerGroup = cOut / attributes.groups;
  const walks = gradientWalks(call.node);
  const calls: KernelCall[] = [];
  let panels = call.prepared;
  if (walks.some(isEmpty)) {
    const size = sizeOf(dxShape);
    calls.push({ kernel: 'fill', items: chunks(size), words: [outputs[0] as number, size, floatBits(0)] });
  }
  for (const { walk, vertical, horizontal } of walks.filter((one) => !isEmpty(one))) {
    const width = strides[0] === 1 && strides[1] === 1 ? walk.ow : w;
    const order = vertical.taps.flatMap((ky) => horizontal.taps.map((kx) => ky * kw + kx));
    for (const group of range(attributes.groups)) {
      const filters = (inputs[1] as number) + 4 * group * outPerGroup;
      const steps = { tap: cPerGroup * cOut, inner: 1, column: cOut };
      calls.push(packCall(filters, panels, order, outPerGroup, cPerGroup, steps));
      const y = (outputs[0] as number) + 4 * ((vertical.first * w + horizontal.first) * cIn + group * cPerGroup);
      calls.push(
        rowsCall(walk, (inputs[0] as number) + 4 * group * outPerGroup, panels, call.workspace, {
          ...{ y, rowStep: strides[0] * width * cIn, pixelStep: strides[1] * cIn },
          ...{ imageStep: h * w * cIn, columns: cPerGroup, bias: 0, activation: 0 },
        }),
      );
      panels += panelBytes(walk, cPerGroup);
    }
  }
  return calls;
}

/** How a filter gradient is cut: partial sums over the images, blocks of taps and of rows within a tap. */
interface FilterCut {
  readonly walk: Walk;
  readonly bands: Bands;
  readonly columns: number;
  readonly taps: number;
  readonly inner: number;
  readonly partials: number;
  readonly tapsPerItem: number;
  readonly innerPerItem: number;
  /** Bands that are summed in registers before the sums go to memory. */
  readonly group: number;
  readonly partialBytes: number;
  readonly scratchBytes: number;
}

function cutFilterGradient(node: Pick<Node<'conv2dFilterGradient'>, 'inputs' | 'attributes'>): FilterCut {
  const { attributes } = node;
  const x = node.inputs[0]?.shape as Dimensions;
  const y = node.inputs[1]?.shape as Dimensions;
  const walk = forwardWalk(x, y, attributes.kernelSize, attributes);
  const bands = cutIntoBands(walk);
  const [kh, kw] = attributes.kernelSize;
  const columns = y[3] / attributes.groups;
  const merged = attributes.dilations[1] === 1;
  const gathered = bands.copy === 2;
  const taps = gathered ? 1 : merged ? kh : kh * kw;
  const inner = (kh * kw * walk.channels) / taps;
  const size = kh * kw * walk.channels * columns;
  let partials = attributes.groups > 1 ? 1 : Math.min(walk.n * bands.count, 16);
  while (partials > 1 && partials * size * 4 > PARTIAL_BYTES) partials >>= 1;
  const alone = partials >= 16;
  const tapsPerItem = alone ? taps : 1;
  const innerPerItem = alone ? inner : Math.min(inner, 96);
  const packed = 4 * COLUMNS * bands.rows * walk.ow * Math.ceil(columns / COLUMNS);
  const group = Math.max(1, Math.min(8, Math.floor(BAND_PIXELS / (bands.rows * walk.ow))));
  return {
    ...{ walk, bands, columns, taps, inner, partials, tapsPerItem, innerPerItem, group },
    partialBytes: partials > 1 ? align(4 * align(size) * partials) : 0,
    scratchBytes: align(4 * (group + kh * kw) + 64) + group * (packed + bands.patchBytes) + 64,
  };
}

function lowerFilterGradient(call: LowerCall<'conv2dFilterGradient'>): KernelCall[] {
  const { attributes, inputs, outputs, inputShapes, outputShapes } = call;
  const shape = filterGradientWinograd(call.node, call.options);
  if (shape !== undefined) {
    return winogradGradientCalls(shape, inputs[0] as number, inputs[1] as number, outputs[0] as number, call.workspace);
  }
  const cut = cutFilterGradient(call.node);
  const { walk, bands, columns, partials } = cut;
  const { oh, ow } = walk;
  const cOut = inputShapes[1]?.[3] as number;
  const size = sizeOf(outputShapes[0] as Dimensions);
  const scratch = call.workspace + cut.partialBytes;
  const innerBlocks = Math.ceil(cut.inner / cut.innerPerItem);
  const tapBlocks = Math.ceil(cut.taps / cut.tapsPerItem);
  const partialStep = align(size);
  const calls = range(attributes.groups).map((group): KernelCall => {
    const x = (inputs[0] as number) + 4 * group * walk.channels;
    const out = partials > 1 ? call.workspace : (outputs[0] as number) + 4 * group * columns;
    const words = [x, (inputs[1] as number) + 4 * group * columns, out, walk.n, walk.h, walk.w, walk.pixelStep];
    words.push(walk.channels, walk.oh, walk.ow, ...walk.strides, ...walk.origin, ...walk.dilations, ...walk.kernel);
    words.push(columns, cOut, bands.rows, bands.count, partials, cut.innerPerItem, innerBlocks);
    words.push(scratch, cut.scratchBytes, bands.copy, cOut, partialStep, cut.tapsPerItem, tapBlocks);
    words.push(walk.h * walk.w * walk.pixelStep, oh * ow * cOut, cut.group);
    return { kernel: 'convFilterGradient', items: partials * tapBlocks * innerBlocks, words };
  });
  if (partials > 1) {
    const words = [call.workspace, outputs[0] as number, size, partials, 4096, partialStep];
    calls.push({ kernel: 'addPartials', items: chunks(size, 4096), words });
  }
  return calls;
}

/** What a convolution needs, pooled or not. */
export const forwardMemory = {
  prepared: (node: Forward, threads: number, options: LoweringOptions): number => {
    const shape = forwardWinograd(node, options);
    if (shape !== undefined) return winogradFilterBytes(shape, threads);
    const { walk, columns } = forwardShapes(node);
    return node.attributes.groups * panelBytes(walk, columns);
  },
  workspace: (node: Forward, threads: number, options: LoweringOptions): number => {
    const shape = forwardWinograd(node, options);
    return threads * (shape === undefined ? rowsScratch(forwardShapes(node).walk) : winogradScratch(shape));
  },
};

/** Convolutions and their gradients: Winograd's algorithm where it pays, else products over bands of output rows. */
export const convolutionLowerings: Pick<LoweringTable, 'conv2d' | 'conv2dInputGradient' | 'conv2dFilterGradient'> = {
  conv2d: {
    ...forwardMemory,
    algorithm: (node, options) => algorithmName(forwardWinograd(node, options), 'F(4×4, 3×3)'),
    lower: (call) => lowerForward(call, call.outputs[0] as number),
  },
  conv2dInputGradient: {
    prepared: (node, threads, options) => {
      const shape = inputGradientWinograd(node, options);
      if (shape !== undefined) return winogradFilterBytes(shape, threads);
      const columns = node.inputs[1]?.shape[2] as number;
      const areas = gradientWalks(node).map((one) => (isEmpty(one) ? 0 : panelBytes(one.walk, columns)));
      return node.attributes.groups * areas.reduce((sum, bytes) => sum + bytes, 0);
    },
    workspace: (node, threads, options) => {
      const shape = inputGradientWinograd(node, options);
      if (shape !== undefined) return threads * winogradScratch(shape);
      const walks = gradientWalks(node).filter((one) => !isEmpty(one));
      return threads * Math.max(0, ...walks.map(({ walk }) => rowsScratch(walk)));
    },
    algorithm: (node, options) => algorithmName(inputGradientWinograd(node, options), 'F(4×4, 3×3)'),
    lower: lowerInputGradient,
  },
  conv2dFilterGradient: {
    workspace: (node, threads, options) => {
      const shape = filterGradientWinograd(node, options);
      if (shape !== undefined) return winogradGradientWorkspace(shape, threads);
      const cut = cutFilterGradient(node);
      return cut.partialBytes + threads * cut.scratchBytes;
    },
    algorithm: (node, options) => algorithmName(filterGradientWinograd(node, options), 'F(3×3, 4×4)'),
    lower: lowerFilterGradient,
  },
};
