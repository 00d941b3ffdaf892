/** Points and weights of Gauss and Legendre's quadrature on [0, 1]: exact for polynomials up to degree 2n − 1. */
export function gaussLegendre(n: number): { nodes: Float64Array; weights: Float64Array } {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    // Newton's method from Tricomi's approximation of the roots of the Legendre polynomial.
    let z = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [p, before] = [1, 0];
      for (let k = 1; k <= n; k++) [p, before] = [((2 * k - 1) * z * p - (k - 1) * before) / k, p];
      slope = (n * (z * p - before)) / (z * z - 1);
      const move = p / slope;
      z -= move;
      if (Math.abs(move) < 1e-15) break;
    }
    nodes[n - 1 - i] = (1 + z) / 2;
    weights[n - 1 - i] = 1 / ((1 - z * z) * slope * slope);
  }
  return { nodes, weights };
}
