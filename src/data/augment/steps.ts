import { copiedPixels } from '../changedPicture.js';
import { ColorMap } from './colorMap.js';
import { identityMatrix, type Matrix, multiplied } from './matrix.js';
import { type Canvas, checkPicture, type Picture, type PictureSize } from './picture.js';
import { resample, type Sampling } from './resample.js';

/** One thing that is done to a picture, with what was drawn for it. */
export interface StepFacts {
  /** The transform, as in the configuration: `rotation`. */
  readonly name: string;
  /** What was drawn, in the transform's units. */
  readonly values: Readonly<Record<string, number | string>>;
  /** The same for people: `rotation −7.3°`. */
  readonly text: string;
}

/** Moves pixels: pixel p of the result is the picture at matrix · p. */
export interface GeometryStep extends StepFacts {
  readonly kind: 'geometry';
  readonly matrix: Matrix;
  /** Size of the result where it is another. */
  readonly size?: { readonly height: number; readonly width: number };
}

/** Changes colors by an affine map of the channels. */
export interface ColorStep extends StepFacts {
  readonly kind: 'color';
  readonly change: (color: ColorMap) => void;
}

/** Anything else; changes the numbers in place. */
export interface CanvasStep extends StepFacts {
  readonly kind: 'canvas';
  readonly paint: (canvas: Canvas) => void;
}

export type Step = GeometryStep | ColorStep | CanvasStep;

/** All geometry of the steps as one map, and the size of what comes out. */
export function composedGeometry(
  steps: readonly Step[],
  size: Pick<PictureSize, 'height' | 'width'>,
): { readonly matrix: Matrix; readonly height: number; readonly width: number } {
  let matrix = identityMatrix;
  let { height, width } = size;
  for (const step of steps) {
    if (step.kind !== 'geometry') continue;
    matrix = multiplied(matrix, step.matrix);
    ({ height, width } = step.size ?? { height, width });
  }
  return { matrix, height, width };
}

/**
 * Does the steps to a picture: first all geometry, composed and interpolated once, then the rest in order. The result has the
 * picture's own kind of numbers; the picture stays as it is.
 */
export function applySteps(picture: Picture, steps: readonly Step[], sampling: Sampling, white?: number): Picture {
  checkPicture('augmentation', picture);
  const { channels } = picture;
  const bytes = picture.data instanceof Uint8Array;
  const { matrix, height, width } = composedGeometry(steps, picture);
  const moved = height !== picture.height || width !== picture.width || matrix.some((m, k) => m !== identityMatrix[k]);
  const rest = steps.filter((step) => step.kind !== 'geometry');
  if (!moved && rest.length === 0) return { ...picture, data: copiedPixels(picture.data) };
  const data = moved ? resample(picture, matrix, { height, width }, sampling) : Float32Array.from(picture.data);
  const canvas: Canvas = { data, height, width, channels, white: white ?? (bytes ? 255 : 1) };
  let color: ColorMap | undefined;
  for (const step of rest) {
    if (step.kind === 'color') {
      color ??= new ColorMap(canvas);
      step.change(color);
      continue;
    }
    color?.apply(bytes);
    color = undefined;
    step.paint(canvas);
  }
  color?.apply(bytes);
  return { data: bytes ? toBytes(data) : data, height, width, channels };
}

/** Rounded to the nearest byte. */
function toBytes(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    bytes[i] = value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
  }
  return bytes;
}
