import { InvalidArgumentError, Option } from 'commander';
import { suggestName } from '../tensor/nearest.js';

type Parser<T> = (text: string) => T;

function parser<T>(rule: string, read: (text: string) => T | undefined): Parser<T> {
  return (text) => {
    const value = read(text);
    if (value === undefined) throw new InvalidArgumentError(`It must be ${rule}.`);
    return value;
  };
}

/** What `1e3`, `60_000` or `60,000` say. */
function numberIn(text: string): number {
  return /^[+-]?[\d_,]*\.?\d+(e[+-]?\d+)?$/i.test(text) ? Number(text.replaceAll(/[_,]/g, '')) : Number.NaN;
}

/** A whole number of at least `least`. */
export function wholeNumber(least = 1, most = Number.MAX_SAFE_INTEGER): Parser<number> {
  const limit = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return parser(`a whole number ${limit}`, (text) => {
    const value = numberIn(text);
    return Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;
  });
}

/** Any number above `more`, or from it on where `included`; at most, or less than, `most`. */
export function realNumber({ more = 0, included = false, below = Number.POSITIVE_INFINITY } = {}): Parser<number> {
  const limit = `${included ? 'of at least' : 'greater than'} ${more}${below === Number.POSITIVE_INFINITY ? '' : ` and less than ${below}`}`;
  return parser(`a number ${limit}`, (text) => {
    const value = numberIn(text);
    return (included ? value >= more : value > more) && value < below ? value : undefined;
  });
}

/** A time in minutes: `10m`, `1h`, `90s`, or a number of minutes. */
export function minutes(): Parser<number> {
  return parser('a time, as 10m, 1h or 90s', (text) => {
    const [, value = '', unit = 'm'] = /^(\d+(?:\.\d+)?)\s*([smh])?$/.exec(text) ?? [];
    const time = Number(value) * ({ s: 1 / 60, m: 1, h: 60 }[unit] ?? 1);
    return time > 0 && time <= 7 * 24 * 60 ? time : undefined;
  });
}

/** A number of examples, or a share of them: `5000`, `0.1`; 0 for none. */
export function sizeOrShare(): Parser<number> {
  return parser('a whole number of examples, or a share of them between 0 and 1', (text) => {
    const value = numberIn(text);
    return Number.isSafeInteger(value) && value >= 0 ? value : value > 0 && value < 1 ? value : undefined;
  });
}

/** How far apart checkpoints are: `30s`, `2m`, or a number of steps. */
export function distance(): Parser<{ readonly everySteps: number } | { readonly everySeconds: number }> {
  return parser('a time such as 30s or 2m, or a whole number of steps', (text) => {
    const [, digits = '', unit = ''] = /^([\d.]+)(s|m|min)?$/.exec(text) ?? [];
    const value = numberIn(digits);
    if (unit !== '') return value > 0 ? { everySeconds: unit === 's' ? value : 60 * value } : undefined;
    return Number.isSafeInteger(value) && value > 0 ? { everySteps: value } : undefined;
  });
}

/** One of a few names; a misspelt one gets the nearest as a suggestion. */
export function oneOf<const T extends string>(names: readonly T[]): Parser<T> {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(suggestName(text, names));
    return found;
  };
}

/** An option with a parser; `fallback` is shown as the default and left to the command to apply. */
export function option<T>(flags: string, description: string, parse: Parser<T>, fallback?: string): Option {
  const made = new Option(flags, fallback === undefined ? description : `${description} (default: ${fallback})`);
  return made.argParser(parse);
}
