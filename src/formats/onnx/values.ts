import type { LayerOutput } from '../../layers/layerOutput.js';
import type { Constant } from './constants.js';

/** Numbers of a flattened picture: ONNX has them channel by channel, we pixel by pixel. */
export interface FlatPart {
  readonly channels: number;
  readonly pixels: number;
}

/**
 * How the axes of a value in the file relate to ours: the same; a picture [c, h, w] that is [h, w, c] here; or a row that
 * was made by flattening such pictures, one after the other.
 */
export type AxisOrder = 'plain' | 'channelsFirst' | readonly FlatPart[];

/** What a layer makes. */
export interface LayerValue {
  readonly kind: 'layer';
  readonly output: LayerOutput;
  readonly order: AxisOrder;
}

/** Sizes of a value, computed in the graph: whole numbers and the size of the batch. */
export interface SizesValue {
  readonly kind: 'sizes';
  readonly sizes: readonly (number | 'batch')[];
  /** One size without an axis, as Gather makes it. */
  readonly single: boolean;
}

/** A part of GELU written out as x · (erf(x / √2) + 1) · ½, which ONNX had no operator for before version 20. */
export interface GeluValue {
  readonly kind: 'gelu';
  readonly of: LayerOutput;
  readonly order: AxisOrder;
  /** erf(x / √2), that + 1, or x · (that + 1). */
  readonly stage: 'erf' | 'sum' | 'product';
}

export interface ConstantValue {
  readonly kind: 'constant';
  readonly constant: Constant;
}

/** What a name in an ONNX graph stands for while the graph is turned into layers. */
export type OnnxValue = LayerValue | ConstantValue | SizesValue | GeluValue;

/** The order of a flattened picture: plain where there is only one order. */
export function flatOrder(parts: readonly FlatPart[]): AxisOrder {
  return parts.every(({ channels, pixels }) => channels === 1 || pixels === 1) ? 'plain' : parts;
}

export function sameOrder(a: AxisOrder, b: AxisOrder): boolean {
  return a === b || (typeof a !== 'string' && typeof b !== 'string' && JSON.stringify(a) === JSON.stringify(b));
}

/** For each number of a row as it is here, its place in the file's row; undefined where they are the same. */
export function rowPlaces(order: AxisOrder): Int32Array | undefined {
  if (typeof order === 'string') return undefined;
  const places: number[] = [];
  let start = 0;
  for (const { channels, pixels } of order) {
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < channels; c++) places.push(start + c * pixels + p);
    }
    start += channels * pixels;
  }
  return Int32Array.from(places);
}

/** Sizes of the value as the file sees it, the batch first. */
export function onnxSizes({ output: { shape }, order }: LayerValue): readonly (number | 'batch')[] {
  if (order !== 'channelsFirst') return ['batch', ...shape];
  const [h, w, c] = shape as [number, number, number];
  return ['batch', c, h, w];
}
