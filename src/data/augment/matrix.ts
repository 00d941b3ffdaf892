/**
 * A projective map of the plane, row by row: (x, y) → ((a x + b y + c) / w, (d x + e y + f) / w) with w = g x + h y + i. Coordinates
 * are of pixels: (0, 0) is the middle of the upper left one, x counts columns.
 */
export type Matrix = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
];

export const identityMatrix: Matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The map that does `second` first and `first` then: a matrix product. */
export function multiplied(first: Matrix, second: Matrix): Matrix {
  const product: number[] = [];
  for (let row = 0; row < 9; row += 3) {
    for (let column = 0; column < 3; column++) {
      product.push(
        (first[row] as number) * (second[column] as number) +
          (first[row + 1] as number) * (second[column + 3] as number) +
          (first[row + 2] as number) * (second[column + 6] as number),
      );
    }
  }
  return product as unknown as Matrix;
}

export function translation(x: number, y: number): Matrix {
  return [1, 0, x, 0, 1, y, 0, 0, 1];
}

/** A linear map of the plane about a point that stays where it is. */
export function about(
  x: number,
  y: number,
  [a, b, d, e]: readonly [a: number, b: number, d: number, e: number],
): Matrix {
  return [a, b, x - a * x - b * y, d, e, y - d * x - e * y, 0, 0, 1];
}

/** The map that undoes a map; entries are scaled so that the last is 1 where that is possible. */
export function inverted([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  const [A, B, C] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const inverse = [A, c * h - b * i, b * f - c * e, B, a * i - c * g, c * d - a * f, C, b * g - a * h, a * e - b * d];
  const last = inverse[8] as number;
  const scale = last === 0 ? a * A + b * B + c * C : last;
  return inverse.map((entry) => entry / scale) as unknown as Matrix;
}

/** Where a point goes. */
export function mapped([a, b, c, d, e, f, g, h, i]: Matrix, x: number, y: number): [x: number, y: number] {
  const w = g * x + h * y + i;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
}

/** Four points (x, y). */
export type Quad = readonly (readonly [x: number, y: number])[];

/** The projective map that takes four points to four others (the eight linear equations of a homography). */
export function quadToQuad(from: Quad, to: Quad): Matrix {
  const rows: number[][] = [];
  for (const [k, [x, y]] of from.entries()) {
    const [u, v] = to[k] as readonly [number, number];
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  }
  return [...solved(rows), 1] as unknown as Matrix;
}

/** Gauss's elimination with the largest pivot; each row is the coefficients of an equation and its right side. */
function solved(rows: number[][]): number[] {
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(rows[row]?.[column] as number) > Math.abs(rows[best]?.[column] as number)) best = row;
    }
    [rows[column], rows[best]] = [rows[best] as number[], rows[column] as number[]];
    const pivot = rows[column] as number[];
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = (row[column] as number) / (pivot[column] as number);
      for (let k = column; k <= n; k++) row[k] = (row[k] as number) - factor * (pivot[k] as number);
    }
  }
  return rows.map((row, k) => (row[n] as number) / (row[k] as number));
}
