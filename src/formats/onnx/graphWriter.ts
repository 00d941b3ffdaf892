import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FoveaError } from '../../tensor/errors.js';
import type { Shape } from '../../tensor/shape.js';
import { toHalves } from '../halfFloat.js';
import { dataTypes } from './constants.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.js';

/** What a node can be told. Whole numbers stand in lists or are marked as such by `whole`. */
export type AttributeValue = string | readonly number[] | { readonly whole: number } | { readonly real: number };

/** The kinds of attributes, as AttributeProto numbers them. */
const KINDS = { real: 1, whole: 2, text: 3, wholes: 7 };
const OPSET = 17n;
const IR_VERSION = 8n;
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR_RAW_DATA = 9;
/** What a protobuf message may have. */
const MAX_BYTES = 2 ** 31 - 1;

interface Stored {
  /** The tensor without its numbers. */
  readonly head: Uint8Array;
  readonly raw: Uint8Array;
}

/** Collects the nodes and tensors of an ONNX graph and puts them together without copying the tensors. */
export class GraphWriter {
  readonly #half: boolean;
  readonly #nodes: NodeProto[] = [];
  readonly #tensors: Stored[] = [];
  readonly #names = new Set<string>();
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];

  constructor(half: boolean) {
    this.#half = half;
  }

  /** A name that nothing in the graph has yet. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a node with one output and returns the output's name. */
  node(op: string, name: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}) {
    const output = this.unique(name);
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    const node = { opType: op, name: output, input: [...inputs], output: [output], attribute };
    this.#nodes.push(create(NodeProtoSchema, node));
    return output;
  }

  /** Adds weights, as float16 where that was asked for, and returns the name of their float32 values. */
  weights(wanted: string, shape: Shape, data: Float32Array): string {
    if (!this.#half || data.length === 1) return this.#tensor(wanted, shape, dataTypes.F32, bytesOf(data));
    const stored = this.#tensor(wanted, shape, dataTypes.F16, bytesOf(toHalves(data)));
    return this.node('Cast', `${stored}/float32`, [stored], { to: { whole: dataTypes.F32 } });
  }

  /** Adds float32 numbers that are no weights. */
  reals(wanted: string, data: readonly number[], shape: Shape = data.length === 1 ? [] : [data.length]): string {
    return this.#tensor(wanted, shape, dataTypes.F32, bytesOf(Float32Array.from(data)));
  }

  /** Adds a list of int64 numbers. */
  wholes(wanted: string, data: readonly number[]): string {
    return this.#tensor(wanted, [data.length], dataTypes.I64, bytesOf(BigInt64Array.from(data, BigInt)));
  }

  input(name: string, shape: Shape): string {
    this.#inputs.push(valueInfo(this.unique(name), shape));
    return name;
  }

  output(name: string, shape: Shape): void {
    this.#outputs.push(valueInfo(name, shape));
  }

  /** The file in pieces: the model's facts, the graph without its tensors, then the tensors one by one. */
  pieces(name: string, metadata: Readonly<Record<string, string>>): Uint8Array[] {
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      producerName: 'fovea',
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    const [node, input, output] = [this.#nodes, this.#inputs, this.#outputs];
    const body: Uint8Array[] = [toBinary(GraphProtoSchema, create(GraphProtoSchema, { name, node, input, output }))];
    for (const { head, raw } of this.#tensors) {
      const rawTag = prefix(TENSOR_RAW_DATA, raw.length);
      const length = head.length + rawTag.length + raw.length;
      body.push(prefix(GRAPH_INITIALIZER, length), head, rawTag, raw);
    }
    const graphBytes = body.reduce((sum, piece) => sum + piece.length, 0);
    if (graphBytes > MAX_BYTES - 2 ** 20) {
      throw new FoveaError('memory', {
        where: 'writeOnnx',
        rule: 'an ONNX file has at most 2 GiB',
        received: `${graphBytes} bytes`,
        remedy: 'Write half: true, or safetensors',
      });
    }
    return [toBinary(ModelProtoSchema, model), prefix(MODEL_GRAPH, graphBytes), ...body];
  }

  #tensor(wanted: string, shape: Shape, dataType: number, raw: Uint8Array): string {
    const name = this.unique(wanted);
    const head = toBinary(TensorProtoSchema, create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType }));
    this.#tensors.push({ head, raw });
    return name;
  }
}

function prefix(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

function bytesOf(data: Float32Array | Uint16Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: KINDS.text, s: new TextEncoder().encode(value) });
  }
  if ('whole' in value) return create(AttributeProtoSchema, { name, type: KINDS.whole, i: BigInt(value.whole) });
  if ('real' in value) return create(AttributeProtoSchema, { name, type: KINDS.real, f: value.real });
  return create(AttributeProtoSchema, { name, type: KINDS.wholes, ints: value.map(BigInt) });
}

/** A float32 value with an open batch. */
function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const open = { value: { case: 'dimParam', value: 'N' } } as const;
  const dim = [open, ...shape.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } }) as const)];
  return create(ValueInfoProtoSchema, { name, type: { tensorType: { elemType: dataTypes.F32, shape: { dim } } } });
}
