import { meanInterval } from '../bootstrap.js';
import type { Interval } from '../interval.js';
import { decisions, lossesOf, type Predictions } from '../predictions.js';
import { differenceInterval, type Rate, wilsonInterval } from '../wilson.js';
import type { Evidence } from './finding.js';

/** How many are right. */
export function rightOf(predictions: Predictions): Rate {
  const decided = decisions(predictions);
  const { labels } = predictions;
  return { successes: labels.filter((label, i) => decided[i] === label).length, trials: labels.length };
}

/** The share of a rate with its interval. */
export function shareOf({ successes, trials }: Rate): { readonly value: number; readonly interval: Interval } {
  return { value: successes / trials, interval: wilsonInterval(successes, trials) };
}

/** Mean loss in nats, with its interval. */
export function lossOf(predictions: Predictions): { readonly value: number; readonly interval: Interval } {
  const losses = lossesOf(predictions);
  return { value: losses.reduce((sum, loss) => sum + loss, 0) / losses.length, interval: meanInterval(losses) };
}

/** Loss in nats of always answering with the shares of the classes: what a network begins near, and should get below. */
export function guessLoss(classCounts: readonly number[]): number {
  const total = classCounts.reduce((sum, n) => sum + n, 0);
  return classCounts.reduce((sum, n) => (n === 0 ? sum : sum - (n / total) * Math.log(n / total)), 0);
}

export function rateEvidence(what: string, rate: Rate): Evidence {
  const { value, interval } = shareOf(rate);
  const { successes, trials } = rate;
  const text = `${percentText(value)} (${boundsText(interval)}): ${successes.toLocaleString('en-US')} of ${trials.toLocaleString('en-US')}`;
  return { what, value, interval, text };
}

export function gapEvidence(what: string, a: Rate, b: Rate): Evidence {
  const [value, interval] = [a.successes / a.trials - b.successes / b.trials, differenceInterval(a, b)];
  const points = (x: number): string => (100 * x).toFixed(1);
  const text = `${points(value)} points (${points(interval.low)} to ${points(interval.high)})`;
  return { what, value, interval, text };
}

export function numberEvidence(what: string, value: number, interval?: Interval, unit = ''): Evidence {
  const digits = (x: number): string => (Math.abs(x) >= 100 ? x.toPrecision(3) : x.toFixed(3));
  const bounds = interval === undefined ? '' : ` (${digits(interval.low)} to ${digits(interval.high)})`;
  return { what, value, interval, text: `${digits(value)}${unit}${bounds}` };
}

function percentText(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function boundsText({ low, high }: Interval): string {
  return `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} %`;
}
