import type { MetricValue } from './metrics/metric.js';

/** What one epoch came to. */
export interface EpochRecord {
  /** Counted from 0. */
  readonly epoch: number;
  /** Steps since the beginning of the whole run, this epoch included. */
  readonly step: number;
  /** Wall time of the epoch with its evaluations, without what came before an interruption. */
  readonly seconds: number;
  /** At the last step of the epoch. */
  readonly learningRate: number;
  /**
   * `loss` and metrics while training, with dropout on, over the epoch as the weights change; `trainLoss`,
   * `trainAccuracy` … in inference mode on a sample of the training data; `valLoss`, `valAccuracy` … in inference mode
   * on the validation data. Only the last two kinds can be compared with each other.
   */
  readonly logs: Readonly<Record<string, MetricValue>>;
}

/** The epochs of a run, in order. */
export class History {
  readonly epochs: EpochRecord[];

  constructor(epochs: readonly EpochRecord[] = []) {
    this.epochs = [...epochs];
  }

  /** One number per epoch, for a curve; NaN where an epoch has none by this name. */
  values(name: string): number[] {
    return this.epochs.map(({ logs }) => numberIn(logs, name) ?? Number.NaN);
  }

  get last(): EpochRecord | undefined {
    return this.epochs.at(-1);
  }
}

/** A number of an epoch's logs; undefined where there is none, or it is no single number. */
export function numberIn(logs: EpochRecord['logs'], name: string): number | undefined {
  const value = Object.hasOwn(logs, name) ? logs[name] : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** The name of a measure on other data: `prefixed('val', 'accuracy')` is `valAccuracy`. */
export function prefixed(prefix: string, name: string): string {
  return `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
