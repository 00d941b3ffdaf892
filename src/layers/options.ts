import * as v from 'valibot';
import type { Padding2d, Size2d } from '../ops/windows.js';
import { FoveaError } from '../tensor/errors.js';
import { nearestName, suggestName } from '../tensor/nearest.js';
import type { Shape } from '../tensor/shape.js';

/** Schemas of options, one per name. Messages complete the sentence that begins with the option's name. */
export type Entries = Record<string, v.GenericSchema>;

/** What remains of options once they are checked and defaults are filled in. */
export type Parsed<E extends Entries> = v.InferOutput<v.ObjectSchema<E, undefined>>;

/** One schema for each option of an interface, and no other: a forgotten one does not compile. */
export type EntriesOf<O, Common = never> = { readonly [K in Exclude<keyof O, Common>]-?: v.GenericSchema };

/**
 * Checks options against their schemas and fills in defaults.
 *
 * @throws FoveaError `option` for an unknown name (with the nearest known one) or a value that breaks its rule.
 */
export function parseOptions<E extends Entries>(where: string, entries: E, options: unknown): Parsed<E> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new FoveaError('option', { where, rule: 'the options must be an object', received: show(options) });
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(entries, name)) {
      throw new FoveaError('option', {
        where,
        rule: `there is no option "${name.slice(0, 100)}"`,
        remedy: suggestName(name, Object.keys(entries)),
        data: { option: name },
      });
    }
  }
  const result = v.safeParse(v.object(entries), options);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = issue.path?.map((item) => String(item.key)) ?? [];
  const missing = issue.received === 'undefined' && path.length === 1;
  throw new FoveaError('option', {
    where,
    rule: missing ? `the option ${path[0]} is needed: it ${issue.message}` : `${path.join('.')} ${issue.message}`,
    received: missing ? 'none' : show(issue.input),
    data: { option: path[0] },
  });
}

/** A value as a message shows it, cut where it is long. */
export function show(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = `a ${typeof value}`; // cyclic, nested too deeply, or a big integer
  }
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

const isWhole = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least;

/** A whole number of at least `least`. */
export function whole(least = 1) {
  return v.custom<number>((value) => isWhole(value, least), `must be a whole number of at least ${least}`);
}

/** Any finite number within limits, both included. */
export function real(least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY) {
  const from = Number.isFinite(least) ? ` of at least ${least}` : '';
  const to = Number.isFinite(most) ? `${from === '' ? ' of' : ' and'} at most ${most}` : '';
  return v.custom<number>(
    (value) => typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most,
    `must be a number${from}${to}`,
  );
}

/** A rate: at least 0, less than 1. */
export function fraction() {
  return v.custom<number>(
    (value) => typeof value === 'number' && value >= 0 && value < 1,
    'must be a number of at least 0 and less than 1',
  );
}

export function flag() {
  return v.boolean('must be true or false');
}

/** One of a few names; a misspelt one gets the nearest as a suggestion. */
export function oneOf<const T extends string>(names: readonly T[]) {
  return v.picklist(names, (issue) => unknownName(issue.input, names));
}

/** One whole number for height and width, or two. */
export function size2d(least = 1) {
  return v.custom<Size2d>(
    (value) => isWhole(value, least) || (Array.isArray(value) && isListOf(value, 2, least)),
    `must be a whole number of at least ${least}, or two of them [height, width]`,
  );
}

/** 'valid', 'same' or four whole numbers. */
export function padding2d() {
  return v.custom<Padding2d>(
    (value) => value === 'valid' || value === 'same' || (Array.isArray(value) && isListOf(value, 4, 0)),
    'must be "valid", "same" or four whole numbers [top, bottom, left, right] of at least 0',
  );
}

/** Sizes without the batch axis, each at least 1. */
export function shape() {
  return v.custom<Shape>(
    (value) => Array.isArray(value) && value.length <= 8 && value.every((n) => isWhole(n, 1)),
    'must be a list of at most 8 whole numbers of at least 1, without the batch axis',
  );
}

/** A name that can be a part of `layer/weight`. */
export function nameOption() {
  return v.custom<string>(
    (value) => typeof value === 'string' && value.length > 0 && value.length <= 200 && !value.includes('/'),
    'must be a text of 1 to 200 characters without "/"',
  );
}

function isListOf(list: readonly unknown[], length: number, least: number): boolean {
  return list.length === length && list.every((n) => isWhole(n, least));
}

/** Options of each name that a setting with options of its own may have. */
export type SpecTable<S extends { readonly type: string }> = { readonly [K in S['type']]: Entries };

/**
 * A setting that is a name with options of its own, `{ type: 'l2', l2: 1e-4 }`, where `bare` also the name alone. Says
 * what it may be where it is neither.
 */
export function specOption<S extends { readonly type: string }>(table: SpecTable<S>): v.GenericSchema<unknown, S>;
export function specOption<S extends { readonly type: string }>(
  table: SpecTable<S>,
  bare: true,
): v.GenericSchema<unknown, S | S['type']>;
export function specOption<S extends { readonly type: string }>(
  table: SpecTable<S>,
  bare = false,
): v.GenericSchema<unknown, S | S['type']> {
  const names = Object.keys(table);
  const forms = names.map((type) => {
    const own = table[type as S['type']];
    return v.strictObject({ type: v.literal(type), ...own }, (issue) => {
      if (issue.expected !== 'never') return unknownName(undefined, names);
      return `does not exist. ${suggestName(String(issue.input).slice(0, 100), Object.keys(own))}`;
    });
  });
  const withOptions = v.variant('type', forms, (issue) => unknownName(issue.input, names));
  const schema = bare ? v.lazy((input) => (typeof input === 'string' ? oneOf(names) : withOptions)) : withOptions;
  return v.pipe(
    schema,
    v.transform((spec) => spec as S),
  );
}

/** Completes a sentence that begins with the option's name. */
function unknownName(input: unknown, names: readonly string[]): string {
  const nearest = typeof input === 'string' ? nearestName(input, names) : undefined;
  return `must be one of ${names.join(', ')}${nearest === undefined ? '' : `. Did you mean "${nearest}"?`}`;
}
