import { Graph, type Value } from '../../src/ops/graph.js';
import { flatIndices } from '../../src/ops/strided.js';
import { opTable } from '../../src/ops/table.js';
import { type Shape, stridesOf } from '../../src/tensor/shape.js';
import type { TensorData } from '../../src/tensor/tensor.js';
import type { OnnxAttribute, OnnxModel, OnnxTensor } from './protobuf.js';

/** Something that ONNX has and the ops do not. */
export class NotCovered extends Error {}

/** A value of the graph and how its numbers are brought into ONNX's order. */
export interface Result {
  readonly value: Value;
  readonly toOnnx?: (y: Numbers) => Numbers;
}

export interface Numbers {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** Builds a graph that does what the node says: one result for each of its outputs, in order. */
export type Mapping = (call: OnnxCall) => readonly (Value | Result)[];

/** One test's node: its operands as numbers, and a graph to express it in. */
export class OnnxCall {
  readonly graph = new Graph(opTable);
  readonly feeds: Record<string, TensorData> = {};
  readonly #model: OnnxModel;
  readonly #operands: readonly (OnnxTensor | undefined)[];

  constructor(model: OnnxModel, modelInputs: readonly OnnxTensor[]) {
    this.#model = model;
    this.#operands = model.inputs.map((name) => {
      if (name === '') return undefined;
      const operand = modelInputs[model.modelInputs.indexOf(name)];
      if (operand === undefined) throw new Error(`no numbers for the operand ${name}`);
      return operand;
    });
  }

  /** Number of operands, those left out included. */
  get count(): number {
    return this.#operands.length;
  }

  get outputs(): number {
    return this.#model.outputs.length;
  }

  has(i: number): boolean {
    return this.#operands[i] !== undefined;
  }

  /** Operand i as numbers of the host. */
  host(i: number): OnnxTensor {
    const operand = this.#operands[i];
    if (operand === undefined) throw new NotCovered(`operand ${i} is left out`);
    return operand;
  }

  /** The only number of operand i. */
  number(i: number, otherwise: number): number {
    return this.#operands[i]?.data[0] ?? otherwise;
  }

  /** The whole numbers of operand i. */
  integers(i: number, otherwise: readonly number[] = []): readonly number[] {
    const operand = this.#operands[i];
    return operand === undefined ? otherwise : [...operand.data];
  }

  /** Operand i as a value of the graph. */
  value(i: number): Value {
    return this.feed(this.host(i));
  }

  /** All operands as values of the graph. */
  values(): [Value, ...Value[]] {
    return Array.from({ length: this.count }, (_, i) => this.value(i)) as [Value, ...Value[]];
  }

  /** Operand i, [n, c, ...], with its channels last and at least two axes of pixels: [n, h, w, c]. */
  image(i: number): Value {
    return this.feed(channelsLast(this.host(i)));
  }

  /** Numbers as a float32 input of the graph, which must hold them exactly. */
  feed({ shape, data }: Numbers): Value {
    const numbers = Float32Array.from(data);
    if (numbers.length === 0) throw new NotCovered('an array without elements');
    if (numbers.some((x, i) => !Object.is(x, data[i]) && x !== data[i] && !Number.isNaN(x))) {
      throw new NotCovered('numbers that float32 does not hold');
    }
    return this.#input(shape, numbers);
  }

  feedIntegers({ shape, data }: Numbers): Value {
    return this.#input(shape, Int32Array.from(data));
  }

  int(name: string, otherwise: number): number {
    return this.#attribute(name, (x) => typeof x === 'number', otherwise);
  }

  float(name: string, otherwise: number): number {
    return this.#attribute(name, (x) => typeof x === 'number', otherwise);
  }

  text(name: string, otherwise: string): string {
    return this.#attribute(name, (x) => typeof x === 'string', otherwise);
  }

  ints(name: string, otherwise: readonly number[] = []): readonly number[] {
    return this.#attribute<readonly number[]>(name, (x) => Array.isArray(x), otherwise);
  }

  /** Throws for an attribute with another value than the one that can be expressed. */
  expect(name: string, only: number | string): void {
    const found = this.#model.attributes.get(name) ?? only;
    if (found !== only) throw new NotCovered(`${name} ${found}`);
  }

  #attribute<T extends OnnxAttribute>(name: string, is: (x: OnnxAttribute) => boolean, otherwise: T): T {
    const found = this.#model.attributes.get(name);
    if (found === undefined) return otherwise;
    if (!is(found)) throw new Error(`attribute ${name} is ${JSON.stringify(found)}`);
    return found as T;
  }

  #input(shape: Shape, numbers: TensorData): Value {
    const name = `x${this.graph.inputs.size}`;
    this.feeds[name] = numbers;
    return this.graph.input(name, shape, numbers instanceof Int32Array ? 'int32' : 'float32');
  }
}

/** Axes in another order: axis i of the result is axis `permutation[i]` of x. */
export function permute({ shape, data }: Numbers, permutation: readonly number[]): Numbers {
  const strides = stridesOf(shape);
  const target = permutation.map((axis) => shape[axis] as number);
  const from = flatIndices(
    target,
    permutation.map((axis) => strides[axis] as number),
  );
  return { shape: target, data: Float64Array.from(from, (at) => data[at] as number) };
}

/** [n, c, l] or [n, c, h, w] → [n, h, w, c], where one axis of pixels is the width. */
function channelsLast({ shape, data }: Numbers): Numbers {
  if (shape.length === 3) return permute({ shape: shape.toSpliced(2, 0, 1), data }, [0, 2, 3, 1]);
  if (shape.length !== 4) throw new NotCovered(`${shape.length - 2} axes of pixels`);
  return permute({ shape, data }, [0, 2, 3, 1]);
}

/** A result [n, h, w, c] that ONNX has as [n, c, h, w], or as [n, c, l] where the operand was so. */
export function channelsFirst(value: Value, rank: number): Required<Result> {
  return {
    value,
    toOnnx: (y) => {
      const { shape, data } = permute(y, [0, 3, 1, 2]);
      return { shape: rank === 3 ? shape.toSpliced(2, 1) : shape, data };
    },
  };
}

/** The positive number of an axis. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
