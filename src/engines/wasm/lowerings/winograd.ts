import { align } from '../../../compile/arena.js';
import { COLUMNS, type KernelCall } from '../lowering.js';

/**
 * Winograd's F(4×4, 3×3) for 3 × 3 convolutions with stride 1, and F(3×3, 4×4) for their filter gradients: 36 products
 * in place of 144 for each square of 4 × 4 output pixels, at the price of transforms.
 */

const ROWS = 6;
const TEMP = 1280;
const SKEW = 64;
/** Tiles that one item transforms together: a multiple of six that keeps panels of filters in use. */
const BLOCK = 48;
/** Bytes of transformed filters beyond which blocks are twice as large. */
const LARGE_FILTERS = 16 * 2 ** 20;
/** Items that a step should have, so that threads end together. */
const ITEMS = 16;
/** Channels of x and of dy that one item of a filter gradient works on. */
const GRADIENT_ROWS = 96;
const GRADIENT_COLUMNS = 64;

/** A convolution that the algorithm fits: sizes, and the input position under the first tap. */
export interface WinogradShape {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly channels: number;
  readonly oh: number;
  readonly ow: number;
  readonly columns: number;
  readonly origin: readonly [number, number];
}

function tilesOf({ n, oh, ow }: WinogradShape): { y: number; x: number; all: number } {
  const [y, x] = [Math.ceil(oh / 4), Math.ceil(ow / 4)];
  return { y, x, all: n * y * x };
}

/**
 * Whether the transforms and the pixels past the edge cost less than the products that are saved. The weights of the
 * two sides were fitted to measurements of single layers.
 */
export function winogradPays(shape: WinogradShape): boolean {
  const { n, oh, ow, channels, columns } = shape;
  if (channels % 4 !== 0 || columns % 4 !== 0 || channels < 16 || columns < 16) return false;
  const tiles = tilesOf(shape).all;
  const direct = (n * oh * ow * 9 * channels * columns) / 8;
  const transformed = tiles * ((36 * channels * columns) / 8 + 30 * channels + 22 * columns);
  return transformed * 1.15 < direct;
}

/** Whether the filter gradient pays; its columns must fill whole panels in every build. */
export function winogradGradientPays(shape: WinogradShape): boolean {
  return shape.columns % COLUMNS === 0 && winogradPays(shape);
}

/** Groups of columns that kernels take together. */
function groupsOf(columns: number): number {
  return Math.ceil(columns / COLUMNS);
}

/** Bytes of the filters in Winograd's domain, and of the scratch memory that takes them there. */
export function winogradFilterBytes(shape: WinogradShape, threads: number): number {
  return filterBytes(shape) + threads * FILTER_SCRATCH;
}

function filterBytes(shape: WinogradShape): number {
  return align(36 * (4 * shape.channels * groupsOf(shape.columns) * COLUMNS + SKEW));
}

interface ConvCut {
  /** Tiles of an item, and how many such blocks there are. */
  readonly block: number;
  readonly blocks: number;
  /** Columns of an item, and how many such blocks there are. */
  readonly columns: number;
  readonly columnBlocks: number;
}

function convCut(shape: WinogradShape): ConvCut {
  const { all } = tilesOf(shape);
  // Filters that no cache near a core holds are read anew for each block: larger blocks read them less often.
  const most = filterBytes(shape) > LARGE_FILTERS ? 2 * BLOCK : BLOCK;
  const block = Math.ceil(all / Math.ceil(all / most) / ROWS) * ROWS;
  const blocks = Math.ceil(all / block);
  const groups = groupsOf(shape.columns);
  let groupsPerItem = groups;
  while (groupsPerItem > 1 && blocks * Math.ceil(groups / groupsPerItem) < ITEMS) {
    groupsPerItem = Math.ceil(groupsPerItem / 2);
  }
  return { block, blocks, columns: groupsPerItem * COLUMNS, columnBlocks: Math.ceil(groups / groupsPerItem) };
}

function convScratch(shape: WinogradShape): number {
  const { block, columns } = convCut(shape);
  const v = 36 * (4 * block * shape.channels + SKEW);
  const m = 36 * (4 * columns * block + SKEW);
  return align(TEMP + 64 + 36 * 4 * shape.channels + v + m + 64);
}

/** Bytes of a thread's scratch memory in {@link winogradCalls}. */
export function winogradScratch(shape: WinogradShape): number {
  return convScratch(shape);
}

/** A transform's vectors, and the nine taps of four channels. */
const FILTER_SCRATCH = align(TEMP + 4 * 144 + 64);

