import { FoveaError } from '../tensor/errors.js';
import type { TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { type NumberArray, type OpCall, type OpDefinition, trafficBytes } from './definition.js';
import type { Value } from './graph.js';

export interface LocalResponseNormalizationAttributes {
  /** Number of neighbouring channels in the window, itself included. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  /** Called k by Krizhevsky. */
  readonly bias: number;
}

/**
 * Local response normalization over neighbouring channels (Krizhevsky et al., 2012), in ONNX's form:
 * x / (bias + alpha / size · Σ x²)^beta over channels c − ⌊(size − 1) / 2⌋ … c + ⌈(size − 1) / 2⌉.
 *
 * Shapes: x [..., c] → the same.
 */
export function localResponseNormalization(x: Value, options: LocalResponseNormalizationAttributes): Value {
  return x.graph.emit('localResponseNormalization', [x], options)[0];
}

export const localResponseNormalizationOp: OpDefinition<LocalResponseNormalizationAttributes> = {
  shape: (call) => {
    checkInputCount(call.where, call.inputs, 1);
    return [checkWindow(call)];
  },
  gradient: ({ graph, inputs, dy, attributes }) => {
    const [x, g] = [inputs[0] as Value, dy[0] as Value];
    return [graph.emit('localResponseNormalizationGradient', [x, g], attributes)[0]];
  },
  cost: windowCost(2),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const x = inputs[0] as NumberArray;
    const y = outputs[0] as NumberArray;
    const c = channelsOf(inputShapes[0]);
    for (let i = 0; i < x.length; i++) y[i] = (x[i] as number) * divisor(x, i, c, attributes) ** -attributes.beta;
  },
};

/** (x, dy) → dx = dy · d^−β − 2 · alpha · beta / size · x · Σ dy · x · d^(−β−1), over the windows that x lies in. */
export const localResponseNormalizationGradientOp: OpDefinition<LocalResponseNormalizationAttributes> = {
  shape: (call) => {
    checkInputCount(call.where, call.inputs, 2);
    const x = checkWindow(call);
    checkShapeIs(call.where, 'output gradient', call.inputs[1] as TensorSpec, x.shape);
    return [x];
  },
  gradient: 'none',
  cost: windowCost(6),
  define: ({ inputs, outputs, inputShapes, attributes }) => {
    const [x, dy] = inputs as [NumberArray, NumberArray];
    const dx = outputs[0] as NumberArray;
    const c = channelsOf(inputShapes[0]);
    const { size, alpha, beta } = attributes;
    for (let i = 0; i < x.length; i++) {
      const d = divisor(x, i, c, attributes);
      const g = dy[i] as number;
      dx[i] = (dx[i] as number) + g * d ** -beta;
      const shared = ((2 * alpha * beta) / size) * g * (x[i] as number) * d ** (-beta - 1);
      eachNeighbour(i, c, size, (j) => {
        dx[j] = (dx[j] as number) - shared * (x[j] as number);
      });
    }
  },
};

/** bias + alpha / size · Σ x² around element i. */
function divisor(x: NumberArray, i: number, c: number, attributes: LocalResponseNormalizationAttributes): number {
  const { size, alpha, bias } = attributes;
  let sum = 0;
  eachNeighbour(i, c, size, (j) => {
    sum += (x[j] as number) ** 2;
  });
  return bias + (alpha / size) * sum;
}

/** Calls `visit` for the elements in the window of channels around element i. */
function eachNeighbour(i: number, c: number, size: number, visit: (j: number) => void): void {
  const channel = i % c;
  const first = Math.max(0, channel - Math.floor((size - 1) / 2));
  const last = Math.min(c - 1, channel + Math.ceil((size - 1) / 2));
  for (let k = first; k <= last; k++) visit(i - channel + k);
}

function channelsOf(shape: readonly number[] | undefined): number {
  return shape?.[shape.length - 1] ?? 1;
}

function checkWindow({ inputs, attributes, where }: OpCall<LocalResponseNormalizationAttributes>): TensorSpec {
  const x = inputs[0] as TensorSpec;
  checkDType(where, 'input', x, 'float32');
  if (!Number.isInteger(attributes.size) || attributes.size < 1) {
    throw new FoveaError('option', {
      where,
      rule: 'the size of the window must be a whole number of at least 1',
      received: `${attributes.size}`,
    });
  }
  return float32(x.shape);
}

function windowCost(perNeighbour: number) {
  return ({ inputs, attributes }: OpCall<LocalResponseNormalizationAttributes>, outputs: readonly TensorSpec[]) => {
    const size = (outputs[0] as TensorSpec).shape.reduce((product, n) => product * n, 1);
    return { flops: size * (perNeighbour * attributes.size + 20), bytes: trafficBytes(inputs, outputs) };
  };
}
