/** The standard normal's 97.5 % point: 95 % lie between its negative and itself. */
const Z = 1.959963984540054;

/**
 * Bounds of a share with 95 % confidence (Wilson, 1927): unlike the mean and its standard error they stay within 0 and 1,
 * and are right near both.
 */
export function wilsonInterval(successes: number, trials: number): { low: number; high: number } {
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const z2 = (Z * Z) / trials;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
