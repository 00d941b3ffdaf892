import { FoveaError } from '../../tensor/errors.js';

/** Two ends between which a number is drawn, each as likely as any other. */
export type Range = readonly [low: number, high: number];

/** How one option of a transform is read: what may be given, and what it becomes. */
export interface OptionSpec<T> {
  /** Throws `option` for anything that makes no sense. */
  readonly read: (value: unknown, where: string) => T;
  /** What it is where nothing is given. */
  readonly default: unknown;
}

export type Specs = Readonly<Record<string, OptionSpec<unknown>>>;
export type Parsed<S extends Specs> = { readonly [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never };

function refuse(where: string, rule: string, value: unknown): never {
  throw new FoveaError('option', { where, rule, received: JSON.stringify(value) ?? String(value) });
}

const isNumber = (value: unknown, low: number, high: number): value is number =>
  typeof value === 'number' && value >= low && value <= high;

/** A number between two. */
export function real(low: number, high: number, standard: number): OptionSpec<number> {
  return {
    default: standard,
    read: (value = standard, where) =>
      isNumber(value, low, high) ? value : refuse(where, `a number from ${low} to ${high} is needed`, value),
  };
}

export function whole(low: number, high: number, standard: number): OptionSpec<number> {
  const spec = real(low, high, standard);
  return {
    default: standard,
    read: (value = standard, where) => {
      const n = spec.read(value, where);
      return Number.isSafeInteger(n) ? n : refuse(where, `a whole number from ${low} to ${high} is needed`, value);
    },
  };
}

/**
 * Two ends, or one number d for `middle` ± d. Both ends must lie between `low` and `high`.
 */
export function range(low: number, high: number, middle: number, standard: number | Range): OptionSpec<Range> {
  return {
    default: standard,
    read: (value = standard, where) => {
      const ends = typeof value === 'number' ? [middle - value, middle + value] : value;
      const fits =
        Array.isArray(ends) &&
        ends.length === 2 &&
        ends.every((end) => isNumber(end, low, high)) &&
        (ends[0] as number) <= (ends[1] as number);
      if (fits && !(typeof value === 'number' && value < 0)) return ends as unknown as Range;
      return refuse(
        where,
        `two ends [low, high] from ${low} to ${high} are needed, or one number d for ${middle} ± d`,
        value,
      );
    },
  };
}

export function choice<const T extends string>(names: readonly T[], standard: T): OptionSpec<T> {
  return {
    default: standard,
    read: (value = standard, where) =>
      names.includes(value as T) ? (value as T) : refuse(where, `one of ${names.join(', ')} is needed`, value),
  };
}

export function flag(standard: boolean): OptionSpec<boolean> {
  return {
    default: standard,
    read: (value = standard, where) =>
      typeof value === 'boolean' ? value : refuse(where, 'true or false is needed', value),
  };
}

/** One spec or another, whichever takes the value. */
export function either<A, B>(first: OptionSpec<A>, second: OptionSpec<B>): OptionSpec<A | B> {
  return {
    default: first.default,
    read: (value = first.default, where) => {
      try {
        return first.read(value, where);
      } catch {
        return second.read(value, where);
      }
    },
  };
}

/** Reads all options; names that there are not are an error. */
export function parseOptions<S extends Specs>(
  where: string,
  specs: S,
  given: Readonly<Record<string, unknown>>,
): Parsed<S> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(specs, name)) continue;
    throw new FoveaError('option', {
      where,
      rule: `there is no option "${name}"`,
      remedy: `There are ${Object.keys(specs).join(', ')}`,
    });
  }
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, spec.read(given[name], `${where}, option "${name}"`)]),
  ) as Parsed<S>;
}
