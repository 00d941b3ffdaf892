import type { TensorSpec } from '../tensor/shape.js';
import { checkDType, checkInputCount, checkShapeIs, float32 } from './checks.js';
import { elementwiseCost, type NoAttributes, type NumberArray, type OpDefinition } from './definition.js';

// One optimizer step for one variable, by the formulas of Keras 3. All take w, dw, hyper [4] = (learning rate, weight
// decay, correction1, correction2) and gradientScale [1], then the states in w's shape; all give the new w and the new
// states. The gradient is g = dw · gradientScale. Decoupled decay comes first: w − w · weightDecay · learningRate.

export interface MomentumUpdateAttributes {
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface RmspropUpdateAttributes {
  /** Share of the old average of squared gradients that is kept. */
  readonly rho: number;
  /** Added under the root. */
  readonly epsilon: number;
}

export interface RmspropMomentumUpdateAttributes extends RmspropUpdateAttributes {
  readonly momentum: number;
}

export interface AdamUpdateAttributes {
  readonly beta1: number;
  readonly beta2: number;
  /** Added to the root. */
  readonly epsilon: number;
}

export interface MovingAverageAttributes {
  /** Share of the old value that is kept. */
  readonly momentum: number;
}

type Arrays = readonly [w: NumberArray, dw: NumberArray, hyper: NumberArray, scale: NumberArray, ...NumberArray[]];

/** What changes from step to step, the same for every element of a variable. */
interface Step {
  readonly lr: number;
  readonly correction1: number;
  readonly correction2: number;
}

/** (w, dw, hyper, gradientScale) → w − lr · g. */
export const sgdUpdateOp: OpDefinition<NoAttributes> = updateOp<NoAttributes>(4, 0, (w, g, _, { lr }) => [w - lr * g]);

/** (…, velocity) → w, v with v = momentum · velocity − lr · g: w + v, or w + momentum · v − lr · g after Nesterov. */
export const momentumUpdateOp: OpDefinition<MomentumUpdateAttributes> = updateOp<MomentumUpdateAttributes>(
  8,
  1,
  (w, g, [velocity], { lr }, { momentum, nesterov }) => {
    const v = momentum * (velocity as number) - lr * g;
    return [nesterov ? w + momentum * v - lr * g : w + v, v];
  },
);

/** (…, square) → w − lr · g / √(s + epsilon), s with s = rho · square + (1 − rho) · g². */
export const rmspropUpdateOp: OpDefinition<RmspropUpdateAttributes> = updateOp<RmspropUpdateAttributes>(
  11,
  1,
  (w, g, [square], { lr }, { rho, epsilon }) => {
    const s = rho * (square as number) + (1 - rho) * g * g;
    return [w - (lr * g) / Math.sqrt(s + epsilon), s];
  },
);

/** (…, square, momentumState) → w − m, s, m with m = momentum · momentumState + lr · g / √(s + epsilon). */
export const rmspropMomentumUpdateOp: OpDefinition<RmspropMomentumUpdateAttributes> =
  updateOp<RmspropMomentumUpdateAttributes>(
    13,
    2,
    (w, g, [square, momentumState], { lr }, { rho, epsilon, momentum }) => {
      const s = rho * (square as number) + (1 - rho) * g * g;
      const m = momentum * (momentumState as number) + (lr * g) / Math.sqrt(s + epsilon);
      return [w - m, s, m];
    },
  );

/**
 * (…, m, v) → w − lr · √correction2 / correction1 · m / (√v + epsilon), m, v, where the hyper values hold
 * correction1 = 1 − beta1^t and correction2 = 1 − beta2^t for step number t, from 1 (Kingma and Ba, 2014; epsilon
 * stands outside the correction, as in Keras).
 */
export const adamUpdateOp: OpDefinition<AdamUpdateAttributes> = updateOp<AdamUpdateAttributes>(
  16,
  2,
  (w, g, [oldM, oldV], { lr, correction1, correction2 }, { beta1, beta2, epsilon }) => {
    const m = (oldM as number) + (g - (oldM as number)) * (1 - beta1);
    const v = (oldV as number) + (g * g - (oldV as number)) * (1 - beta2);
    const rate = (lr * Math.sqrt(correction2)) / correction1;
    return [w - (rate * m) / (Math.sqrt(v) + epsilon), m, v];
  },
);

/** (old, new) → old · momentum + new · (1 − momentum): running statistics. */
export const movingAverageOp: OpDefinition<MovingAverageAttributes> = {
  shape: ({ inputs, where }) => {
    checkInputCount(where, inputs, 2);
    const [old, next] = inputs as [TensorSpec, TensorSpec];
    checkDType(where, 'old value', old, 'float32');
    checkDType(where, 'new value', next, 'float32');
    checkShapeIs(where, 'new value', next, old.shape);
    return [float32(old.shape)];
  },
  gradient: 'none',
  cost: elementwiseCost(3),
  define: ({ inputs, outputs, attributes: { momentum } }) => {
    const [old, next] = inputs as [NumberArray, NumberArray];
    const y = outputs[0] as NumberArray;
    for (let i = 0; i < y.length; i++) y[i] = (old[i] as number) * momentum + (next[i] as number) * (1 - momentum);
  },
  inPlace: [0],
};

/** An optimizer's step with so many states; `formula` gives the new weight, then the new states. */
function updateOp<A>(
  flops: number,
  states: 0 | 1 | 2,
  formula: (w: number, g: number, states: readonly number[], step: Step, attributes: A) => readonly number[],
): OpDefinition<A> {
  return {
    shape: ({ inputs, where }) => {
      checkInputCount(where, inputs, 4 + states);
      const [w, dw, hyper, gradientScale, ...own] = inputs as [
        TensorSpec,
        TensorSpec,
        TensorSpec,
        TensorSpec,
        ...TensorSpec[],
      ];
      for (const input of inputs) checkDType(where, 'inputs', input, 'float32');
      checkShapeIs(where, 'gradient', dw, w.shape);
      checkShapeIs(where, 'hyper values', hyper, [4]);
      checkShapeIs(where, 'gradient scale', gradientScale, [1]);
      for (const state of own) checkShapeIs(where, 'state', state, w.shape);
      return [w, ...own].map(({ shape }) => float32(shape));
    },
    gradient: 'none',
    cost: elementwiseCost(flops),
    define: ({ inputs, outputs, attributes }) => {
      const [w, dw, hyper, gradientScale, ...own] = inputs as Arrays;
      const [lr, weightDecay, correction1, correction2] = [...hyper] as [number, number, number, number];
      const step = { lr, correction1, correction2 };
      for (let i = 0; i < w.length; i++) {
        const decayed = (w[i] as number) * (1 - weightDecay * lr);
        const g = (dw[i] as number) * (gradientScale[0] as number);
        const values = own.map((state) => state[i] as number);
        formula(decayed, g, values, step, attributes).forEach((value, o) => {
          (outputs[o] as NumberArray)[i] = value;
        });
      }
    },
    inPlace: [0],
    inPlaceOutputs: Array.from({ length: states }, (_, state) => [4 + state, 1 + state] as const),
  };
}
