import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { type EpochRecord, numberIn } from '../history.js';

/** Which way is better; 'auto' takes 'min' for names with "loss" or "error" in them, 'max' for all others. */
export type MonitorMode = 'auto' | 'min' | 'max';

/** Follows one number of the logs and knows when it got better. */
export class Monitor {
  readonly name: string;
  /** The best value so far; infinitely bad at first. */
  best: number;
  readonly #sign: 1 | -1;
  readonly #minDelta: number;
  readonly #where: string;

  constructor(where: string, name: string, mode: MonitorMode, minDelta: number) {
    this.name = name;
    this.#where = where;
    this.#sign = mode === 'min' || (mode === 'auto' && /loss|error/i.test(name)) ? -1 : 1;
    this.#minDelta = minDelta;
    this.best = -this.#sign * Number.POSITIVE_INFINITY;
  }

  /** Forgets the best value. Throws where the run will not have such a number. */
  begin(names: readonly string[]): void {
    this.best = -this.#sign * Number.POSITIVE_INFINITY;
    if (!names.includes(this.name)) this.#unknown(names);
  }

  value({ logs }: EpochRecord): number {
    return numberIn(logs, this.name) ?? this.#unknown(Object.keys(logs));
  }

  /** Whether a value is better than another by more than `minDelta`. NaN never is. */
  isBetter(value: number, than = this.best): boolean {
    return this.#sign * (value - than) > this.#minDelta;
  }

  #unknown(names: readonly string[]): never {
    throw new FoveaError('name', {
      where: this.#where,
      rule: `the epochs of this run have no number "${this.name}"`,
      remedy: `${suggestName(this.name, names)}${this.name.startsWith('val') ? ' Names with "val" need the option validation' : ''}`,
    });
  }
}
