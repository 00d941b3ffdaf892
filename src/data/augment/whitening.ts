import { symmetricEigen } from './symmetricEigen.js';

/**
 * ZCA whitening: the symmetric matrix [d, d] that makes examples uncorrelated and of variance 1 with the least change,
 * U · diag(1 / √(s + epsilon)) · Uᵀ for the covariance xᵀ x / n = U · diag(s) · Uᵀ. The mean is not subtracted here.
 *
 * @param rows n examples of d numbers, one after the other.
 */
export function whiteningMatrix(rows: Float32Array, d: number, epsilon: number): Float32Array {
  const n = rows.length / d;
  const covariance = new Float64Array(d * d);
  for (let example = 0; example < n; example++) {
    const start = example * d;
    for (let i = 0; i < d; i++) {
      const value = (rows[start + i] as number) / n;
      if (value === 0) continue;
      for (let j = i; j < d; j++)
        covariance[i * d + j] = (covariance[i * d + j] as number) + value * (rows[start + j] as number);
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) covariance[i * d + j] = covariance[j * d + i] as number;
  const { values, vectors } = symmetricEigen(covariance, d);
  const scales = values.map((value) => 1 / Math.sqrt(Math.max(0, value) + epsilon));
  const result = new Float32Array(d * d);
  const line = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    line.fill(0);
    // vectors[k] is the k-th eigenvector, row by row.
    for (let k = 0; k < d; k++) {
      const factor = (vectors[k * d + i] as number) * (scales[k] as number);
      for (let j = 0; j < d; j++) line[j] = (line[j] as number) + factor * (vectors[k * d + j] as number);
    }
    result.set(line, i * d);
  }
  return result;
}

/** A row of d numbers times a matrix [d, d]. */
export function timesMatrix(row: Float32Array, matrix: Float32Array): Float32Array {
  const d = row.length;
  const result = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    const value = row[i] as number;
    for (let j = 0; j < d; j++) result[j] = (result[j] as number) + value * (matrix[i * d + j] as number);
  }
  return Float32Array.from(result);
}
