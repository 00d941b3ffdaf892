/**
 * A network as data, which every side builds for itself: `{ title, inputShape: [h, w, c], classes?, layers }`. Layers follow one
 * another, or name the layer that they come `from`; `add` takes a second one, `with`. Padding is in pixels, the same on all
 * sides of a picture. A convolution with `batchNorm` has batch normalization instead of a bias: in inference the peers get it
 * folded into the weights, and Fovea as the layers that it is.
 */
export const conv2d = (name, filters, kernel, options = {}) => ({
  op: 'conv2d',
  name,
  filters,
  kernel,
  stride: 1,
  pad: 0,
  ...options,
});
export const depthwise = (name, kernel, options = {}) => ({
  op: 'depthwise',
  name,
  kernel,
  stride: 1,
  pad: 0,
  ...options,
});
export const maxPool = (name, size = 2, options = {}) => ({
  op: 'maxPool',
  name,
  size,
  stride: size,
  pad: 0,
  ...options,
});
export const dense = (name, units, options = {}) => ({ op: 'dense', name, units, ...options });

/** Height or width after a window moved over it. */
const windowed = (size, kernel, { stride, pad }) => Math.floor((size + 2 * pad - kernel) / stride) + 1;

function outputShape(layer, [h, w, c]) {
  const { op, kernel, size } = layer;
  if (op === 'conv2d') return [windowed(h, kernel, layer), windowed(w, kernel, layer), layer.filters];
  if (op === 'depthwise') return [windowed(h, kernel, layer), windowed(w, kernel, layer), c];
  if (op === 'maxPool') return [windowed(h, size, layer), windowed(w, size, layer), c];
  if (op === 'globalAveragePool') return [c];
  if (op === 'flatten') return [h * w * c];
  if (op === 'dense') return [layer.units];
  if (op === 'add') return [h, w, c];
  throw new Error(`unknown layer ${op}`);
}

/** Multiplications and additions of one example, counted as the direct algorithm has them. */
function countFlops({ op, kernel, units }, [, , c], [oh, ow, k], inputs) {
  if (op === 'conv2d') return 2 * oh * ow * k * kernel * kernel * c;
  if (op === 'depthwise') return 2 * oh * ow * k * kernel * kernel;
  return op === 'dense' ? 2 * inputs * units : 0;
}

/** The layers with `from` filled in, their shapes, and their FLOPs for one example. */
export function resolveLayers({ inputShape, layers }) {
  const shapes = new Map([['input', inputShape]]);
  let last = 'input';
  return layers.map((layer) => {
    const from = layer.from ?? last;
    const input = shapes.get(from);
    if (input === undefined) throw new Error(`layer ${layer.name} comes from ${from}, which is not before it`);
    const output = outputShape(layer, input);
    shapes.set(layer.name, output);
    last = layer.name;
    const flops = countFlops(
      layer,
      input,
      output,
      input.reduce((a, b) => a * b, 1),
    );
    return { ...layer, from, input, output, flops };
  });
}

/** FLOPs of one example through the whole network, convolutions and dense layers. */
export const networkFlops = (network) => resolveLayers(network).reduce((sum, { flops }) => sum + flops, 0);
