import { activation } from '../../layers/activation.js';
import { conv2d } from '../../layers/conv2d.js';
import { dense } from '../../layers/dense.js';
import { flatten } from '../../layers/flatten.js';
import type { Layer } from '../../layers/layer.js';
import { maxPooling2d } from '../../layers/maxPooling2d.js';
import type { Model } from '../../model/model.js';
import { sequential } from '../../model/sequential.js';
import { type NestedNumbers, type Tensor, tensor } from '../../tensor/tensor.js';

/** A picture [1, h, w, 1] from rows of numbers. */
export function picture(rows: readonly (readonly number[])[]): Tensor<'float32'> {
  return tensor([rows.map((row) => row.map((value) => [value]))]);
}

/** A batch of one channel as rows of numbers. */
export function rowsOfChannel({ data, shape }: Tensor<'float32'>, channel = 0): number[][] {
  const [, h = 1, w = 1, c = 1] = shape;
  return Array.from({ length: h }, (_, y) =>
    Array.from({ length: w }, (_unused, x) => data[(y * w + x) * c + channel] as number),
  );
}

/** Filters [kh, kw, 1, n] from n pictures. */
export function filters(...pictures: readonly (readonly (readonly number[])[])[]): NestedNumbers {
  const [first = []] = pictures;
  return first.map((row, y) => row.map((_, x) => [pictures.map((one) => one[y]?.[x] as number)]));
}

/** A chain of layers, with given weights or its first ones. */
export async function chain(
  inputShape: readonly number[],
  layers: readonly Layer[],
  weights?: readonly NestedNumbers[],
): Promise<Model> {
  const model = sequential([]);
  const [first, ...rest] = layers as [Layer, ...Layer[]];
  const Same = first.constructor as new (options: object) => Layer;
  model.add(new Same({ ...first.config(), inputShape }), ...rest);
  if (weights !== undefined) await model.setWeights(weights.map((one) => tensor(one)));
  return model;
}

/** The network of Captum's tests, on the numbers 0 to 15: golden vector V1. */
export async function captumNet() {
  const ones = [1, 1, 1];
  const block = [ones, ones, ones];
  const layers = [
    conv2d({ filters: 2, kernelSize: 3, name: 'conv1' }),
    activation('relu', { name: 'relu1' }),
    flatten(),
    dense({ units: 1, useBias: false, name: 'score' }),
  ];
  // Channels come last here: the row [1, 1, 1, 1, 1, -1, -1, -1] over [channel, position] goes [position, channel].
  const row = [[1], [1], [1], [-1], [1], [-1], [1], [-1]];
  const model = await chain([4, 4, 1], layers, [filters(block, block), [-50, -75], row]);
  const x = picture(Array.from({ length: 4 }, (_, y) => [0, 1, 2, 3].map((column) => 4 * y + column)));
  return { model, x };
}

/** A stack with signs, switches and two channels, on which every mix of rules shows: golden vector V4. */
export async function stackNet() {
  const laplacian = [
    [0, -1, 0],
    [-1, 4, -1],
    [0, -1, 0],
  ];
  const sobel = [
    [1, 0, -1],
    [2, 0, -2],
    [1, 0, -1],
  ];
  const conv2 = [
    [
      [[1], [-1]],
      [[-1], [0.25]],
    ],
    [
      [[0.5], [1]],
      [[2], [-0.5]],
    ],
  ];
  const layers = [
    conv2d({ filters: 2, kernelSize: 3, padding: 'same', useBias: false, activation: 'relu', name: 'conv1' }),
    maxPooling2d({ name: 'pool' }),
    conv2d({ filters: 1, kernelSize: 2, useBias: false, name: 'conv2' }),
  ];
  const model = await chain([4, 4, 1], layers, [filters(laplacian, sobel), conv2]);
  const x = picture([
    [1, 2, 0, 1],
    [0, 3, 1, 2],
    [2, 1, 4, 0],
    [1, 0, 2, 3],
  ]);
  return { model, x };
}
