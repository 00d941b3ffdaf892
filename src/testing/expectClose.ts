import { expect } from 'vitest';

/** Expects as many numbers, each within half a unit of so many decimal places. */
export function expectClose(received: readonly number[] | undefined, expected: readonly number[], digits = 12): void {
  expect(received).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(received?.[i], `element ${i}`).toBeCloseTo(value, digits);
}
