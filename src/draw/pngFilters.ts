/** What PNG may subtract from a byte: nothing, the one to the left, above, their mean, or the best guess of three (Paeth). */
const PREDICTORS: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

/**
 * The rows of a PNG, each preceded by the filter that leaves the smallest differences, the rule of thumb of the
 * specification. `pixelBytes` 0 filters nothing.
 */
export function filterRows(pixels: Uint8Array, rowBytes: number, pixelBytes: number): Uint8Array {
  const height = pixels.length / rowBytes;
  const result = new Uint8Array(height * (rowBytes + 1));
  const trial = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const to = y * (rowBytes + 1);
    const row = pixels.subarray(y * rowBytes, (y + 1) * rowBytes);
    if (pixelBytes === 0) {
      result.set(row, to + 1);
      continue;
    }
    let best = Number.POSITIVE_INFINITY;
    for (const [filter, predict] of PREDICTORS.entries()) {
      let sum = 0;
      for (let i = 0; i < rowBytes; i++) {
        const left = i >= pixelBytes ? (row[i - pixelBytes] as number) : 0;
        const up = y > 0 ? (pixels[(y - 1) * rowBytes + i] as number) : 0;
        const corner = y > 0 && i >= pixelBytes ? (pixels[(y - 1) * rowBytes + i - pixelBytes] as number) : 0;
        const difference = ((row[i] as number) - predict(left, up, corner)) & 255;
        trial[i] = difference;
        sum += difference < 128 ? difference : 256 - difference;
      }
      if (sum >= best) continue;
      best = sum;
      result[to] = filter;
      result.set(trial, to + 1);
    }
  }
  return result;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
