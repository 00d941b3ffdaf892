/** A number with its sign, and a true minus: `+7.3`, `−7.3`; what rounds to zero has none. */
export function signed(value: number, digits: number): string {
  const rounded = Math.abs(value).toFixed(digits);
  if (Number(rounded) === 0) return rounded;
  return `${value < 0 ? '−' : '+'}${rounded}`;
}
