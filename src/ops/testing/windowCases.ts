import type { Conv2dAttributes } from '../conv2d.js';
import type { PoolAttributes } from '../poolWindows.js';
import type { OpName } from '../table.js';
import { effectiveKernel, type Pads, type Pair, windowOutput } from '../windows.js';
import { type CaseInput, constant, type Draw, outputsOf } from './draw.js';
import type { CaseGenerator } from './opCase.js';

const KERNELS: readonly [Pair, ...Pair[]] = [
  [3, 3],
  [1, 1],
  [2, 3],
  [5, 1],
  [3, 2],
  [7, 7],
  [3, 3],
];

/** Sizes of a convolution that leaves at least 1 + `more` pixels: every form of strides, padding, dilations and groups in turn. */
function convolution(draw: Draw, more = 0) {
  const kernelSize = draw.cycle(KERNELS);
  const strides = draw.cycle<Pair>(
    [
      [1, 1],
      [2, 2],
      [1, 2],
      [1, 1],
      [3, 1],
    ],
    2,
  );
  const dilations = draw.cycle<Pair>([
    [1, 1],
    [1, 1],
    [2, 1],
    [1, 1],
    [2, 3],
  ]);
  const padding: Pads = draw.pick([true, false])
    ? [0, 0, 0, 0]
    : [draw.between(0, 3), draw.between(0, 3), draw.between(0, 2), draw.between(0, 2)];
  const least = (axis: 0 | 1): number => {
    const inside = effectiveKernel(kernelSize[axis], dilations[axis]);
    return (
      more * strides[axis] + Math.max(1, inside - (padding[2 * axis] as number) - (padding[2 * axis + 1] as number))
    );
  };
  const [h, w] = [least(0) + draw.between(0, draw.large ? 14 : 4), least(1) + draw.between(0, draw.large ? 14 : 4)];
  const groups = draw.cycle([1, 1, 2, 3, 5], 3);
  const perGroup = draw.cycle<[number, number]>(
    [
      [3, 5],
      [1, 1],
      [8, 7],
      [2, 4],
      [1, 2],
      [5, 13],
    ],
    2,
  );
  const times = draw.large && groups === 1 ? draw.pick([1, 2, 3]) : 1;
  const [cIn, cOut] = [groups * perGroup[0] * times, groups * perGroup[1] * times];
  const n = draw.pick([1, 2, 3]);
  const window = { strides, padding, dilations };
  const [oh, ow] = windowOutput('case', [h, w], kernelSize, window);
  return {
    window,
    groups,
    kernelSize,
    inputSize: [h, w] as const,
    x: [n, h, w, cIn],
    filters: [...kernelSize, cIn / groups, cOut],
    y: [n, oh, ow, cOut],
  };
}

/** Inputs of a fused convolution or product; before a ReLU on a grid, where a bias of odd 32ths keeps sums off 0 and 6. */
export function fusedInputs(
  draw: Draw,
  shapes: readonly [readonly number[], readonly number[]],
  outputs: number,
): { inputs: CaseInput[]; activation: Conv2dAttributes['activation'] } {
  const form = draw.cycle(['plain', 'bias', 'relu', 'biasRelu']);
  const [a, b] = shapes;
  if (form === 'plain') return { inputs: [draw.normal(a), draw.normal(b)], activation: 'linear' };
  if (form === 'bias') {
    return { inputs: [draw.normal(a), draw.normal(b), draw.normal([outputs])], activation: 'linear' };
  }
  const factors = [draw.grid(a, 1 / 4, -2, 2), draw.grid(b, 1 / 4, -2, 2)];
  const activation = draw.number % 3 === 2 ? 'relu6' : 'relu';
  if (form === 'relu') return { inputs: constant(...factors), activation };
  return { inputs: [...factors, draw.grid([outputs], 1 / 16, -2, 2, 1 / 32)], activation };
}

/** Sizes of a pooling in which every window sees a pixel. */
function pooling(draw: Draw, form: 'any' | 'apart' = 'any'): { shape: number[]; attributes: PoolAttributes } {
  const poolSize = draw.cycle<Pair>([
    [2, 2],
    [3, 3],
    [1, 2],
    [3, 2],
    [1, 1],
  ]);
  const overlapping = draw.cycle<Pair>(
    [
      [1, 1],
      [2, 2],
      [2, 1],
    ],
    2,
  );
  const strides = form === 'apart' || draw.pick([true, false]) ? poolSize : overlapping;
  const dilations =
    form === 'apart'
      ? ([1, 1] as const)
      : draw.cycle<Pair>(
          [
            [1, 1],
            [1, 1],
            [1, 1],
            [2, 1],
          ],
          2,
        );
  // With at least as many pixels as the window is long and less padding than one step of it, no window is empty.
  const pad = (axis: 0 | 1): number => (poolSize[axis] > 1 ? draw.between(0, Math.min(1, poolSize[axis] - 1)) : 0);
  const padding: Pads = [pad(0), pad(0), pad(1), pad(1)];
  const size = (axis: 0 | 1): number => {
    const least = dilations[axis] === 1 ? 1 : effectiveKernel(poolSize[axis], dilations[axis]);
    const missing = poolSize[axis] - least - (padding[2 * axis] as number) - (padding[2 * axis + 1] as number);
    return least + Math.max(0, missing) + draw.between(0, draw.large ? 18 : 5);
  };
  const shape = [draw.pick([1, 2, 3]), size(0), size(1), draw.channels()];
  return { shape, attributes: { poolSize, strides, padding, dilations } };
}

