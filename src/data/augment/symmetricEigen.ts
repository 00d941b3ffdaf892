/** Rotations that one eigenvalue may need; it takes two or three. */
const MOST_ROUNDS = 60;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [d, d]: first made tridiagonal by Householder reflections, then diagonal by
 * the QL algorithm with implicit shifts (Bowdler, Martin, Reinsch, Wilkinson, 1968). Eigenvectors are rows of length 1.
 */
export function symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array } {
  // Row i of q is vector i of the basis that the tridiagonal matrix is written in, so that all inner loops run along rows.
  const { q, diagonal, beside } = tridiagonal(Float64Array.from(matrix), d);
  diagonalize(q, diagonal, beside, d);
  return { values: diagonal, vectors: q };
}

/** q · matrix · qᵀ = T, with `diagonal` and what stands `beside` it: beside[i] = T[i][i + 1]. */
function tridiagonal(a: Float64Array, d: number): { q: Float64Array; diagonal: Float64Array; beside: Float64Array } {
  const q = new Float64Array(d * d);
  for (let i = 0; i < d; i++) q[i * d + i] = 1;
  const v = new Float64Array(d);
  const p = new Float64Array(d);
  for (let k = 0; k < d - 2; k++) {
    let norm = 0;
    for (let i = k + 1; i < d; i++) norm = Math.hypot(norm, a[k * d + i] as number);
    if (norm === 0) continue;
    const head = a[k * d + k + 1] as number;
    const alpha = head > 0 ? -norm : norm;
    v.fill(0);
    for (let i = k + 1; i < d; i++) v[i] = a[k * d + i] as number;
    v[k + 1] = head - alpha;
    // The reflection I − beta v vᵀ takes the row to (alpha, 0, …).
    const beta = 1 / (norm * (norm + Math.abs(head)));
    reflectBoth(a, v, p, beta, k, d);
    reflectRows(q, v, p, beta, k, d);
  }
  const diagonal = Float64Array.from({ length: d }, (_, i) => a[i * d + i] as number);
  const beside = Float64Array.from({ length: d }, (_, i) => (i + 1 < d ? (a[i * d + i + 1] as number) : 0));
  return { q, diagonal, beside };
}

/** a becomes H a H, for H = I − beta v vᵀ; v is 0 up to k. */
function reflectBoth(a: Float64Array, v: Float64Array, p: Float64Array, beta: number, k: number, d: number): void {
  p.fill(0);
  for (let i = k; i < d; i++) {
    let sum = 0;
    for (let j = k + 1; j < d; j++) sum += (a[i * d + j] as number) * (v[j] as number);
    p[i] = beta * sum;
  }
  let product = 0;
  for (let i = k + 1; i < d; i++) product += (p[i] as number) * (v[i] as number);
  const half = (beta * product) / 2;
  for (let i = k + 1; i < d; i++) p[i] = (p[i] as number) - half * (v[i] as number);
  for (let i = k; i < d; i++) {
    const [vi, pi] = [v[i] as number, p[i] as number];
    for (let j = k; j < d; j++) a[i * d + j] = (a[i * d + j] as number) - vi * (p[j] as number) - pi * (v[j] as number);
  }
}

/** Rows of q become H q. */
function reflectRows(q: Float64Array, v: Float64Array, sums: Float64Array, beta: number, k: number, d: number): void {
  sums.fill(0);
  for (let i = k + 1; i < d; i++) {
    const vi = v[i] as number;
    for (let j = 0; j < d; j++) sums[j] = (sums[j] as number) + vi * (q[i * d + j] as number);
  }
  for (let i = k + 1; i < d; i++) {
    const factor = beta * (v[i] as number);
    for (let j = 0; j < d; j++) q[i * d + j] = (q[i * d + j] as number) - factor * (sums[j] as number);
  }
}

function diagonalize(q: Float64Array, diagonal: Float64Array, e: Float64Array, d: number): void {
  const at = (i: number): number => diagonal[i] as number;
  for (let low = 0; low < d; low++) {
    for (let round = 0; ; round++) {
      let high = low;
      while (high < d - 1 && Math.abs(e[high] as number) > 2 ** -52 * (Math.abs(at(high)) + Math.abs(at(high + 1))))
        high++;
      if (high === low || round === MOST_ROUNDS) break;
      let g = (at(low + 1) - at(low)) / (2 * (e[low] as number));
      g = at(high) - at(low) + (e[low] as number) / (g + (g < 0 ? -1 : 1) * Math.hypot(g, 1));
      let [sin, cos, moved] = [1, 1, 0];
      let i = high - 1;
      for (; i >= low; i--) {
        const f = sin * (e[i] as number);
        const b = cos * (e[i] as number);
        const length = Math.hypot(f, g);
        e[i + 1] = length;
        if (length === 0) {
          diagonal[i + 1] = at(i + 1) - moved;
          e[high] = 0;
          break;
        }
        sin = f / length;
        cos = g / length;
        g = at(i + 1) - moved;
        const r = (at(i) - g) * sin + 2 * cos * b;
        moved = sin * r;
        diagonal[i + 1] = g + moved;
        g = cos * r - b;
        turnRows(q, i, sin, cos, d);
      }
      if (i >= low) continue;
      diagonal[low] = at(low) - moved;
      e[low] = g;
      e[high] = 0;
    }
  }
}

/** Turns rows i and i + 1 in their plane. */
function turnRows(q: Float64Array, i: number, sin: number, cos: number, d: number): void {
  const [first, second] = [i * d, (i + 1) * d];
  for (let j = 0; j < d; j++) {
    const [a, b] = [q[first + j] as number, q[second + j] as number];
    q[second + j] = sin * a + cos * b;
    q[first + j] = cos * a - sin * b;
  }
}
