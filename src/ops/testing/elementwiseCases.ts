import type { Shape } from '../../tensor/shape.js';
import type { NoAttributes } from '../definition.js';
import type { OpName } from '../table.js';
import { type CaseInput, constant, type Draw, outputsOf } from './draw.js';
import type { CaseGenerator, CaseParts } from './opCase.js';

type Plain = { readonly inputs: readonly CaseInput[]; readonly attributes: NoAttributes };

const shapeOf = (draw: Draw): number[] => draw.shape(draw.cycle([4, 2, 1, 3, 0]));

/** x → y by normal numbers: for smooth functions. */
const smooth = (draw: Draw): Plain => ({ inputs: [draw.normal(shapeOf(draw), 2)], attributes: {} });

/** x → y by numbers at least 1/16 off every multiple of 1/8: for functions with kinks. */
const offKinks = (draw: Draw, low = -4, high = 8): CaseInput => draw.grid(shapeOf(draw), 1 / 8, low, high, 1 / 16);

const positive = (draw: Draw): Plain => ({ inputs: [draw.uniform(shapeOf(draw), 0.1, 4)], attributes: {} });

/** (saved, dy) → dx: gives what the activation saves, its input or its output, and any dy. */
function saved<A>(draw: Draw, value: CaseInput, attributes: A): { inputs: CaseInput[]; attributes: A } {
  return { inputs: constant(value, draw.normal(value.shape)), attributes };
}

/** Two shapes that broadcast, every form in turn, either one the smaller. */
function broadcastPair(draw: Draw): [Shape, Shape] {
  const full = draw.shape(draw.pick([2, 3, 4]));
  const last = full.at(-1) as number;
  const ones = full.map(() => 1);
  const forms: [() => [Shape, Shape], ...(() => [Shape, Shape])[]] = [
    () => [full, full],
    () => [full, [last]],
    () => [full, ones.with(0, full[0] as number)],
    () => [full, []],
    () => [full, full.with(-1, 1)],
    () => [full.with(0, 1), ones.with(0, full[0] as number)],
    () => [full, ones],
    () => [full, full.slice(1).with(0, 1)],
    () => [full.slice(1), full],
  ];
  const [a, b] = draw.cycle(forms)();
  return draw.pick([true, false]) ? [a, b] : [b, a];
}

const pairOf =
  (first: (draw: Draw, shape: Shape) => CaseInput, second = first) =>
  (draw: Draw): Plain => {
    const [a, b] = broadcastPair(draw);
    return { inputs: [first(draw, a), second(draw, b)], attributes: {} };
  };

const normal = (draw: Draw, shape: Shape): CaseInput => draw.normal(shape);
const onGrid = (draw: Draw, shape: Shape): CaseInput => draw.grid(shape, 1 / 64, -2, 2);
const betweenGrid = (draw: Draw, shape: Shape): CaseInput => draw.grid(shape, 1 / 64, -2, 2, 1 / 128);
/** Either sign, never nearer than 1/4 to 0. */
const farFromZero = (draw: Draw, shape: Shape): CaseInput => draw.grid(shape, 1 / 2, -3, 3, 1 / 4);

const alphaOf = (draw: Draw): { alpha: number } => ({ alpha: draw.cycle([0.3, 0.01, 1, 1.7]) });
const bounds = (draw: Draw): { min: number; max: number } =>
  draw.cycle([
    { min: -1, max: 2 },
    { min: 0, max: 6 },
  ]);
const approximation = (draw: Draw): { approximate: boolean } => ({ approximate: draw.cycle([false, true]) });

/** (w, dw, hyper, gradientScale, states …) of an optimiser's step. */
function updateInputs(draw: Draw, states: readonly ('signed' | 'positive')[]): CaseInput[] {
  const shape = draw.shape(draw.cycle([4, 1, 2]));
  const step = draw.between(1, 1000);
  const hyper: CaseInput = {
    shape: [4],
    dtype: 'float32',
    data: Float32Array.of(0.01, draw.cycle([0, 0.004]), 1 - 0.9 ** step, 1 - 0.999 ** step),
    differentiable: false,
  };
  return constant(
    draw.normal(shape),
    draw.normal(shape),
    hyper,
    draw.uniform([1], 0.2, 1),
    ...states.map((kind) => (kind === 'positive' ? draw.uniform(shape, 0.001, 2) : draw.normal(shape))),
  );
}

type Names = Extract<
  OpName,
  | 'abs'
  | 'adamUpdate'
  | 'add'
  | 'bias'
  | 'clip'
  | 'clipGradient'
  | 'divide'
  | 'elu'
  | 'eluGradient'
  | 'exp'
  | 'gelu'
  | 'geluGradient'
  | 'greaterEqual'
  | 'leakyRelu'
  | 'leakyReluGradient'
  | 'log'
  | 'maximum'
  | 'minimum'
  | 'momentumUpdate'
  | 'movingAverage'
  | 'multiply'
  | 'negate'
  | 'power'
  | 'relu'
  | 'relu6'
  | 'relu6Gradient'
  | 'reluGradient'
  | 'rmspropMomentumUpdate'
  | 'rmspropUpdate'
  | 'scale'
  | 'sgdUpdate'
  | 'sigmoid'
  | 'sigmoidGradient'
  | 'sign'
  | 'silu'
  | 'siluGradient'
  | 'softplus'
  | 'softplusGradient'
  | 'sqrt'
  | 'square'
  | 'squaredDifference'
  | 'subtract'
  | 'tanh'
  | 'tanhGradient'
