/** A straight line from one learning rate to another. */
export function warmUp(step: number, steps: number, from: number, to: number): number {
  return from + ((to - from) * step) / steps;
}
