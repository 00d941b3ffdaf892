import type { Shape } from '../../tensor/shape.js';

/** What an activation makes of a number, as a formula and computed. */
export type CellActivation = 'linear' | 'relu' | 'sigmoid' | 'tanh';

/** One step of a network as a workbook shows it; numbers as exact as they are given. */
export type NetworkStep =
  | {
      readonly kind: 'convolution';
      readonly name: string;
      /** [kh, kw, cIn, cOut] */
      readonly kernel: ArrayLike<number>;
      readonly kernelShape: readonly [number, number, number, number];
      readonly bias?: ArrayLike<number>;
      readonly strides: readonly [number, number];
      readonly activation: CellActivation;
    }
  | {
      readonly kind: 'pooling';
      readonly name: string;
      readonly function: 'MAX' | 'AVERAGE';
      readonly size: readonly [number, number];
      readonly strides: readonly [number, number];
    }
  | {
      readonly kind: 'dense';
      readonly name: string;
      /** [inputs, units]; inputs in the order of [h, w, c]. */
      readonly kernel: ArrayLike<number>;
      readonly units: number;
      readonly bias?: ArrayLike<number>;
      readonly activation: CellActivation;
    }
  | {
      readonly kind: 'padding';
      readonly name: string;
      readonly sides: readonly [top: number, bottom: number, left: number, right: number];
    }
  /** Each channel times a number plus another, then an activation. */
  | {
      readonly kind: 'affine';
      readonly name: string;
      readonly scale: readonly number[];
      readonly shift: readonly number[];
      readonly activation: CellActivation;
    };

/** A network as a workbook shows it. */
export interface NetworkDescription {
  readonly name: string;
  /** [h, w, c] */
  readonly inputShape: Shape;
  readonly steps: readonly NetworkStep[];
  /** The last values are scores that softmax turns into probabilities. */
  readonly softmax: boolean;
}
