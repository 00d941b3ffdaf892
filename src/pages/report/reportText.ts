import type { Interval } from '../../report/interval.js';

/** A share as `98.8 %`. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–';
}

/** `95.7–99.5 %` */
export function bounds({ low, high }: Interval): string {
  return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)} %`;
}

/** 12345 as `12,345`. */
export function commas(n: number): string {
  return n.toLocaleString('en-US');
}