>;

/** Ops that work element by element. */
export const elementwiseCases: { readonly [K in Names]: CaseGenerator<K> } = {
  abs: (draw) => ({ inputs: [offKinks(draw)], attributes: {} }),
  adamUpdate: (draw) => ({
    inputs: updateInputs(draw, ['signed', 'positive']),
    attributes: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  }),
  add: pairOf(normal),
  bias: (draw) => {
    const shape = draw.shape(draw.cycle([4, 2, 1, 3]));
    return { inputs: [draw.normal(shape), draw.normal(shape.slice(-1))], attributes: {} };
  },
  clip: (draw) => ({ inputs: [offKinks(draw)], attributes: bounds(draw) }),
  clipGradient: (draw) => saved(draw, offKinks(draw), bounds(draw)),
  divide: pairOf(normal, farFromZero),
  elu: (draw) => ({ inputs: [offKinks(draw)], attributes: alphaOf(draw) }),
  eluGradient: (draw) => {
    const attributes = alphaOf(draw);
    return saved(draw, outputsOf('elu', [offKinks(draw)], attributes)[0], attributes);
  },
  exp: smooth,
  gelu: (draw) => ({ ...smooth(draw), attributes: approximation(draw) }),
  geluGradient: (draw) => saved(draw, draw.normal(shapeOf(draw), 2), approximation(draw)),
  // A coarse grid, so that equal pairs occur.
  greaterEqual: (draw) => {
    const [a, b] = broadcastPair(draw);
    return { inputs: constant(draw.grid(a, 1, -2, 2), draw.grid(b, 1, -2, 2)), attributes: {} };
  },
  leakyRelu: (draw) => ({ inputs: [offKinks(draw)], attributes: alphaOf(draw) }),
  leakyReluGradient: (draw) => saved(draw, offKinks(draw), alphaOf(draw)),
  log: positive,
  maximum: pairOf(onGrid, betweenGrid),
  minimum: pairOf(onGrid, betweenGrid),
  momentumUpdate: (draw) => ({
    inputs: updateInputs(draw, ['signed']),
    attributes: { momentum: 0.9, nesterov: draw.cycle([false, true]) },
  }),
  movingAverage: (draw) => {
    const shape = shapeOf(draw);
    return { inputs: constant(draw.normal(shape), draw.normal(shape)), attributes: { momentum: 0.99 } };
  },
  multiply: pairOf(normal),
  negate: smooth,
  power: pairOf(
    (draw, shape) => draw.uniform(shape, 0.3, 2.5),
    (draw, shape) => draw.uniform(shape, -2, 3),
  ),
  relu: (draw) => ({ inputs: [offKinks(draw)], attributes: {} }),
  relu6: (draw) => ({ inputs: [offKinks(draw)], attributes: {} }),
  relu6Gradient: (draw) => saved(draw, outputsOf('relu6', [offKinks(draw)], {})[0], {}),
  reluGradient: (draw) => saved(draw, outputsOf('relu', [offKinks(draw, -6, 6)], {})[0], {}),
  rmspropMomentumUpdate: (draw) => ({
    inputs: updateInputs(draw, ['positive', 'signed']),
    attributes: { rho: 0.9, epsilon: 1e-7, momentum: 0.8 },
  }),
  rmspropUpdate: (draw) => ({
    inputs: updateInputs(draw, ['positive']),
    attributes: { rho: 0.9, epsilon: 1e-7 },
  }),
  scale: (draw) => ({
    ...smooth(draw),
    attributes: { factor: draw.pick([-2, 0.5, 1 / 255]), offset: draw.pick([0, -1]) },
  }),
  sgdUpdate: (draw) => ({ inputs: updateInputs(draw, []), attributes: {} }),
  sigmoid: smooth,
  sigmoidGradient: (draw) => saved(draw, outputsOf('sigmoid', smooth(draw).inputs, {})[0], {}),
  // Whole numbers, so that zeros occur.
  sign: (draw) => ({ inputs: constant(draw.grid(shapeOf(draw), 1, -2, 2)), attributes: {} }),
  silu: smooth,
  siluGradient: (draw) => saved(draw, draw.normal(shapeOf(draw), 2), {}),
  softplus: smooth,
  softplusGradient: (draw) => saved(draw, draw.normal(shapeOf(draw), 2), {}),
  sqrt: positive,
  square: smooth,
  squaredDifference: pairOf(normal),
  subtract: pairOf(normal),
  tanh: smooth,
  tanhGradient: (draw) => saved(draw, outputsOf('tanh', smooth(draw).inputs, {})[0], {}),
} satisfies { readonly [K in Names]: (draw: Draw) => CaseParts<K> };
