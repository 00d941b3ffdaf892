import { input } from '../../layers/input.js';
import type { Layer } from '../../layers/layer.js';
import type { LayerOutput } from '../../layers/layerOutput.js';
import { model } from '../../model/functional.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import { SPARE_BYTES } from '../limits.js';
import { type ExternalFiles, readInitializers } from './constants.js';
import { type DecodedOnnx, isStandard } from './decodeOnnx.js';
import { OnnxNode, type WeightNumbers } from './importer.js';
import type { GraphProto, NodeProto, ValueInfoProto } from './onnx_pb.js';
import { nodeReaders } from './operators.js';
import type { LayerValue, OnnxValue } from './values.js';

export interface ImportOptions {
  readonly inputShape?: Shape;
  readonly external: ExternalFiles;
  /** Bytes of the file and those beside it. */
  readonly fileBytes: number;
  readonly where: string;
}

const DAMAGED = 'The file is damaged or no ONNX model: fetch or write it anew';
/** Operators that leave the order of the axes open. */
const ANY_ORDER = ['Add', 'Sub', 'Mul', 'Div', 'Cast', 'Identity', 'Relu', 'Clip', 'Neg', 'Sigmoid', 'Tanh'];

/** Turns a decoded graph into a model with its weights. */
export async function importGraph(decoded: DecodedOnnx, options: ImportOptions): Promise<Model> {
  const { graph, opset } = decoded;
  const { where } = options;
  const constants = readInitializers(graph.initializer, options.external, where);
  const values = new Map<string, OnnxValue>();
  for (const [name, constant] of constants) values.set(name, { kind: 'constant', constant });
  const entries = graph.input.filter(({ name }) => !constants.has(name));
  const names = new Set<string>();
  const inputs = entries.map((entry) => {
    const value = inputValue(entry, graph, options, names);
    values.set(entry.name, value);
    return value.output;
  });
  const uses = countUses(graph);
  const weights = new Map<Layer, readonly WeightNumbers[]>();
  const state = { where, opset, values, uses, batch: fixedBatch(entries[0]), weights, names };
  for (const proto of neededNodes(graph)) {
    const [name = ''] = proto.output;
    if (values.has(name)) throw formatError(where, 'each value is made once', quoteUntrusted(name), DAMAGED);
    values.set(name, readNode(proto, new OnnxNode(proto, state)));
  }
  const outputs = graph.output.map((entry) => outputOf(entry, values, where));
  const network = model({ inputs, outputs, name: graph.name.replaceAll('/', '_').slice(0, 100) || 'onnx' });
  await writeWeights(network, weights, options);
  return network;
}

function readNode(proto: NodeProto, node: OnnxNode): OnnxValue {
  const read = isStandard(proto.domain) ? nodeReaders.get(proto.opType) : undefined;
  if (read === undefined) {
    const near = isStandard(proto.domain) ? '' : ` of ${quoteUntrusted(proto.domain)}`;
    return node.unsupported(`there is no layer for this operator${near}`);
  }
  try {
    return read(node);
  } catch (error) {
    if (!(error instanceof FoveaError) || error.code === 'format') throw error;
    return node.unsupported(error.message); // what a layer says of options or shapes that it does not take
  }
}

function sizesOf(entry: ValueInfoProto | undefined): (number | undefined)[] | undefined {
  return entry?.type?.tensorType?.shape?.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : undefined,
  );
}

function fixedBatch(entry: ValueInfoProto | undefined): number | undefined {
  return sizesOf(entry)?.[0];
}

