import { align } from '../../../compile/arena.js';
import type { Value } from '../../../ops/graph.js';
import type { ReductionAttributes } from '../../../ops/reductions.js';
import { broadcastStrides } from '../../../ops/strided.js';
import type { AttributesOf, OpName } from '../../../ops/table.js';
import { type Shape, sizeOf, stridesOf } from '../../../tensor/shape.js';
import { chunks, floatBits, type KernelCall, type KernelName, type Lowering, type LoweringTable } from '../lowering.js';
import { walkAxes } from './strides.js';

/** Elements that are added one after another before their sum is written out. Fixed, so that sums are always the same. */
const BLOCK = 32768;
/** Rows that a block has at least, however wide they are. */
const LEAST_ROWS = 64;
/** Columns of one item: their sums stay in the first cache. */
const COLUMNS = 4096;

/** One call: [outer, length, inner] → [outer, blocks, inner]. */
interface Stage {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly blockRows: number;
  readonly blocks: number;
}

/** The calls that reduce an array: one stretch of neighbouring axes after another, the longest first, in blocks. */
function stagesOf(shape: Shape, axes: readonly number[]): Stage[] {
  let groups: { size: number; reduced: boolean }[] = [];
  shape.forEach((size, axis) => {
    const reduced = axes.includes(axis);
    if (size > 1) groups.push({ size, reduced });
  });
  const stages: Stage[] = [];
  for (;;) {
    groups = mergeNeighbours(groups);
    const longest = Math.max(1, ...groups.map((group) => (group.reduced ? group.size : 1)));
    const at = groups.findIndex((group) => group.reduced && group.size === longest);
    if (at < 0) break;
    const outer = groups.slice(0, at).reduce((product, group) => product * group.size, 1);
    const inner = groups.slice(at + 1).reduce((product, group) => product * group.size, 1);
    const blockRows = Math.max(LEAST_ROWS, Math.floor(BLOCK / inner));
    const blocks = Math.ceil(longest / blockRows);
    stages.push({ outer, length: longest, inner, blockRows, blocks });
    groups = blocks > 1 ? groups.with(at, { size: blocks, reduced: true }) : groups.toSpliced(at, 1);
  }
  if (stages.length > 0) return stages;
  return [{ outer: 1, length: 1, inner: sizeOf(shape), blockRows: 1, blocks: 1 }];
}

function mergeNeighbours(groups: readonly { size: number; reduced: boolean }[]): { size: number; reduced: boolean }[] {
  const merged: { size: number; reduced: boolean }[] = [];
  for (const group of groups) {
    const last = merged.at(-1);
    if (last?.reduced === group.reduced) merged[merged.length - 1] = { ...group, size: last.size * group.size };
    else merged.push(group);
  }
  return merged;
}

function stageBytes({ outer, blocks, inner }: Stage): number {
  return align(4 * outer * blocks * inner);
}

/**
 * A reduction: `first` is the kernel for the array itself, `next` the one for partial results; `factor` is applied at
 * the end.
 */
function reduction<K extends OpName>(
  first: KernelName,
  next: KernelName,
  axesOf: (shape: Shape, attributes: AttributesOf<K>) => readonly number[],
  factor: (reduced: number) => number = () => 1,
): Lowering<K> {
  return {
    workspace: ({ inputs, attributes }) => {
      const shape = (inputs[0] as Value).shape;
      const stages = stagesOf(shape, axesOf(shape, attributes));
      return stages.slice(0, -1).reduce((bytes, stage) => bytes + stageBytes(stage), 0);
    },
    lower: ({ inputs, outputs, inputShapes, outputShapes, attributes, workspace }) => {
      const shape = inputShapes[0] as Shape;
      const stages = stagesOf(shape, axesOf(shape, attributes));
      const scale = factor(sizeOf(shape) / sizeOf(outputShapes[0] as Shape));
      let x = inputs[0] as number;
      let scratch = workspace;
      return stages.map((stage, i): KernelCall => {
        const last = i === stages.length - 1;
        const y = last ? (outputs[0] as number) : scratch;
        const call = stageCall(stage, i === 0 ? first : next, x, y, last ? scale : 1);
        x = y;
        scratch += stageBytes(stage);
        return call;
      });
    },
  };
}

function stageCall(stage: Stage, kernel: KernelName, x: number, y: number, factor: number): KernelCall {
  const { outer, length, inner, blockRows, blocks } = stage;
  const columns = Math.min(inner, COLUMNS);
  const partsPerItem = Math.max(1, Math.floor(BLOCK / (Math.min(blockRows, length) * inner)));
  const items = Math.ceil((outer * blocks) / partsPerItem) * Math.ceil(inner / columns);
  return {
    kernel,
    items,
    words: [x, y, outer, length, inner, blockRows, blocks, floatBits(factor), partsPerItem, columns],
  };
}

function namedAxes(_: Shape, { axes }: ReductionAttributes): readonly number[] {
  return axes;
}

/** Sums, means and maxima over axes with their gradients, and broadcasting. */
export const reductionLowerings: Pick<
  LoweringTable,
  'sum' | 'mean' | 'max' | 'maxGradient' | 'sumOfSquares' | 'broadcastTo'
> = {
  sum: reduction<'sum'>('reduceSum', 'reduceSum', namedAxes),
  mean: reduction<'mean'>('reduceSum', 'reduceSum', namedAxes, (count) => 1 / count),
  max: reduction<'max'>('reduceMax', 'reduceMax', namedAxes),
  sumOfSquares: reduction<'sumOfSquares'>('reduceSquares', 'reduceSum', (shape) => shape.map((_, axis) => axis)),
  maxGradient: {
    lower: ({ inputs, outputs, inputShapes, attributes: { axes } }) => {
      const shape = inputShapes[0] as Shape;
      const strides = stridesOf(shape);
      const outputsCount = sizeOf(inputShapes[1] as Shape);
      const count = sizeOf(shape) / outputsCount;
      const pairs = (reduced: boolean): number[][] =>
        shape.flatMap((size, axis) =>
          size > 1 && axes.includes(axis) === reduced ? [[size, strides[axis] as number]] : [],
        );
      const kept = pairs(false).reverse();
      const reduced = pairs(true);
      const perItem = Math.max(1, Math.floor(BLOCK / (2 * count)));
      const [x, y, dy] = inputs as [number, number, number];
      const words = [x, y, dy, outputs[0] as number, outputsCount, perItem, kept.length, reduced.length, count];
      words.push(...kept.flat(), ...reduced.flat());
      return [{ kernel: 'maxGradient', items: Math.ceil(outputsCount / perItem), words }];
    },
  },
  broadcastTo: {
    lower: ({ inputs, outputs, inputShapes, outputShapes }) => {
      const shape = outputShapes[0] as Shape;
      const strides = broadcastStrides(inputShapes[0] as Shape, shape);
      return [gatherCall(inputs[0] as number, outputs[0] as number, shape, strides)];
    },
  },
};

/** The call that fills a contiguous array of `shape` with elements that lie at `strides` (in floats) from x. */
export function gatherCall(x: number, y: number, shape: Shape, strides: readonly number[]): KernelCall {
  const [inner = { size: 1, steps: [1] }, ...outer] = walkAxes(shape, [strides]).reverse();
  const size = sizeOf(shape);
  const words = [x, y, size, inner.size, inner.steps[0] as number, outer.length];
  words.push(...outer.flatMap((axis) => [axis.size, axis.steps[0] as number]));
  return { kernel: 'gatherStrided', items: chunks(size), words };
}
