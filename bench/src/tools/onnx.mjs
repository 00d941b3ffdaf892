import { resolveLayers } from '../networks/describe.mjs';
import { permute, readMaterial } from './material.mjs';

// Protocol Buffers, only what a model needs: a field is its number and kind, then a varint, four bytes, or a length and bytes.
const varint = (value) => {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
};
const int = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
/** A field of bytes, as a list of buffers: weights are large, and are copied only once, at the end. */
const bytes = (field, parts) => {
  const list = [parts].flat(3).map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const length = list.reduce((sum, part) => sum + part.length, 0);
  return [varint(field * 8 + 2), varint(length), ...list];
};

const FLOAT = 1;
const attribute = (name, value) =>
  Array.isArray(value)
    ? [bytes(1, name), value.map((one) => int(8, one)), int(20, 7)]
    : [bytes(1, name), int(3, value), int(20, 2)];
const node = (type, name, inputs, attributes = {}) =>
  bytes(1, [
    inputs.map((input) => bytes(1, input)),
    bytes(2, name),
    bytes(3, name),
    bytes(4, type),
    Object.entries(attributes).map(([key, value]) => bytes(5, attribute(key, value))),
  ]);
const initializer = (name, shape, data) =>
  bytes(5, [
    shape.map((size) => int(1, size)),
    int(2, FLOAT),
    bytes(8, name),
    bytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ]);
const valueInfo = (field, name, shape) => {
  const dimensions = shape.map((size) => bytes(1, int(1, size)));
  return bytes(field, [bytes(1, name), bytes(2, bytes(1, [int(1, FLOAT), bytes(2, dimensions)]))]);
};

/** Rows of a dense kernel that follows a flattened picture, from the order h, w, c to c, h, w. */
function denseKernel({ shape, data }, flattened) {
  if (flattened === undefined) return data;
  return permute(data, [...flattened, shape[1]], [2, 0, 1, 3]);
}

/** A network with its weights as an ONNX model for a batch: NCHW, weights constant, batch normalization folded. */
export function onnxModel(network, material, batch) {
  const weights = readMaterial(material);
  const parts = [];
  const layers = resolveLayers(network);
  const nameOf = new Map([['input', 'input']]);
  for (const layer of layers) {
    const { op, name, kernel, stride, pad, size, from, input } = layer;
    const window = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
    const inputs = [nameOf.get(from)];
    const parameters = () => {
      const { kernel: filter, bias } = weights.folded(name);
      const [kh, kw, c, k] = filter.shape;
      if (op === 'dense') {
        const before = layers.find((one) => one.name === from);
        const rows = denseKernel(filter, before?.op === 'flatten' ? before.input : undefined);
        parts.push(initializer(`${name}.w`, filter.shape, rows));
      } else {
        const shape = op === 'depthwise' ? [c, 1, kh, kw] : [k, c, kh, kw];
        const axes = op === 'depthwise' ? [2, 3, 0, 1] : [3, 2, 0, 1];
        parts.push(initializer(`${name}.w`, shape, permute(filter.data, filter.shape, axes)));
      }
      parts.push(initializer(`${name}.b`, bias.shape, bias.data));
      inputs.push(`${name}.w`, `${name}.b`);
    };
    if (op === 'conv2d' || op === 'depthwise') {
      parameters();
      const group = op === 'depthwise' ? input[2] : 1;
      parts.push(node('Conv', name, inputs, { kernel_shape: [kernel, kernel], group, ...window }));
    } else if (op === 'maxPool') parts.push(node('MaxPool', name, inputs, { kernel_shape: [size, size], ...window }));
    else if (op === 'globalAveragePool') {
      parts.push(node('GlobalAveragePool', `${name}.4d`, inputs), node('Flatten', name, [`${name}.4d`], { axis: 1 }));
    } else if (op === 'flatten') parts.push(node('Flatten', name, inputs, { axis: 1 }));
    else if (op === 'add') parts.push(node('Add', name, [...inputs, nameOf.get(layer.with)]));
    else if (op === 'dense') {
      parameters();
      parts.push(node('Gemm', name, inputs));
    } else throw new Error(`unknown layer ${op}`);
    nameOf.set(name, layer.activation === undefined ? name : `${name}.act`);
    if (layer.activation === 'relu') parts.push(node('Relu', `${name}.act`, [name]));
    else if (layer.activation === 'relu6') parts.push(node('Clip', `${name}.act`, [name, 'zero', 'six']));
  }
  parts.push(initializer('zero', [], Float32Array.of(0)), initializer('six', [], Float32Array.of(6)));
  const [h, w, c] = network.inputShape;
  const last = layers.at(-1);
  const output = last.output.length === 3 ? [last.output[2], last.output[0], last.output[1]] : last.output;
  const graph = [
    ...[bytes(2, network.title), parts],
    ...[valueInfo(11, 'input', [batch, c, h, w]), valueInfo(12, nameOf.get(last.name), [batch, ...output])],
  ];
  const model = [int(1, 8), bytes(2, 'fovea-bench'), bytes(7, graph), bytes(8, int(2, 13))];
  return Buffer.concat(model.flat(Number.POSITIVE_INFINITY));
}
