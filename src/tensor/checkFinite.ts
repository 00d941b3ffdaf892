import { FoveaError } from './errors.js';

/** Throws `data` unless all numbers of a batch of `n` examples are finite. */
export function checkFinite(where: string, values: Float32Array, n: number): void {
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
