import * as v from 'valibot';
import { FoveaError } from '../tensor/errors.js';
import { nextTask } from '../tensor/nextTask.js';
import { RandomStream } from '../tensor/random.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { real, specOption } from './options.js';
import { orthogonalRows } from './orthogonal.js';

/** Initialisers with their options; a bare name takes the defaults. Keras's names, formulas and defaults. */
export type InitializerSpec =
  | { readonly type: 'zeros' | 'ones' }
  | { readonly type: 'constant'; readonly value?: number }
  | { readonly type: 'glorotUniform' | 'glorotNormal' | 'heUniform' | 'heNormal' | 'lecunUniform' | 'lecunNormal' }
  | { readonly type: 'randomNormal' | 'truncatedNormal'; readonly mean?: number; readonly standardDeviation?: number }
  | { readonly type: 'randomUniform'; readonly min?: number; readonly max?: number }
  | { readonly type: 'orthogonal' | 'identity'; readonly gain?: number };

/** How a weight begins: a name, or a name with options `{ type: 'constant', value: 0.1 }`. */
export type Initializer = InitializerSpec['type'] | InitializerSpec;

/** Scale, which fan it is divided by, and the distribution of Keras's VarianceScaling. */
const VARIANCE_SCALING = {
  glorotUniform: [1, 'average', 'uniform'],
  glorotNormal: [1, 'average', 'normal'],
  heUniform: [2, 'in', 'uniform'],
  heNormal: [2, 'in', 'normal'],
  lecunUniform: [1, 'in', 'uniform'],
  lecunNormal: [1, 'in', 'normal'],
} as const;

/** Values that are drawn before other tasks get their turn: some milliseconds. */
const PIECE = 2 ** 16;

/** Standard deviation of a standard normal cut off at two standard deviations. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** The option of a layer that names an initialiser. */
export function initializerOption() {
  const normal = { mean: v.optional(real(), 0), standardDeviation: v.optional(real(0), 0.05) };
  const gain = v.optional(real(), 1);
  return specOption<InitializerSpec>(
    {
      zeros: {},
      ones: {},
      constant: { value: v.optional(real(), 0) },
      glorotUniform: {},
      glorotNormal: {},
      heUniform: {},
      heNormal: {},
      lecunUniform: {},
      lecunNormal: {},
      randomNormal: normal,
      truncatedNormal: normal,
      randomUniform: { min: v.optional(real(), -0.05), max: v.optional(real(), 0.05) },
      orthogonal: { gain },
      identity: { gain },
    },
    true,
  );
}

/**
 * The first values of a weight: a function of the initialiser, the shape, the seed and the weight's path
 * (`layer/weight`), and of nothing else. Large weights are drawn in pieces, so that the thread stays responsive.
 */
export async function initialize(
  initializer: Initializer,
  shape: Shape,
  seed: number,
  path: string,
): Promise<Float32Array> {
  const spec: InitializerSpec = typeof initializer === 'string' ? { type: initializer } : initializer;
  const data = new Float32Array(sizeOf(shape));
  const random = new RandomStream(seed, path);
  const fill = async (draw: () => number): Promise<Float32Array> => {
    for (let from = 0; from < data.length; from += PIECE) {
      if (from > 0) await nextTask();
      const to = Math.min(data.length, from + PIECE);
      for (let i = from; i < to; i++) data[i] = draw();
    }
    return data;
  };
  switch (spec.type) {
    case 'zeros':
      return data;
    case 'ones':
      return data.fill(1);
    case 'constant':
      return data.fill(spec.value ?? 0);
    case 'randomNormal':
      return fill(() => (spec.mean ?? 0) + (spec.standardDeviation ?? 0.05) * random.normal());
    case 'truncatedNormal':
      return fill(() => (spec.mean ?? 0) + (spec.standardDeviation ?? 0.05) * truncatedNormal(random));
    case 'randomUniform': {
      const { min = -0.05, max = 0.05 } = spec;
      return fill(() => min + (max - min) * random.uniform());
    }
    case 'orthogonal':
      return orthogonal(data, shape, spec.gain ?? 1, random);
    case 'identity':
      return identity(data, shape, spec.gain ?? 1, path);
    default: {
      const [scale, fan, distribution] = VARIANCE_SCALING[spec.type];
      const { fanIn, fanOut } = fansOf(shape);
      const variance = scale / Math.max(1, fan === 'in' ? fanIn : (fanIn + fanOut) / 2);
      if (distribution === 'normal') {
        const deviation = Math.sqrt(variance) / TRUNCATED_DEVIATION;
        return fill(() => deviation * truncatedNormal(random));
      }
      const limit = Math.sqrt(3 * variance);
      return fill(() => limit * (2 * random.uniform() - 1));
    }
  }
}

/** Keras's fans: inputs and outputs of one unit, times the pixels of the kernel. */
function fansOf(shape: Shape): { fanIn: number; fanOut: number } {
  const [last = 1, beforeLast = last] = [...shape].reverse();
  const receptive = sizeOf(shape.slice(0, -2));
  return { fanIn: beforeLast * receptive, fanOut: last * receptive };
}

/** A standard normal drawn again until it lies within two standard deviations. */
function truncatedNormal(random: RandomStream): number {
  let x = random.normal();
  while (Math.abs(x) > 2) x = random.normal();
  return x;
}

/** Saxe et al. 2014: the columns (or rows, whichever are fewer) of the flattened weight are orthonormal, times gain. */
function orthogonal(data: Float32Array, shape: Shape, gain: number, random: RandomStream): Float32Array {
  const columns = shape[shape.length - 1] ?? 1;
  const rows = data.length / columns;
  const wide = rows < columns;
  const basis = orthogonalRows(wide ? rows : columns, wide ? columns : rows, () => random.normal());
  const length = wide ? columns : rows;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++)
      data[r * columns + c] = gain * (basis[wide ? r * length + c : c * length + r] as number);
  }
  return data;
}

function identity(data: Float32Array, shape: Shape, gain: number, path: string): Float32Array {
  const [rows, columns] = shape as [number, number];
  if (shape.length !== 2) {
    throw new FoveaError('option', {
      where: path,
      rule: 'the initializer "identity" is for weights with two axes',
      received: `the shape ${formatShape(shape)}`,
    });
  }
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = gain;
  return data;
}
