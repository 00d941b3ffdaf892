import { FoveaError } from '../tensor/errors.js';
import { formatShape, type TensorSpec } from '../tensor/shape.js';
import { checkInputCount, checkRank, checkShapeIs, float32 } from './checks.js';
import { type NumberArray, type OpCall, type OpDefinition, trafficBytes } from './definition.js';
import { activated, type FusedActivation, fusedGradient } from './fusedActivation.js';
import type { Value } from './graph.js';
import { type Padding2d, pair, resolvePadding, type Size2d, type WindowAttributes, windowOutput } from './windows.js';

export interface Conv2dAttributes extends WindowAttributes {
  /** The channels are split into so many groups; each filter sees one of them. */
  readonly groups: number;
  readonly activation: FusedActivation;
}

export interface Conv2dInputGradientAttributes extends WindowAttributes {
  readonly groups: number;
  /** Height and width of the convolution's input, in pixels. */
  readonly inputSize: readonly [number, number];
}

export interface Conv2dFilterGradientAttributes extends WindowAttributes {
  readonly groups: number;
  /** Height and width of the filters, in pixels. */
  readonly kernelSize: readonly [number, number];
}

export interface Conv2dOptions {
  readonly strides?: Size2d;
  readonly padding?: Padding2d;
  readonly dilations?: Size2d;
  readonly groups?: number;
}

/** Sizes of one convolution, from whichever two of its three arrays are known. */
interface Geometry extends WindowAttributes {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly cIn: number;
  readonly oh: number;
  readonly ow: number;
  readonly cOut: number;
  readonly kh: number;
  readonly kw: number;
  readonly groups: number;
}

/**
 * 2-D cross-correlation: the filter is not flipped, as in every current framework.
 *
 * Shapes: x [n, h, w, cIn], w [kh, kw, cIn / groups, cOut], bias [cOut] (optional) → [n, oh, ow, cOut].
 * @throws FoveaError `shape` where channels, groups or sizes do not fit.
 */
export function conv2d(x: Value, w: Value, options: Conv2dOptions = {}): Value {
  const strides = pair('conv2d', 'strides', options.strides ?? 1);
  const dilations = pair('conv2d', 'dilations', options.dilations ?? 1);
  checkRank('conv2d', 'input', x, 4, '[n, h, w, cIn]');
  checkRank('conv2d', 'filters', w, 4, '[kh, kw, cIn, cOut]');
  const [, h, width] = x.shape as [number, number, number, number];
  const [kh, kw] = w.shape as [number, number, number, number];
  const padding = resolvePadding('conv2d', options.padding ?? 'valid', [h, width], [kh, kw], strides, dilations);
  const groups = options.groups ?? 1;
  return x.graph.emit('conv2d', [x, w], { strides, padding, dilations, groups, activation: 'linear' })[0];
}

export const conv2dOp: OpDefinition<Conv2dAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 2, 3);
    const [x, w, bias] = inputs as [TensorSpec, TensorSpec, TensorSpec?];
    checkRank(where, 'input', x, 4, '[n, h, w, cIn]');
    checkRank(where, 'filters', w, 4, '[kh, kw, cIn, cOut]');
    const [n, h, width, cIn] = x.shape as [number, number, number, number];
    const [kh, kw, cPerGroup, cOut] = w.shape as [number, number, number, number];
    checkGroups(where, attributes.groups, cIn, cPerGroup, cOut, x, w);
    if (bias !== undefined) checkShapeIs(where, 'bias', bias, [cOut]);
    const [oh, ow] = windowOutput(where, [h, width], [kh, kw], attributes);
    return [float32([n, oh, ow, cOut])];
  },
  gradient: ({ graph, inputs, outputs, dy, needs, attributes }) => {
    const [x, w] = inputs as [Value, Value];
    const { strides, padding, dilations, groups, activation } = attributes;
    const g = fusedGradient(graph, activation, outputs[0] as Value, dy[0] as Value);
    const [, h, width] = x.shape as [number, number, number];
    const [kh, kw] = w.shape as [number, number];
    const window = { strides, padding, dilations, groups };
    return [
      needs[0] ? graph.emit('conv2dInputGradient', [g, w], { ...window, inputSize: [h, width] })[0] : undefined,
      needs[1] ? graph.emit('conv2dFilterGradient', [x, g], { ...window, kernelSize: [kh, kw] })[0] : undefined,
      needs[2] ? graph.emit('sum', [g], { axes: [0, 1, 2], keepDims: false })[0] : undefined,
    ];
  },
  cost: (call, outputs) => convCost(call, outputs, (outputs[0] as TensorSpec).shape, 1),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const [x, w, bias] = inputs as [NumberArray, NumberArray, NumberArray?];
    const y = outputs[0] as NumberArray;
    const geometry = geometryOf(inputShapes[0], outputShapes[0], inputShapes[1], attributes);
    eachProduct(geometry, (xi, wi, yi) => {
      y[yi] = (y[yi] as number) + (x[xi] as number) * (w[wi] as number);
    });
    const { cOut } = geometry;
    for (let i = 0; i < y.length; i++) {
      const sum = (y[i] as number) + (bias === undefined ? 0 : (bias[i % cOut] as number));
      y[i] = activated(attributes.activation, sum);
    }
  },
};

