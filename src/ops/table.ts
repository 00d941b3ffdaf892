import { reluGradientOp, reluOp } from './activations.js';
import {
  type Conv2dAttributes,
  type Conv2dFilterGradientAttributes,
  type Conv2dInputGradientAttributes,
  conv2dFilterGradientOp,
  conv2dInputGradientOp,
  conv2dOp,
} from './conv2d.js';
import type { NoAttributes, OpDefinition } from './definition.js';
import { type MatMulAttributes, matMulOp } from './matMul.js';

/** Every primitive op and the attributes it takes. Engines, gradients, costs and tests are driven from this list. */
export interface OpAttributes {
  conv2d: Conv2dAttributes;
  conv2dInputGradient: Conv2dInputGradientAttributes;
  conv2dFilterGradient: Conv2dFilterGradientAttributes;
  matMul: MatMulAttributes;
  relu: NoAttributes;
  reluGradient: NoAttributes;
}

export type OpName = keyof OpAttributes;
export type AttributesOf<K extends OpName> = OpAttributes[K];
export type OpTable = { readonly [K in OpName]: OpDefinition<OpAttributes[K]> };

/** The definitions: a missing entry does not compile. */
export const opTable: OpTable = {
  conv2d: conv2dOp,
  conv2dInputGradient: conv2dInputGradientOp,
  conv2dFilterGradient: conv2dFilterGradientOp,
  matMul: matMulOp,
  relu: reluOp,
  reluGradient: reluGradientOp,
};
