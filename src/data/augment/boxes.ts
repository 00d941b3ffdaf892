import { inverted, type Matrix, mapped } from './matrix.js';

/** An upright rectangle by its edges, in pixels from the upper left corner of the picture: a whole picture is 0, 0, width, height. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Boxes as they lie after a map of the picture: the smallest upright boxes around the moved corners, cut off at the edges of
 * the result. A box that has left the picture has no width or no height.
 */
export function movedBoxes(
  boxes: readonly Box[],
  geometry: { readonly matrix: Matrix; readonly height: number; readonly width: number },
): Box[] {
  const { matrix, height, width } = geometry;
  if (matrix.every((entry, k) => entry === (k % 4 === 0 ? 1 : 0))) return boxes.map((box) => ({ ...box }));
  const forward = inverted(matrix);
  return boxes.map(({ left, top, right, bottom }) => {
    // The middle of a pixel is half a pixel from its edges.
    const corners = [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ].map(([x, y]) => mapped(forward, (x as number) - 0.5, (y as number) - 0.5));
    const xs = corners.map(([x]) => Math.min(width, Math.max(0, x + 0.5)));
    const ys = corners.map(([, y]) => Math.min(height, Math.max(0, y + 0.5)));
    return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  });
}
