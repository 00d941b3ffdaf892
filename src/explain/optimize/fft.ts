/** A complex array: real and imaginary parts, row by row. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Discrete Fourier transform in two dimensions, in place, of any size: Σ x · exp(∓2πi(ky/h + kx/w)), with the upper sign forward.
 * Nothing is divided: forward and then backward multiplies by h · w (Cooley and Tukey, 1965, by prime factors).
 */
export function fourier2d({ re, im }: Complex, h: number, w: number, direction: 'forward' | 'backward'): void {
  const sign = direction === 'forward' ? -1 : 1;
  const line = (start: number, step: number, n: number): void => {
    const [x, y] = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      x[i] = re[start + i * step] as number;
      y[i] = im[start + i * step] as number;
    }
    const [a, b] = transform(x, y, sign);
    for (let i = 0; i < n; i++) {
      re[start + i * step] = a[i] as number;
      im[start + i * step] = b[i] as number;
    }
  };
  for (let row = 0; row < h; row++) line(row * w, 1, w);
  for (let column = 0; column < w; column++) line(column, w, h);
}

function transform(re: Float64Array, im: Float64Array, sign: number): [Float64Array, Float64Array] {
  const n = re.length;
  const p = smallestFactor(n);
  const [outRe, outIm] = [new Float64Array(n), new Float64Array(n)];
  if (n === 1) return [re.slice(), im.slice()];
  const m = n / p;
  const parts = Array.from({ length: p }, (_, r) => {
    const [x, y] = [new Float64Array(m), new Float64Array(m)];
    for (let i = 0; i < m; i++) {
      x[i] = re[i * p + r] as number;
      y[i] = im[i * p + r] as number;
    }
    return m === 1 ? ([x, y] as const) : transform(x, y, sign);
  });
  const [cos, sin] = roots(n);
  for (let k = 0; k < n; k++) {
    let [a, b] = [0, 0];
    for (let r = 0; r < p; r++) {
      const [x, y] = parts[r] as readonly [Float64Array, Float64Array];
      const turn = (r * k) % n;
      const [c, s] = [cos[turn] as number, sign * (sin[turn] as number)];
      const [u, v] = [x[k % m] as number, y[k % m] as number];
      a += u * c - v * s;
      b += u * s + v * c;
    }
    outRe[k] = a;
    outIm[k] = b;
  }
  return [outRe, outIm];
}

function smallestFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p;
  return n;
}

const known = new Map<number, readonly [Float64Array, Float64Array]>();

/** Cosine and sine of 2πk/n. */
function roots(n: number): readonly [Float64Array, Float64Array] {
  let found = known.get(n);
  if (found === undefined) {
    const angle = (k: number): number => (2 * Math.PI * k) / n;
    found = [
      Float64Array.from({ length: n }, (_, k) => Math.cos(angle(k))),
      Float64Array.from({ length: n }, (_, k) => Math.sin(angle(k))),
    ];
    known.set(n, found);
  }
  return found;
}
