import type { Node, Value } from '../../ops/graph.js';
import type { AttributesOf, OpName } from '../../ops/table.js';
import type { WindowAttributes } from '../../ops/windows.js';
import { type Shape, sizeOf, stridesOf } from '../../tensor/shape.js';

/** One operand of an op: a number of one of its inputs, at a place in it. */
export interface Operand {
  readonly value: Value;
  /** With the batch axis in front, where there is one. */
  readonly at: readonly number[];
}

/** A product x · weight, one of the parts that add up to an output; the weight is a constant or another operand. */
export interface Part {
  readonly x?: Operand;
  readonly weight: Operand | number;
  /** What the part is, where it is no product of an input: `bias`. */
  readonly name?: string;
}

/** How one output of an op is made of numbers of its inputs. */
export type CellRule =
  | {
      readonly kind: 'sum';
      readonly parts: readonly Part[] /** Places of the window outside the picture. */;
      readonly padding: number;
    }
  | { readonly kind: 'product' | 'maximum'; readonly operands: readonly Operand[]; readonly padding: number }
  /** The same number, from elsewhere: a reshape, a slice, a concatenation. */
  | { readonly kind: 'copy'; readonly from: Operand }
  | { readonly kind: 'constant'; readonly value: number }
  /** The op's definition on these numbers: one per input where `along` is undefined, else the whole line along the axes. */
  | { readonly kind: 'function'; readonly operands: readonly Operand[]; readonly shape: Shape; readonly pick: number };

/** The rule for one op at a place of its first output, undefined for an op that has none. */
export function cellRule(node: Node, at: readonly number[]): CellRule | undefined {
  const rule = rules[node.op] as ((node: Node, at: readonly number[]) => CellRule) | undefined;
  return rule?.(node, at);
}

type Rules = { readonly [K in OpName]?: (node: Node<K>, at: readonly number[]) => CellRule };