/** dy [n, oh, ow, cOut], w [kh, kw, cIn / groups, cOut] → dx [n, h, w, cIn]; also the transposed convolution. */
export const conv2dInputGradientOp: OpDefinition<Conv2dInputGradientAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 2);
    const [dy, w] = inputs as [TensorSpec, TensorSpec];
    checkRank(where, 'output gradient', dy, 4, '[n, oh, ow, cOut]');
    checkRank(where, 'filters', w, 4, '[kh, kw, cIn, cOut]');
    const n = dy.shape[0] as number;
    const [kh, kw, cPerGroup, wOut] = w.shape as [number, number, number, number];
    const cIn = cPerGroup * attributes.groups;
    checkGroups(where, attributes.groups, cIn, cPerGroup, wOut, dy, w);
    const [h, width] = attributes.inputSize;
    const expected = windowOutput(where, [h, width], [kh, kw], attributes);
    checkShapeIs(where, 'output gradient', dy, [n, ...expected, wOut]);
    return [float32([n, h, width, cIn])];
  },
  gradient: ({ graph, inputs, dy, needs, attributes }) => {
    const [g, w] = inputs as [Value, Value];
    const { strides, padding, dilations, groups } = attributes;
    const window = { strides, padding, dilations, groups };
    const [kh, kw] = w.shape as [number, number];
    const d = dy[0] as Value;
    return [
      needs[0] ? graph.emit('conv2d', [d, w], { ...window, activation: 'linear' })[0] : undefined,
      needs[1] ? graph.emit('conv2dFilterGradient', [d, g], { ...window, kernelSize: [kh, kw] })[0] : undefined,
    ];
  },
  cost: (call, outputs) => convCost(call, outputs, (call.inputs[0] as TensorSpec).shape, 1),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const [dy, w] = inputs as [NumberArray, NumberArray];
    const dx = outputs[0] as NumberArray;
    eachProduct(geometryOf(outputShapes[0], inputShapes[0], inputShapes[1], attributes), (xi, wi, yi) => {
      dx[xi] = (dx[xi] as number) + (dy[yi] as number) * (w[wi] as number);
    });
  },
};

/** x [n, h, w, cIn], dy [n, oh, ow, cOut] → dw [kh, kw, cIn / groups, cOut]. */
export const conv2dFilterGradientOp: OpDefinition<Conv2dFilterGradientAttributes> = {
  shape: ({ inputs, attributes, where }) => {
    checkInputCount(where, inputs, 2);
    const [x, dy] = inputs as [TensorSpec, TensorSpec];
    checkRank(where, 'input', x, 4, '[n, h, w, cIn]');
    checkRank(where, 'output gradient', dy, 4, '[n, oh, ow, cOut]');
    const [n, h, width, cIn] = x.shape as [number, number, number, number];
    const cOut = dy.shape[3] as number;
    const { groups, kernelSize } = attributes;
    checkGroups(where, groups, cIn, cIn / groups, cOut, x, dy);
    checkShapeIs(where, 'output gradient', dy, [n, ...windowOutput(where, [h, width], kernelSize, attributes), cOut]);
    return [float32([...kernelSize, cIn / groups, cOut])];
  },
  gradient: ({ graph, inputs, dy, needs, attributes }) => {
    const [x, g] = inputs as [Value, Value];
    const { strides, padding, dilations, groups } = attributes;
    const window = { strides, padding, dilations, groups };
    const [, h, width] = x.shape as [number, number, number];
    const d = dy[0] as Value;
    return [
      needs[0] ? graph.emit('conv2dInputGradient', [g, d], { ...window, inputSize: [h, width] })[0] : undefined,
      needs[1] ? graph.emit('conv2d', [x, d], { ...window, activation: 'linear' })[0] : undefined,
    ];
  },
  cost: (call, outputs) => convCost(call, outputs, (call.inputs[1] as TensorSpec).shape, 0),
  define: ({ inputs, outputs, inputShapes, outputShapes, attributes }) => {
    const [x, dy] = inputs as [NumberArray, NumberArray];
    const dw = outputs[0] as NumberArray;
    eachProduct(geometryOf(inputShapes[0], inputShapes[1], outputShapes[0], attributes), (xi, wi, yi) => {
      dw[wi] = (dw[wi] as number) + (x[xi] as number) * (dy[yi] as number);
    });
  },
};