/** An input [n, c, h, w] becomes [h, w, c], unless the graph itself transposes it so that its channels are last. */
function inputValue(
  entry: ValueInfoProto,
  graph: GraphProto,
  { inputShape, where }: ImportOptions,
  names: Set<string>,
): LayerValue {
  const sizes = sizesOf(entry)?.slice(1);
  const last = sizes?.length === 3 && hasChannelsLast(entry.name, graph);
  const [c, h, w] = sizes ?? [];
  const ours = sizes === undefined ? inputShape : sizes.length === 3 && !last ? [h, w, c] : sizes;
  const shape = ours?.map((n, i) => n ?? inputShape?.[i]);
  if (
    shape === undefined ||
    shape.some((n) => n === undefined) ||
    (inputShape && formatShape(inputShape) !== formatShape(shape as number[]))
  ) {
    throw new FoveaError('option', {
      where: `${where}: input ${quoteUntrusted(entry.name)}`,
      rule: 'the shape of one example must be known, as [h, w, c] for pictures, and agree with the file',
      received: `${inputShape === undefined ? 'no inputShape' : formatShape(inputShape)}, the file says ${formatShape((ours ?? []).map((n) => n ?? null))}`,
      remedy: 'Give the option inputShape',
    });
  }
  const name = entry.name.replaceAll('/', '.').slice(0, 150) || 'input';
  names.add(name);
  return {
    kind: 'layer',
    output: input(shape as number[], { name }),
    order: sizes?.length === 3 && !last ? 'channelsFirst' : 'plain',
  };
}

/** Follows a value through element-wise operators to the first one that shows where its channels are. */
function hasChannelsLast(name: string, graph: GraphProto): boolean {
  const followed = new Set([name]);
  for (const { input: taken, output, opType, attribute } of graph.node) {
    if (!taken.some((one) => followed.has(one))) continue;
    if (opType === 'Transpose') return attribute[0]?.ints.join() === '0,3,1,2';
    if (opType === 'Gather') return attribute.some(({ name: one, i }) => one === 'axis' && (i === 3n || i === -1n));
    if (!ANY_ORDER.includes(opType)) return false;
    for (const one of output) followed.add(one);
  }
  return false;
}

function countUses(graph: GraphProto): Map<string, number> {
  const uses = new Map<string, number>();
  const names = [...graph.node.flatMap((node) => node.input), ...graph.output.map(({ name }) => name)];
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}

/** The nodes that the outputs depend on, in the file's order. */
function neededNodes(graph: GraphProto): NodeProto[] {
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const needed = new Set<NodeProto>();
  const waiting = graph.output.map(({ name }) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = makers.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    waiting.push(...node.input);
  }
  return graph.node.filter((node) => needed.has(node));
}

function outputOf({ name }: ValueInfoProto, values: ReadonlyMap<string, OnnxValue>, where: string): LayerOutput {
  const value = values.get(name);
  const what = `${where}: output ${quoteUntrusted(name)}`;
  if (value === undefined) {
    throw formatError(
      what,
      'an output must be made by a node',
      'none of this name',
      suggestName(name.slice(0, 60), [...values.keys()].slice(0, 500)),
    );
  }
  if (value.kind !== 'layer')
    throw formatError(what, 'an output must be computed from the input', 'a constant', DAMAGED);
  if (typeof value.order === 'string') return value.output;
  const remedy = 'Build this network in code and read the weights alone: readOnnxWeights';
  throw formatError(what, 'a picture that is flattened channel by channel cannot be an output', 'one', remedy);
}

async function writeWeights(
  network: Model,
  weights: ReadonlyMap<Layer, readonly WeightNumbers[]>,
  options: ImportOptions,
) {
  // Layers may share a tensor, and half floats grow.
  const total = network.countParameters().total * 4;
  if (total > 2 * options.fileBytes + SPARE_BYTES) {
    const rule = 'the weights may take at most 16 MiB more than twice the file';
    throw formatError(
      options.where,
      rule,
      `${total} bytes`,
      'The file is hostile, or shares tensors between many layers',
    );
  }
  for (const layer of network.layers) {
    const numbers = weights.get(layer) ?? [];
    for (const [i, { variable }] of layer.weights.entries()) {
      const data = numbers[i]?.();
      if (data?.length !== variable.size) {
        throw formatError(
          `${options.where}: ${layer.where}`,
          `needs ${variable.size} numbers`,
          `${data?.length ?? 'none'}`,
          DAMAGED,
        );
      }
      await variable.write(data);
    }
  }
}