const rules: Rules = {
  conv2d: ({ inputs, outputs, attributes }, at) => {
    const [x, w, bias] = inputs as [Value, Value, Value?];
    const [n, oy, ox, co] = at as [number, number, number, number];
    const [kh, kw, perGroup, cOut] = w.shape as [number, number, number, number];
    const group = Math.floor(co / (((outputs[0] as Value).shape[3] as number) / attributes.groups));
    const parts: Part[] = [];
    const padding = eachInWindow(attributes, [kh, kw], x.shape, oy, ox, (iy, ix, ky, kx) => {
      for (let ci = 0; ci < perGroup; ci++) {
        parts.push({
          x: { value: x, at: [n, iy, ix, group * perGroup + ci] },
          weight: { value: w, at: [ky, kx, ci, co % cOut] },
        });
      }
    });
    if (bias !== undefined) parts.push({ name: 'bias', weight: { value: bias, at: [co] } });
    return { kind: 'sum', parts, padding };
  },
  conv2dInputGradient: ({ inputs, attributes }, at) => {
    const [dy, w] = inputs as [Value, Value];
    const [n, y, x, c] = at as [number, number, number, number];
    const [kh, kw, perGroup, cOut] = w.shape as [number, number, number, number];
    const { strides, padding: pads, dilations, groups } = attributes;
    const [, oh, ow] = dy.shape as [number, number, number];
    const [group, ci] = [Math.floor(c / perGroup), c % perGroup];
    const each = cOut / groups;
    const parts: Part[] = [];
    for (let ky = 0; ky < kh; ky++) {
      const oy = (y + pads[0] - ky * dilations[0]) / strides[0];
      if (!Number.isInteger(oy) || oy < 0 || oy >= oh) continue;
      for (let kx = 0; kx < kw; kx++) {
        const ox = (x + pads[2] - kx * dilations[1]) / strides[1];
        if (!Number.isInteger(ox) || ox < 0 || ox >= ow) continue;
        for (let co = group * each; co < (group + 1) * each; co++) {
          parts.push({ x: { value: dy, at: [n, oy, ox, co] }, weight: { value: w, at: [ky, kx, ci, co] } });
        }
      }
    }
    return { kind: 'sum', parts, padding: 0 };
  },
  matMul: ({ inputs, attributes }, at) => {
    const [a, b, bias] = inputs as [Value, Value, Value?];
    const [row, column] = at.slice(-2) as [number, number];
    const lead = at.slice(0, -2);
    const k = a.shape.at(attributes.transposeA ? -2 : -1) as number;
    const place = (value: Value, i: number, j: number): number[] => [
      ...lead.slice(lead.length - (value.shape.length - 2)).map((p, axis) => (value.shape[axis] === 1 ? 0 : p)),
      ...[i, j],
    ];
    const parts: Part[] = Array.from({ length: k }, (_, i) => ({
      x: { value: a, at: attributes.transposeA ? place(a, i, row) : place(a, row, i) },
      weight: { value: b, at: attributes.transposeB ? place(b, column, i) : place(b, i, column) },
    }));
    if (bias !== undefined) parts.push({ name: 'bias', weight: { value: bias, at: [column] } });
    return { kind: 'sum', parts, padding: 0 };
  },
  bias: ({ inputs }, at) => {
    const [x, bias] = inputs as [Value, Value];
    return {
      kind: 'sum',
      parts: [
        { x: { value: x, at }, weight: 1 },
        { name: 'bias', weight: { value: bias, at: [at.at(-1) as number] } },
      ],
      padding: 0,
    };
  },
  add: ({ inputs }, at) => ({
    kind: 'sum',
    parts: inputs.map((value) => ({ x: broadcast(value, at), weight: 1 })),
    padding: 0,
  }),
  subtract: ({ inputs }, at) => ({
    kind: 'sum',
    parts: inputs.map((value, i) => ({ x: broadcast(value, at), weight: i === 0 ? 1 : -1 })),
    padding: 0,
  }),
  multiply: ({ inputs }, at) => ({
    kind: 'product',
    operands: inputs.map((value) => broadcast(value, at)),
    padding: 0,
  }),
  scale: ({ inputs, attributes: { factor, offset } }, at) => ({
    kind: 'sum',
    parts: [
      { x: { value: inputs[0] as Value, at }, weight: factor },
      ...(offset === 0 ? [] : [{ name: 'offset', weight: offset }]),
    ],
    padding: 0,
  }),
  averagePool: ({ inputs, attributes }, at) => {
    const [x] = inputs as [Value];
    const [n, oy, ox, c] = at as [number, number, number, number];
    const places: (readonly number[])[] = [];
    const padding = eachInWindow(attributes, attributes.poolSize, x.shape, oy, ox, (iy, ix) => {
      places.push([n, iy, ix, c]);
    });
    const count = attributes.countIncludePadding ? places.length + padding : places.length;
    return { kind: 'sum', parts: places.map((place) => ({ x: { value: x, at: place }, weight: 1 / count })), padding };
  },
  maxPool: ({ inputs, attributes }, at) => {
    const [x] = inputs as [Value];
    const [n, oy, ox, c] = at as [number, number, number, number];
    const operands: Operand[] = [];
    const padding = eachInWindow(attributes, attributes.poolSize, x.shape, oy, ox, (iy, ix) => {
      operands.push({ value: x, at: [n, iy, ix, c] });
    });
    return { kind: 'maximum', operands, padding };
  },
  sum: (node, at) => reduced(node.inputs[0] as Value, node.attributes, at, () => 1),
  mean: (node, at) => reduced(node.inputs[0] as Value, node.attributes, at, (count) => 1 / count),
  max: (node, at) => {
    const operands = reducedPlaces(node.inputs[0] as Value, node.attributes, at);
    return { kind: 'maximum', operands, padding: 0 };
  },
  pad: ({ inputs, attributes: { before, mode, value } }, at) => {
    const [x] = inputs as [Value];
    const source = at.map((p, axis) => p - (before[axis] as number));
    const within = source.every((p, axis) => p >= 0 && p < (x.shape[axis] as number));
    if (!within && mode === 'constant') return { kind: 'constant', value };
    const place = source.map((p, axis) => {
      const size = x.shape[axis] as number;
      if (mode !== 'reflect') return Math.min(size - 1, Math.max(0, p));
      return p < 0 ? -p : p >= size ? 2 * (size - 1) - p : p;
    });
    return { kind: 'copy', from: { value: x, at: place } };
  },
  slice: ({ inputs, attributes: { begin } }, at) => ({
    kind: 'copy',
    from: { value: inputs[0] as Value, at: at.map((p, axis) => p + (begin[axis] as number)) },
  }),
  reshape: ({ inputs, outputs }, at) => {
    const [x] = inputs as [Value];
    const flat = stridesOf((outputs[0] as Value).shape).reduce((sum, s, axis) => sum + s * (at[axis] as number), 0);
    return { kind: 'copy', from: { value: x, at: unravel(flat, x.shape) } };
  },
  transpose: ({ inputs, attributes: { permutation } }, at) => {
    const place = new Array<number>(at.length);
    permutation.forEach((axis, i) => {
      place[axis] = at[i] as number;
    });
    return { kind: 'copy', from: { value: inputs[0] as Value, at: place } };
  },
  concatenate: ({ inputs, attributes: { axis } }, at) => {
    let p = at[axis] as number;
    for (const value of inputs) {
      const size = value.shape[axis] as number;
      if (p < size) return { kind: 'copy', from: { value, at: at.map((q, i) => (i === axis ? p : q)) } };
      p -= size;
    }
    throw new RangeError('a place outside the concatenation');
  },
  broadcastTo: ({ inputs }, at) => ({ kind: 'copy', from: broadcast(inputs[0] as Value, at) }),
  fill: ({ attributes: { value } }) => ({ kind: 'constant', value }),
  upSample: ({ inputs, attributes: { size, interpolation } }, at) => {
    const [x] = inputs as [Value];
    const [n, y, column, c] = at as [number, number, number, number];
    const taps = (o: number, factor: number, length: number): (readonly [number, number])[] => {
      if (interpolation === 'nearest') return [[Math.floor(o / factor), 1]];
      const center = (o + 0.5) / factor - 0.5;
      const lower = Math.floor(center);
      const share = center - lower;
      const clamp = (i: number): number => Math.min(length - 1, Math.max(0, i));
      return [
        [clamp(lower), 1 - share],
        [clamp(lower + 1), share],
      ];
    };
    const parts = taps(y, size[0], x.shape[1] as number).flatMap(([row, p]) =>
      taps(column, size[1], x.shape[2] as number).map(([col, q]) => ({
        x: { value: x, at: [n, row, col, c] },
        weight: p * q,
      })),
    );
    return { kind: 'sum', parts, padding: 0 };
  },
  ...lines(['softmax', 'logSoftmax', 'localResponseNormalization'], 1),
  ...elementwise(['relu', 'relu6', 'leakyRelu', 'elu', 'gelu', 'silu', 'sigmoid', 'softplus', 'tanh', 'abs', 'clip']),
  ...elementwise(['exp', 'log', 'negate', 'sign', 'sqrt', 'square']),
  ...elementwise(['divide', 'maximum', 'minimum', 'power', 'squaredDifference', 'greaterEqual']),
  layerNormalization: (node, at) => {
    const [x, ...scales] = node.inputs as [Value, ...Value[]];
    const { axis } = node.attributes;
    const inner = x.shape.slice(axis);
    const strides = stridesOf(inner);
    const pick = strides.reduce((sum, s, i) => sum + s * (at[axis + i] as number), 0);
    const all = Array.from({ length: sizeOf(inner) }, (_, i) => unravel(i, inner));
    const operands = [
      ...all.map((place) => ({ value: x, at: [...at.slice(0, axis), ...place] })),
      ...scales.flatMap((value) => all.map((place) => ({ value, at: place }))),
    ];
    return { kind: 'function', operands, shape: [...x.shape.slice(0, axis).map(() => 1), ...inner], pick };
  },
};

