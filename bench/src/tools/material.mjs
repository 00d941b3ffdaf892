import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveLayers } from '../networks/describe.mjs';

/** Numbers that look random, the same on every run: xorshift, -1 to 1. */
function drawer(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}

/** The weights of one layer: float32, filters HWIO, dense (in, out). */
function* layerTensors(layer, draw) {
  const { op, name, kernel, input, output, batchNorm } = layer;
  const c = input.at(-1);
  const k = output.at(-1);
  const shapes = { conv2d: [kernel, kernel, c, k], depthwise: [kernel, kernel, c, 1], dense: [c, k] };
  const shape = shapes[op];
  if (shape === undefined) return;
  const fanIn = op === 'depthwise' ? kernel * kernel : shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const limit = Math.sqrt(6 / fanIn);
  const tensor = (weight, of, data) => ({ layer: name, weight, shape: of, data });
  const filled = (size, make) => Float32Array.from({ length: size }, make);
  const weights = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < weights.length; i++) weights[i] = limit * draw();
  yield tensor('kernel', shape, weights);
  if (batchNorm !== true) {
    yield tensor(
      'bias',
      [k],
      filled(k, () => 0.05 * draw()),
    );
    return;
  }
  const norm = {
    gamma: filled(k, () => 1 + 0.2 * draw()),
    beta: filled(k, () => 0.2 * draw()),
    movingMean: filled(k, () => 0.1 * draw()),
    movingVariance: filled(k, () => 1 + 0.5 * draw()),
  };
  for (const [weight, data] of Object.entries(norm)) yield tensor(weight, [k], data);
  const scale = norm.gamma.map((gamma, i) => gamma / Math.sqrt(norm.movingVariance[i] + 1e-3));
  const folded = weights.map((value, i) => value * scale[i % k]);
  yield tensor('foldedKernel', shape, folded);
  yield tensor(
    'foldedBias',
    [k],
    norm.beta.map((beta, i) => beta - norm.movingMean[i] * scale[i]),
  );
}

/**
 * Writes a network's weights and pictures to a file, so that all sides compute with the same numbers. Without `weights` each
 * side draws its own.
 *
 * @returns `{ folder, file, tensors: [{ layer, weight, shape, offset }], input, labels, remove() }`; offsets in bytes.
 */
export function makeMaterial(network, examples, { weights = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-bench-'));
  const file = join(folder, 'material.bin');
  const out = openSync(file, 'w');
  let offset = 0;
  const write = (data) => {
    const at = offset;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let written = 0; written < bytes.length; ) written += writeSync(out, bytes, written);
    offset += bytes.length;
    return at;
  };
  const draw = drawer(0x2545f491);
  const tensors = [];
  for (const layer of weights ? resolveLayers(network) : []) {
    for (const { data, ...tensor } of layerTensors(layer, draw)) tensors.push({ ...tensor, offset: write(data) });
  }
  const shape = [examples, ...network.inputShape];
  const pixels = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw);
  const input = { shape, offset: write(pixels) };
  closeSync(out);
  const labels = Array.from({ length: examples }, () => Math.floor(((draw() + 1) / 2) * (network.classes ?? 1)));
  return { folder, file, tensors, input, labels, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Reads a file of material: `tensor(layer, weight)`, `layer(layer)` with bias folded in, and the pictures. */
export function readMaterial({ file, tensors, input }) {
  const { buffer, byteOffset } = readFileSync(file);
  const view = ({ shape, offset }) =>
    new Float32Array(
      buffer,
      byteOffset + offset,
      shape.reduce((a, b) => a * b, 1),
    );
  const find = (layer, weight) => tensors.find((one) => one.layer === layer && one.weight === weight);
  const tensor = (layer, weight) => {
    const found = find(layer, weight);
    return found && { shape: found.shape, data: view(found) };
  };
  return {
    tensor,
    folded: (layer) => ({
      kernel: tensor(layer, 'foldedKernel') ?? tensor(layer, 'kernel'),
      bias: tensor(layer, 'foldedBias') ?? tensor(layer, 'bias'),
    }),
    input: { shape: input.shape, data: view(input) },
  };
}

/** The same numbers with their axes in another order. */
export function permute(data, shape, axes) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const [n, ...sizes] = axes.map((axis) => shape[axis]);
  const [first, ...steps] = axes.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  let at = 0;
  const walk = (depth, from) => {
    const size = sizes[depth];
    const step = steps[depth];
    if (depth === sizes.length - 1) for (let i = 0; i < size; i++) out[at++] = data[from + i * step];
    else for (let i = 0; i < size; i++) walk(depth + 1, from + i * step);
  };
  for (let i = 0; i < n; i++) walk(0, i * first);
  return out;
}

/** Writes bytes beside the material. */
export function writeBeside(material, name, bytes) {
  const path = join(material.folder, name);
  writeFileSync(path, bytes);
  return path;
}
