import type { Interval } from './interval.js';

/** The standard normal's 97.5 % point: 95 % lie between its negative and itself. */
const Z = 1.959963984540054;

/**
 * Bounds of a share with 95 % confidence (Wilson, 1927): unlike the mean and its standard error they stay within 0 and 1,
 * and are right near both.
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const z2 = (Z * Z) / trials;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** So many successes out of so many trials. */
export interface Rate {
  readonly successes: number;
  readonly trials: number;
}

/**
 * Bounds of the difference of two shares that were measured on different examples, a − b, with 95 % confidence (Newcombe,
 * 1998, method 10: each share's Wilson interval).
 */
export function differenceInterval(a: Rate, b: Rate): Interval {
  const [shareA, shareB] = [share(a), share(b)];
  const [boundsA, boundsB] = [wilsonInterval(a.successes, a.trials), wilsonInterval(b.successes, b.trials)];
  return {
    low: shareA - shareB - Math.hypot(shareA - boundsA.low, boundsB.high - shareB),
    high: shareA - shareB + Math.hypot(boundsA.high - shareA, shareB - boundsB.low),
  };
}

function share({ successes, trials }: Rate): number {
  return trials === 0 ? 0.5 : successes / trials;
}
