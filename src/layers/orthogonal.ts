/**
 * `count` orthonormal rows of the given length (count ≤ length), made from random draws by Gram–Schmidt in float64,
 * each row cleaned twice so that rounding leaves nothing behind. The same distribution as the Q of a QR decomposition
 * whose R has a positive diagonal.
 */
export function orthogonalRows(count: number, length: number, draw: () => number): Float64Array {
  const rows = new Float64Array(count * length);
  for (let i = 0; i < rows.length; i++) rows[i] = draw();
  for (let r = 0; r < count; r++) {
    const row = rows.subarray(r * length, (r + 1) * length);
    for (let pass = 0; pass < 2; pass++) {
      for (let q = 0; q < r; q++) {
        const other = rows.subarray(q * length, (q + 1) * length);
        const shared = dot(row, other);
        for (let i = 0; i < length; i++) row[i] = (row[i] as number) - shared * (other[i] as number);
      }
    }
    const norm = Math.sqrt(dot(row, row));
    for (let i = 0; i < length; i++) row[i] = (row[i] as number) / norm;
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
