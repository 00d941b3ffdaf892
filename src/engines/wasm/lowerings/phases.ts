/**
 * One phase of an input gradient along one axis: the input positions phase, phase + stride, … meet only every so many
 * taps, and over these the gradient is a plain correlation of dy with stride 1.
 */
export interface Phase {
  readonly first: number;
  /** Number of input positions of this phase. */
  readonly count: number;
  /** Taps that meet it, in the order in which they are visited: rising positions of dy. */
  readonly taps: readonly number[];
  /** Position of dy under the first tap for the first input position. */
  readonly origin: number;
  /** Positions of dy between neighbouring taps. */
  readonly dilation: number;
}

/** The phases of an axis of `size` input positions. */
export function phasesOf(size: number, kernel: number, stride: number, dilation: number, pad: number): Phase[] {
  const divisor = greatestCommonDivisor(stride, dilation);
  return range(Math.min(stride, size)).map((first) => {
    const taps: number[] = [];
    for (let tap = 0; tap < kernel; tap++) {
      if ((((first + pad - tap * dilation) % stride) + stride) % stride === 0) taps.unshift(tap);
    }
    const last = taps[0] ?? 0;
    return {
      first,
      count: Math.ceil((size - first) / stride),
      taps,
      origin: (first + pad - last * dilation) / stride,
      dilation: dilation / divisor,
    };
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** 0 to n − 1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
