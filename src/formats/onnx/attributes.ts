import type { AttributeProto, NodeProto, TensorProto } from './onnx_pb.js';

/** What a node is told, by name; each with the default of ONNX's operator. */
export class Attributes {
  readonly #byName: ReadonlyMap<string, AttributeProto>;

  constructor(node: NodeProto) {
    this.#byName = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  whole(name: string, otherwise: number): number {
    const attribute = this.#byName.get(name);
    return attribute === undefined ? otherwise : Number(attribute.i);
  }

  real(name: string, otherwise: number): number {
    return this.#byName.get(name)?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const attribute = this.#byName.get(name);
    return attribute === undefined ? otherwise : new TextDecoder().decode(attribute.s);
  }

  wholes(name: string): number[] | undefined {
    return this.#byName.get(name)?.ints.map(Number);
  }

  reals(name: string): readonly number[] | undefined {
    return this.#byName.get(name)?.floats;
  }

  tensor(name: string): TensorProto | undefined {
    return this.#byName.get(name)?.t;
  }
}