function checkGroups(
  where: string,
  groups: number,
  cIn: number,
  cPerGroup: number,
  cOut: number,
  x: TensorSpec,
  w: TensorSpec,
): void {
  const received = `input ${formatShape(x.shape)}, filters ${formatShape(w.shape)}, groups ${groups}`;
  const data = { input: x.shape, filters: w.shape, groups };
  if (!Number.isInteger(groups) || groups < 1 || cIn % groups !== 0 || cOut % groups !== 0) {
    const rule = `both the ${cIn} input channels and the ${cOut} filters must be divisible by the number of groups`;
    throw new FoveaError('shape', { where, rule, received, data });
  }
  if (cPerGroup * groups !== cIn) {
    throw new FoveaError('shape', {
      where,
      rule: `the input has ${cIn} channels, the filters expect ${cPerGroup * groups}`,
      received,
      remedy: `${cIn === 4 && cPerGroup === 3 ? 'Drop the alpha channel or build' : 'Build'} the layer for ${cIn} channels`,
      data,
    });
  }
}

function geometryOf(
  x: readonly number[] | undefined,
  y: readonly number[] | undefined,
  filters: readonly number[] | undefined,
  attributes: WindowAttributes & { readonly groups: number },
): Geometry {
  const [n, h, w, cIn] = x as [number, number, number, number];
  const [, oh, ow, cOut] = y as [number, number, number, number];
  const [kh, kw] = filters as [number, number];
  const { strides, padding, dilations, groups } = attributes;
  return { n, h, w, cIn, oh, ow, cOut, kh, kw, groups, strides, padding, dilations };
}

/** Calls `visit` with the flat indices of each (input, weight, output) triple that is multiplied. */
function eachProduct(g: Geometry, visit: (x: number, w: number, y: number) => void): void {
  const inPerGroup = g.cIn / g.groups;
  const outPerGroup = g.cOut / g.groups;
  for (let n = 0; n < g.n; n++) {
    for (let oy = 0; oy < g.oh; oy++) {
      for (let ox = 0; ox < g.ow; ox++) {
        for (let ky = 0; ky < g.kh; ky++) {
          const iy = oy * g.strides[0] - g.padding[0] + ky * g.dilations[0];
          if (iy < 0 || iy >= g.h) continue;
          for (let kx = 0; kx < g.kw; kx++) {
            const ix = ox * g.strides[1] - g.padding[2] + kx * g.dilations[1];
            if (ix < 0 || ix >= g.w) continue;
            for (let ci = 0; ci < inPerGroup; ci++) {
              const wRow = ((ky * g.kw + kx) * inPerGroup + ci) * g.cOut;
              for (let co = 0; co < g.cOut; co++) {
                const group = Math.floor(co / outPerGroup);
                const xi = ((n * g.h + iy) * g.w + ix) * g.cIn + group * inPerGroup + ci;
                visit(xi, wRow + co, ((n * g.oh + oy) * g.ow + ox) * g.cOut + co);
              }
            }
          }
        }
      }
    }
  }
}

function convCost(
  call: OpCall<{ readonly groups: number }>,
  outputs: readonly TensorSpec[],
  y: readonly number[],
  filterInput: 0 | 1,
) {
  const filters = (filterInput === 1 ? (call.inputs[1] as TensorSpec) : (outputs[0] as TensorSpec)).shape;
  const [kh, kw, cPerGroup] = filters as [number, number, number];
  const positions = y.reduce((product, size) => product * size, 1); // n · oh · ow · cOut
  return { flops: 2 * positions * kh * kw * cPerGroup, bytes: trafficBytes(call.inputs, outputs) };
}
