import { identityMatrix, type Matrix, multiplied, translation } from './matrix.js';
import type { PictureSize } from './picture.js';

/** Which Keras: 1 is 1.2.2, of 2016; 2 is the last of the separate package, and the same class in later versions. */
export type KerasSemantics = 'keras1' | 'keras2';

/** What moves pixels, as Keras's ImageDataGenerator draws it. */
export interface KerasGeometry {
  /** Degrees. */
  readonly rotation: number;
  /** Pixels down, and to the right, of the place that is read. */
  readonly shiftRows: number;
  readonly shiftColumns: number;
  /** Radians with 'keras1', degrees with 'keras2'. */
  readonly shear: number;
  /** Factors of the place that is read: above 1 the picture gets smaller. */
  readonly zoomRows: number;
  readonly zoomColumns: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * Pixel of the result → pixel of the picture: rotation · translation · shear · zoom about the middle, where 'keras1' takes the point
 * (h / 2 + ½, w / 2 + ½) for the middle and 'keras2' (h / 2 − ½, w / 2 − ½), which is right.
 */
export function kerasMatrix(
  size: Pick<PictureSize, 'height' | 'width'>,
  drawn: KerasGeometry,
  semantics: KerasSemantics,
): Matrix {
  const { rotation, shiftRows, shiftColumns, zoomRows, zoomColumns } = drawn;
  const turn = radians(rotation);
  const slant = semantics === 'keras1' ? drawn.shear : radians(drawn.shear);
  // Keras counts rows first: its [[a, b], [d, e]] of (row, column) is [[e, d], [b, a]] of (x, y).
  const parts: Matrix[] = [];
  if (turn !== 0) parts.push(linear(Math.cos(turn), -Math.sin(turn), Math.sin(turn), Math.cos(turn)));
  if (shiftRows !== 0 || shiftColumns !== 0) parts.push(translation(shiftColumns, shiftRows));
  if (slant !== 0) parts.push(linear(1, -Math.sin(slant), 0, Math.cos(slant)));
  if (zoomRows !== 1 || zoomColumns !== 1) parts.push(linear(zoomRows, 0, 0, zoomColumns));
  if (parts.length === 0) return identityMatrix;
  const half = semantics === 'keras1' ? 0.5 : -0.5;
  const [x, y] = [size.width / 2 + half, size.height / 2 + half];
  return multiplied(multiplied(translation(x, y), parts.reduce(multiplied)), translation(-x, -y));
}

function linear(rowRow: number, rowColumn: number, columnRow: number, columnColumn: number): Matrix {
  return [columnColumn, columnRow, 0, rowColumn, rowRow, 0, 0, 0, 1];
}