/** Where the filters lie: steps in floats between taps, channels and columns; `turned` for an input gradient. */
export interface FilterSource {
  readonly w: number;
  readonly tapStep: number;
  readonly channelStep: number;
  readonly columnStep: number;
  readonly turned: boolean;
}

/** The convolution, `pooled` by 2 × 2 or not, as two steps: the filters' transform, then everything else per block of tiles. */
export function winogradCalls(
  shape: WinogradShape,
  x: number,
  filters: FilterSource,
  y: number,
  bias: number,
  activation: number,
  memory: { readonly prepared: number; readonly workspace: number },
  pooled = false,
): KernelCall[] {
  const { prepared, workspace: scratch } = memory;
  const tiles = tilesOf(shape);
  const cut = convCut(shape);
  const { w, tapStep, channelStep, columnStep, turned } = filters;
  const transform = [w, prepared, shape.channels, shape.columns, tapStep, channelStep, columnStep, turned ? 1 : 0];
  transform.push(prepared + filterBytes(shape), FILTER_SCRATCH);
  const words = [x, y, prepared, bias, activation, shape.h, shape.w, shape.channels, shape.oh, shape.ow];
  words.push(...shape.origin, shape.columns, tiles.y, tiles.x, tiles.all, cut.block, cut.blocks);
  words.push(cut.columns);
  words.push(scratch, convScratch(shape), pooled ? 1 : 0);
  return [
    { kernel: 'winogradFilters', items: groupsOf(shape.columns), words: transform, prepares: true },
    { kernel: 'winogradConv', items: cut.blocks * cut.columnBlocks, words },
  ];
}

interface GradientCut {
  readonly rows: number;
  readonly columns: number;
  readonly rowBlocks: number;
  readonly columnBlocks: number;
  readonly partials: number;
  readonly partialStep: number;
  readonly chunk: number;
}

function gradientCut(shape: WinogradShape): GradientCut {
  const rows = Math.min(GRADIENT_ROWS, shape.channels);
  const columns = Math.min(GRADIENT_COLUMNS, shape.columns);
  const rowBlocks = Math.ceil(shape.channels / rows);
  const columnBlocks = Math.ceil(shape.columns / columns);
  const { all } = tilesOf(shape);
  const chunk = Math.min(BLOCK, all);
  const partials = Math.max(1, Math.min(Math.ceil(ITEMS / (rowBlocks * columnBlocks)), Math.floor(all / chunk)));
  const partialStep = align(9 * shape.channels * shape.columns);
  return { rows, columns, rowBlocks, columnBlocks, partials, partialStep, chunk };
}

function gradientScratch(shape: WinogradShape): number {
  const { rows, columns, chunk } = gradientCut(shape);
  const groups = Math.ceil(rows / ROWS);
  const patch = 36 * 4 * Math.max(rows, columns);
  const v = 36 * (chunk * (4 * groups * ROWS + 8) + SKEW);
  const d = 36 * (4 * columns * chunk + SKEW);
  return align(TEMP + patch + v + d + 36 * (4 * groups * ROWS * columns + SKEW) + 64);
}

function partialBytes(shape: WinogradShape): number {
  const { partials, partialStep } = gradientCut(shape);
  return partials > 1 ? align(4 * partialStep * partials) : 0;
}

/** Bytes of scratch memory of {@link winogradGradientCalls}. */
export function winogradGradientWorkspace(shape: WinogradShape, threads: number): number {
  return partialBytes(shape) + threads * gradientScratch(shape);
}

/** The filter gradient: all in one step per partial sum, then the partial sums added in order. */
export function winogradGradientCalls(
  shape: WinogradShape,
  x: number,
  dy: number,
  dw: number,
  workspace: number,
): KernelCall[] {
  const cut = gradientCut(shape);
  const tiles = tilesOf(shape);
  const out = cut.partials > 1 ? workspace : dw;
  const words = [x, dy, out, shape.h, shape.w, shape.channels, shape.oh, shape.ow, ...shape.origin, shape.columns];
  words.push(tiles.y, tiles.x, tiles.all, cut.partials, cut.chunk, cut.rows, cut.rowBlocks, cut.columns);
  words.push(cut.columnBlocks, workspace + partialBytes(shape), gradientScratch(shape), cut.partialStep);
  const items = cut.partials * cut.rowBlocks * cut.columnBlocks;
  const calls: KernelCall[] = [{ kernel: 'winogradFilterGradient', items, words }];
  if (cut.partials > 1) {
    const size = 9 * shape.channels * shape.columns;
    const add = [workspace, dw, size, cut.partials, 4096, cut.partialStep];
    calls.push({ kernel: 'addPartials', items: Math.ceil(size / 4096), words: add });
  }
  return calls;
}