/** A pooling's input and what it gave: output and switches. */
function pooled(draw: Draw, form: 'any' | 'apart' = 'any') {
  const { shape, attributes } = pooling(draw, form);
  const x = draw.distinct(shape);
  const [y, switches] = outputsOf('maxPool', [x], attributes) as [CaseInput, CaseInput];
  return { x, y, switches, size: [shape[1] as number, shape[2] as number] as const };
}

type Names = Extract<
  OpName,
  | 'averagePool'
  | 'averagePoolGradient'
  | 'conv2d'
  | 'conv2dFilterGradient'
  | 'conv2dInputGradient'
  | 'conv2dMaxPool'
  | 'gatherSwitches'
  | 'maxPool'
  | 'maxPoolGradient'
  | 'maxUnpool'
  | 'upSample'
  | 'upSampleGradient'
>;

/** Ops that work on images. */
export const windowCases: { readonly [K in Names]: CaseGenerator<K> } = {
  averagePool: (draw) => {
    const { shape, attributes } = pooling(draw);
    return {
      inputs: [draw.normal(shape)],
      attributes: { ...attributes, countIncludePadding: draw.cycle([false, true]) },
    };
  },
  averagePoolGradient: (draw) => {
    const { shape, attributes } = pooling(draw);
    const pool = { ...attributes, countIncludePadding: draw.cycle([false, true]) };
    const [y] = outputsOf('averagePool', [draw.normal(shape)], pool);
    const inputSize = [shape[1] as number, shape[2] as number] as const;
    return { inputs: [draw.normal(y.shape)], attributes: { ...pool, inputSize } };
  },
  conv2d: (draw) => {
    const { window, groups, x, filters, y } = convolution(draw);
    const { inputs, activation } = fusedInputs(draw, [x, filters], y.at(-1) as number);
    return { inputs, attributes: { ...window, groups, activation } };
  },
  conv2dFilterGradient: (draw) => {
    const { window, groups, kernelSize, x, y } = convolution(draw);
    return { inputs: [draw.normal(x), draw.normal(y)], attributes: { ...window, groups, kernelSize } };
  },
  conv2dInputGradient: (draw) => {
    const { window, groups, inputSize, y, filters } = convolution(draw);
    return { inputs: [draw.normal(y), draw.normal(filters)], attributes: { ...window, groups, inputSize } };
  },
  gatherSwitches: (draw) => {
    const { x, switches } = pooled(draw);
    return { inputs: [draw.normal(x.shape), switches], attributes: {} };
  },
  conv2dMaxPool: (draw) => {
    const { window, groups, x, filters, y } = convolution(draw, 1);
    const { inputs, activation } = fusedInputs(draw, [x, filters], y.at(-1) as number);
    return { inputs, attributes: { ...window, groups, activation } };
  },
  maxPool: (draw) => {
    const { shape, attributes } = pooling(draw);
    // Every third case has ties, where the first maximum counts and no difference quotient exists.
    const ties = draw.number % 3 === 2;
    return { inputs: ties ? constant(draw.grid(shape, 1, -1, 1)) : [draw.distinct(shape)], attributes };
  },
  maxPoolGradient: (draw) => {
    const { y, switches, size } = pooled(draw);
    return { inputs: [draw.normal(y.shape), switches], attributes: { inputSize: size } };
  },
  maxUnpool: (draw) => {
    const apart = draw.cycle([true, false]);
    const { y, switches, size } = pooled(draw, apart ? 'apart' : 'any');
    const x = draw.normal(y.shape);
    return { inputs: [{ ...x, differentiable: apart }, switches], attributes: { outputSize: size } };
  },
  upSample: (draw) => {
    const [c, h, w] = [draw.channels(), draw.size(), draw.size()];
    return { inputs: [draw.normal([draw.pick([1, 2]), h, w, c])], attributes: upSampling(draw) };
  },
  upSampleGradient: (draw) => {
    const attributes = upSampling(draw);
    const [c, h, w] = [draw.channels(), draw.size(), draw.size()];
    const dy = [draw.pick([1, 2]), h * attributes.size[0], w * attributes.size[1], c];
    return { inputs: [draw.normal(dy)], attributes };
  },
};

function upSampling(draw: Draw) {
  const size = draw.cycle<Pair>([
    [2, 2],
    [1, 3],
    [3, 2],
    [1, 1],
    [4, 1],
  ]);
  return { size, interpolation: draw.cycle<'nearest' | 'bilinear'>(['bilinear', 'nearest']) };
}
