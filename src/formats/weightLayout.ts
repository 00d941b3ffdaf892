import type { Layer, Weight } from '../layers/layer.js';
import type { LayerOutput } from '../layers/layerOutput.js';
import type { Model } from '../model/model.js';
import { type Shape, sameShape, sizeOf } from '../tensor/shape.js';

/** How a framework lays out the numbers of its weights. */
export interface WeightLayout {
  /** Axes of a convolution's kernel. A depthwise kernel is HWC1 with the one, C1HW with the other. */
  readonly convolution: 'HWIO' | 'OIHW';
  /** The kernels are for true convolution and are turned by 180° to be used for correlation, as here. */
  readonly flipped: boolean;
  /** Axes of a dense layer's kernel: [in, out] or [out, in]. */
  readonly dense: 'inputsFirst' | 'outputsFirst';
  /** In which order a picture [h, w, c] was flattened before a dense layer. */
  readonly flattened: 'channelsLast' | 'channelsFirst';
}

/** Layouts of frameworks. `theano` is Keras with its Theano backend, all that Keras 1 wrote with "th" ordering. */
export const weightLayouts = {
  keras: { convolution: 'HWIO', flipped: false, dense: 'inputsFirst', flattened: 'channelsLast' },
  theano: { convolution: 'OIHW', flipped: true, dense: 'inputsFirst', flattened: 'channelsFirst' },
  torch: { convolution: 'OIHW', flipped: false, dense: 'outputsFirst', flattened: 'channelsFirst' },
} as const satisfies Record<string, WeightLayout>;

/** A name of a layout in {@link weightLayouts}. */
export type WeightLayoutName = keyof typeof weightLayouts;

/** Puts the numbers of a stored tensor into the order of a weight. */
export type Arrange = (data: Float32Array) => Float32Array;

const asItIs: Arrange = (data) => data;

/** How to make a weight of a stored tensor of a shape, or undefined where the shape does not fit. */
export function arrangement(
  model: Model,
  layer: Layer,
  weight: Weight,
  stored: Shape,
  layout: WeightLayout,
): Arrange | undefined {
  const { shape } = weight.variable;
  if (shape.length === 4) return kernelArrangement(layer, shape as Four, stored, layout);
  if (layer.type === 'dense' && weight.name === 'kernel') {
    return denseArrangement(shape as Two, stored, layout, flattenedPicture(model, layer, shape[0] as number));
  }
  if (!sameShape(shape, stored)) return undefined;
  const picture =
    shape.length === 1 && layer.type === 'batchNormalization' && layout.flattened === 'channelsFirst'
      ? flattenedPicture(model, layer, shape[0] as number)
      : undefined;
  return picture === undefined ? asItIs : (data) => swapFront(data, picture.channels, picture.pixels, 1);
}

type Two = readonly [number, number];
type Four = readonly [number, number, number, number];

function kernelArrangement(layer: Layer, shape: Four, stored: Shape, layout: WeightLayout): Arrange | undefined {
  const [h, w, i, o] = shape;
  const pixels = h * w;
  const depthwise = layer.type === 'depthwiseConv2d';
  if (layout.convolution === 'HWIO') {
    if (!sameShape(stored, shape)) return undefined;
    return layout.flipped ? (data) => turn(data, pixels) : asItIs;
  }
  // One filter after the other for each channel: [c · multiplier, 1, h, w].
  if (!sameShape(stored, depthwise ? [i * o, 1, h, w] : [o, i, h, w])) return undefined;
  const [outer, inner] = depthwise ? [i * o, 1] : [o, i];
  return (data) => {
    const arranged = reverseAxes(data, outer, inner, pixels);
    return layout.flipped ? turn(arranged, pixels) : arranged;
  };
}

interface Picture {
  readonly pixels: number;
  readonly channels: number;
}

function denseArrangement(
  [inputs, outputs]: Two,
  stored: Shape,
  layout: WeightLayout,
  picture: Picture | undefined,
): Arrange | undefined {
  if (stored.length === 4) {
    // A convolution over the whole picture, as timm keeps the first dense layer of VGG.
    const [a, b, c, d] = stored as Four;
    if (layout.convolution === 'HWIO') return a * b * c === inputs && d === outputs ? asItIs : undefined;
    return a === outputs && b * c * d === inputs ? (data) => reverseAxes(data, outputs, b, c * d) : undefined;
  }
  const outputsFirst = layout.dense === 'outputsFirst';
  if (!sameShape(stored, outputsFirst ? [outputs, inputs] : [inputs, outputs])) return undefined;
  const { pixels, channels } =
    layout.flattened === 'channelsFirst' && picture !== undefined ? picture : { pixels: 1, channels: inputs };
  if (outputsFirst) return (data) => reverseAxes(data, outputs, channels, pixels);
  return pixels === 1 ? asItIs : (data) => swapFront(data, channels, pixels, outputs);
}

/** The picture that was flattened into a layer's input, where there is one: through layers that keep each number's place. */
function flattenedPicture(model: Model, layer: Layer, size: number): Picture | undefined {
  let node = model.nodes.findLast((one) => one.layer === layer)?.inputs[0];
  while (node !== undefined) {
    const before: LayerOutput | undefined = node.inputs.length === 1 ? node.inputs[0] : undefined;
    if (before === undefined || node.layer.type === 'dense') return undefined;
    if (before.shape.length === 3 && node.shape.length === 1) {
      if (sizeOf(before.shape) !== size) return undefined; // global pooling
      const channels = before.shape[2] as number;
      return { pixels: size / channels, channels };
    }
    node = before;
  }
  return undefined;
}

/** [a, b, c] → [c, b, a]. */
function reverseAxes(data: Float32Array, a: number, b: number, c: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) result[(k * b + j) * a + i] = data[(i * b + j) * c + k] as number;
    }
  }
  return result;
}

/** [a, b, c] → [b, a, c]. */
function swapFront(data: Float32Array, a: number, b: number, c: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * c;
      result.set(data.subarray(from, from + c), (j * a + i) * c);
    }
  }
  return result;
}

/** Filters [pixels, ...] turned by 180°: the pixels in reverse order. */
function turn(data: Float32Array, pixels: number): Float32Array {
  const result = new Float32Array(data.length);
  const length = data.length / pixels;
  for (let p = 0; p < pixels; p++) result.set(data.subarray(p * length, (p + 1) * length), (pixels - 1 - p) * length);
  return result;
}
