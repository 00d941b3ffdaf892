import type { FusedActivation } from '../../ops/fusedActivation.js';
import type { Node } from '../../ops/graph.js';
import type { AttributesOf, OpName } from '../../ops/table.js';
import type { Shape } from '../../tensor/shape.js';
import type { kernelNames } from './generated/kernelNames.js';

export type KernelName = (typeof kernelNames)[number];

/** One call of a kernel: so many items, in any order, on any thread. */
export interface KernelCall {
  readonly kernel: KernelName;
  readonly items: number;
  /** Parameter words as the kernel documents them: whole numbers, addresses, or floats through {@link floatBits}. */
  readonly words: readonly number[];
  /** The call only prepares weights: where these are kept, it runs again only after they have changed. */
  readonly prepares?: true;
}

/** Choices of the engine that lowerings follow. */
export interface LoweringOptions {
  /** How 3 × 3 convolutions with stride 1 are computed. */
  readonly convolution: 'auto' | 'direct' | 'winograd';
}

/** What a lowering knows when it turns a node into kernel calls: all addresses are final. */
export interface LowerCall<K extends OpName> {
  readonly node: Node<K>;
  readonly attributes: AttributesOf<K>;
  /** Addresses of the inputs' and outputs' numbers. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly inputShapes: readonly Shape[];
  readonly outputShapes: readonly Shape[];
  /** Outputs that nothing reads. */
  readonly unused: readonly boolean[];
  /** Address of the prepared weights, of the size that `prepared` asked for. */
  readonly prepared: number;
  /** Address of the step's scratch memory, of the size that `workspace` asked for. */
  readonly workspace: number;
  /** Upper bound of the thread numbers that kernels see. */
  readonly threads: number;
  readonly options: LoweringOptions;
}

/** How the engine runs an op: kernel calls that follow one another, with a barrier behind each. */
export interface Lowering<K extends OpName> {
  /** Bytes of scratch memory, from shapes and attributes alone. */
  readonly workspace?: (node: Node<K>, threads: number, options: LoweringOptions) => number;
  /**
   * Bytes of weights (input 1) in the form that the kernels read, with the scratch memory that making them needs. What
   * makes them is marked `prepares`, touches nothing but the weights and these bytes, and comes before everything else.
   */
  readonly prepared?: (node: Node<K>, threads: number, options: LoweringOptions) => number;
  /** The algorithm that was chosen, for the printed plan; undefined where there is no choice. */
  readonly algorithm?: (node: Node<K>, options: LoweringOptions) => string | undefined;
  readonly lower: (call: LowerCall<K>) => KernelCall[];
}

/** A lowering for every op: a missing one does not compile. */
export type LoweringTable = { readonly [K in OpName]: Lowering<K> };

/** The number by which kernels know an activation; the same stands in kernels/activation.ts. */
export function activationNumber(activation: FusedActivation): number {
  return ['linear', 'relu', 'relu6'].indexOf(activation);
}

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** The word that holds a float32 parameter. */
export function floatBits(value: number): number {
  floats[0] = value;
  return bits[0] as number;
}

/** Elements that one item of an element-wise kernel works on; the same number stands in kernels/elementwise.ts. */
export const CHUNK = 16384;

/** Columns of a matrix that kernels take together: the same number stands in kernels/tiles.ts. */
export const COLUMNS = 16;

/** Number of items for `size` elements in chunks. */
export function chunks(size: number, chunk = CHUNK): number {
  return Math.max(1, Math.ceil(size / chunk));
}
