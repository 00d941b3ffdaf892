import { FoveaError } from './errors.js';

/** Throws `data` unless all numbers of a batch of `n` examples are finite. */
export function checkFinite(where: string, values: Float32Array, n: number): void {
  if (areFinite(values)) return;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value - value === 0) continue;
    const example = Math.floor(i / (values.length / n));
    throw new FoveaError('data', {
      where,
      rule: 'all numbers must be finite',
      received: `${value} in example ${example} of the batch`,
      remedy: 'Leave the example out, or mend it, before training',
      data: { example, value },
    });
  }
}

/** Differences of a number with itself are 0, or NaN for what is not finite; sums of them hold it. Four sums run at once. */
function areFinite(values: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const [p, q, r, s] = [values[i], values[i + 1], values[i + 2], values[i + 3]] as [number, number, number, number];
    a += p - p;
    b += q - q;
    c += r - r;
    d += s - s;
  }
  for (let i = whole; i < values.length; i++) a += (values[i] as number) - (values[i] as number);
  return a + b + c + d === 0;
}
