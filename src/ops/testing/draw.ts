import { RandomStream } from '../../tensor/random.js';
import { type DType, type Shape, sizeOf } from '../../tensor/shape.js';
import { allocate, type TensorData } from '../../tensor/tensor.js';
import { Graph } from '../graph.js';
import { type AttributesOf, type OpName, opTable } from '../table.js';

/** One array of a case. */
export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TensorData;
  /** Whether the op has a gradient by this input that finite differences can check at these values. */
  readonly differentiable: boolean;
}

/** Everything random about one case: a function of (seed, op, number of the case), the same on every machine. */
export class Draw {
  /** Number of the case: forms that must all occur are cycled through by it. */
  readonly number: number;
  /** Larger arrays, for engines whose blocking only shows on them. */
  readonly large: boolean;
  readonly #random: RandomStream;

  constructor(seed: number, op: string, number: number, large: boolean) {
    this.number = number;
    this.large = large;
    this.#random = new RandomStream(seed, `case of ${op}`, number);
  }

  /** The items in turn from case to case; `period` cases long the same one. */
  cycle<T>(items: readonly [T, ...T[]], period = 1): T {
    return items[Math.floor(this.number / period) % items.length] as T;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.#random.below(items.length)] as T;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.#random.below(high - low + 1);
  }

  /** A size along an axis that is not the channels. */
  size(): number {
    return this.pick(this.large ? [1, 2, 3, 5, 7, 8, 11, 14, 16, 19] : [1, 2, 3, 4, 5, 7]);
  }

  /** A number of channels: mostly not a multiple of 4 or 8. */
  channels(): number {
    return this.pick(this.large ? [1, 3, 4, 5, 7, 8, 13, 16, 17, 24, 31, 40] : [1, 2, 3, 5, 7, 8, 13, 17]);
  }

  /** A shape of the given rank, at most some tens of thousands of elements. */
  shape(rank: number): number[] {
    const shape = Array.from({ length: rank }, (_, axis) => (axis === rank - 1 ? this.channels() : this.size()));
    while (sizeOf(shape) > (this.large ? 30000 : 1500)) {
      const longest = shape.indexOf(Math.max(...shape));
      shape[longest] = Math.ceil((shape[longest] as number) / 2);
    }
    return shape;
  }

  /** Standard normal numbers times `deviation`. */
  normal(shape: Shape, deviation = 1): CaseInput {
    return this.#fill(shape, () => this.#random.normal() * deviation);
  }

  uniform(shape: Shape, low: number, high: number): CaseInput {
    return this.#fill(shape, () => low + (high - low) * this.#random.uniform());
  }

  /** Multiples of `step` from `low` to `high`, all moved by `offset`: keeps values off the kinks of an op. */
  grid(shape: Shape, step: number, low: number, high: number, offset = 0): CaseInput {
    const count = Math.round((high - low) / step);
    return this.#fill(shape, () => low + this.between(0, count) * step + offset);
  }

  /** Numbers that all differ by at least 1/64, in random order. */
  distinct(shape: Shape): CaseInput {
    const size = sizeOf(shape);
    const order = this.#random.shuffle(Uint32Array.from({ length: size }, (_, i) => i));
    let next = 0;
    return this.#fill(shape, () => ((order[next++] as number) - size / 2) / 64);
  }

  /** int32 from `low` to `high`, both included. */
  integers(shape: Shape, low: number, high: number): CaseInput {
    const data = new Int32Array(sizeOf(shape)).map(() => this.between(low, high));
    return { shape, dtype: 'int32', data, differentiable: false };
  }

  #fill(shape: Shape, next: () => number): CaseInput {
    const data = new Float32Array(sizeOf(shape)).map(next);
    return { shape, dtype: 'float32', data, differentiable: true };
  }
}

/** The same arrays, not to be differentiated by. */
export function constant(...inputs: CaseInput[]): CaseInput[] {
  return inputs.map((input) => ({ ...input, differentiable: false }));
}

/** What an op's definition gives, in float32: values that another op is later given. */
export function outputsOf<K extends OpName>(
  op: K,
  inputs: readonly CaseInput[],
  attributes: AttributesOf<K>,
): [CaseInput, ...CaseInput[]] {
  const definition = new Graph(opTable).definition(op);
  const specs = definition.shape({ inputs, attributes, where: op });
  const outputs = specs.map(({ shape, dtype }) => {
    return { shape, dtype, data: allocate(dtype, sizeOf(shape)), differentiable: false };
  });
  definition.define({
    inputs: inputs.map(({ data }) => data),
    outputs: outputs.map(({ data }) => data),
    inputShapes: inputs.map(({ shape }) => shape),
    outputShapes: outputs.map(({ shape }) => shape),
    attributes,
  });
  return outputs as [CaseInput, ...CaseInput[]];
}