/** Ops of single numbers: the rule is their definition on one number of each input. */
function elementwise(names: readonly OpName[]): Rules {
  const rule = (node: Node, at: readonly number[]): CellRule => ({
    kind: 'function',
    operands: node.inputs.map((value) => broadcast(value, at)),
    shape: [1],
    pick: 0,
  });
  return Object.fromEntries(names.map((name) => [name, rule])) as Rules;
}

/** Ops along the last axes: the definition on that line. */
function lines(names: readonly OpName[], axes: number): Rules {
  const rule = (node: Node, at: readonly number[]): CellRule => {
    const [x] = node.inputs as [Value];
    const size = x.shape.at(-axes) as number;
    const lead = at.slice(0, -axes);
    return {
      kind: 'function',
      operands: Array.from({ length: size }, (_, i) => ({ value: x, at: [...lead, i] })),
      shape: [...lead.map(() => 1), size],
      pick: at.at(-1) as number,
    };
  };
  return Object.fromEntries(names.map((name) => [name, rule])) as Rules;
}

/** Calls `visit` for each place of a window that lies in the picture; returns how many do not. */
function eachInWindow(
  { strides, padding, dilations }: WindowAttributes,
  [kh, kw]: readonly [number, number],
  [, h, w]: Shape,
  oy: number,
  ox: number,
  visit: (iy: number, ix: number, ky: number, kx: number) => void,
): number {
  let outside = 0;
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      const iy = oy * strides[0] - padding[0] + ky * dilations[0];
      const ix = ox * strides[1] - padding[2] + kx * dilations[1];
      if (iy >= 0 && iy < (h as number) && ix >= 0 && ix < (w as number)) visit(iy, ix, ky, kx);
      else outside++;
    }
  }
  return outside;
}

function broadcast(value: Value, at: readonly number[]): Operand {
  const lead = at.length - value.shape.length;
  return { value, at: value.shape.map((size, axis) => (size === 1 ? 0 : (at[axis + lead] as number))) };
}

function reducedPlaces(x: Value, { axes, keepDims }: AttributesOf<'sum'>, at: readonly number[]): Operand[] {
  const kept = keepDims ? at.filter((_, axis) => !axes.includes(axis)) : [...at];
  const inner = axes.map((axis) => x.shape[axis] as number);
  return Array.from({ length: sizeOf(inner) }, (_, i) => {
    const place = unravel(i, inner);
    let [a, b] = [0, 0];
    return { value: x, at: x.shape.map((_, axis) => (axes.includes(axis) ? place[a++] : kept[b++]) as number) };
  });
}

function reduced(
  x: Value,
  attributes: AttributesOf<'sum'>,
  at: readonly number[],
  weight: (count: number) => number,
): CellRule {
  const places = reducedPlaces(x, attributes, at);
  return { kind: 'sum', parts: places.map((one) => ({ x: one, weight: weight(places.length) })), padding: 0 };
}

/** The place of a flat index. */
export function unravel(flat: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(flat / stride) % (shape[axis] as number));
}
