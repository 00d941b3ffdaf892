import { about, identityMatrix, type Matrix, quadToQuad, translation } from './matrix.js';
import type { PictureSize } from './picture.js';
import type { GeometryStep } from './steps.js';
import { signed } from './text.js';

type Size = Pick<PictureSize, 'height' | 'width'>;

const middle = ({ height, width }: Size): [x: number, y: number] => [(width - 1) / 2, (height - 1) / 2];
const tangent = (degrees: number): number => Math.tan((degrees * Math.PI) / 180);

function step(name: string, matrix: Matrix, values: GeometryStep['values'], text: string): GeometryStep[] {
  // What changes nothing is no step, so that the picture stays as it is to the bit.
  if (matrix.every((entry, k) => entry === identityMatrix[k])) return [];
  return [{ kind: 'geometry', name, matrix, values, text }];
}

/** Turns the picture about its middle, counterclockwise. */
export function rotate(size: Size, degrees: number): GeometryStep[] {
  const turn = (degrees * Math.PI) / 180;
  // Quarter turns to the pixel.
  const exact = degrees % 90 === 0;
  const [cos, sin] = exact
    ? [Math.round(Math.cos(turn)), Math.round(Math.sin(turn))]
    : [Math.cos(turn), Math.sin(turn)];
  const matrix = about(...middle(size), [cos, -sin, sin, cos]);
  return step('rotation', matrix, { degrees }, `rotation ${signed(degrees, 1)}°`);
}

/** Shifts the picture to the right and down; shares of its width and height. */
export function shift(size: Size, x: number, y: number): GeometryStep[] {
  const matrix = translation(-x * size.width, -y * size.height);
  return step('shift', matrix, { x, y }, `shift ${signed(100 * x, 0)} %, ${signed(100 * y, 0)} %`);
}

/** Slants the picture about its middle; degrees. */
export function shear(size: Size, x: number, y: number): GeometryStep[] {
  const matrix = about(...middle(size), [1, -tangent(x), -tangent(y), 1]);
  return step('shear', matrix, { x, y }, `shear ${signed(x, 1)}°, ${signed(y, 1)}°`);
}

/** Makes things larger by the factors about a point that is given as shares of the width and height. */
export function zoom(size: Size, factorX: number, factorY: number, x = 0.5, y = 0.5): GeometryStep[] {
  const [right, bottom] = [size.width - 1, size.height - 1];
  const matrix = about(x * right, y * bottom, [1 / factorX, 0, 0, 1 / factorY]);
  const factors = factorX === factorY ? `×${factorX.toFixed(2)}` : `×${factorX.toFixed(2)}, ×${factorY.toFixed(2)}`;
  return step('zoom', matrix, { factorX, factorY, x, y }, `zoom ${factors}`);
}

export function flipHorizontal(size: Size): GeometryStep[] {
  return step('flipHorizontal', [-1, 0, size.width - 1, 0, 1, 0, 0, 0, 1], {}, 'flipped left to right');
}

export function flipVertical(size: Size): GeometryStep[] {
  return step('flipVertical', [1, 0, 0, 0, -1, size.height - 1, 0, 0, 1], {}, 'flipped upside down');
}

/**
 * Tilts the picture to the right and down as if seen from the side: two corners of a side go inwards by a share of half the
 * side, the two opposite ones outwards (fastai's warp).
 */
export function tilt(size: Size, x: number, y: number): GeometryStep[] {
  if (x === 0 && y === 0) return [];
  const [right, bottom] = [size.width - 0.5, size.height - 0.5];
  const corners = [
    [-0.5, -0.5],
    [right, -0.5],
    [right, bottom],
    [-0.5, bottom],
  ] as const;
  const [dx, dy] = [(x * size.width) / 2, (y * size.height) / 2];
  const seen = [
    [-0.5 - dy, -0.5 - dx],
    [right + dy, -0.5 + dx],
    [right - dy, bottom - dx],
    [-0.5 + dy, bottom + dx],
  ] as const;
  return step('perspective', quadToQuad(corners, seen), { x, y }, `tilt ${signed(x, 2)}, ${signed(y, 2)}`);
}

/** The part of the picture with this upper left corner and size, in pixels, made as large as `to`. */
export function crop(
  size: Size,
  part: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  to: Size,
): GeometryStep[] {
  const [scaleX, scaleY] = [part.width / to.width, part.height / to.height];
  const matrix: Matrix = [
    ...[scaleX, 0, part.x + 0.5 * scaleX - 0.5],
    ...[0, scaleY, part.y + 0.5 * scaleY - 0.5],
    ...[0, 0, 1],
  ] as unknown as Matrix;
  const share = (part.width * part.height) / (size.width * size.height);
  const text = `crop ${(100 * share).toFixed(0)} %, ${(part.width / part.height).toFixed(2)} : 1`;
  const same = to.height === size.height && to.width === size.width;
  if (same) return step('randomResizedCrop', matrix, { ...part }, text);
  return [{ kind: 'geometry', name: 'randomResizedCrop', matrix, values: { ...part }, text, size: to }];
}
