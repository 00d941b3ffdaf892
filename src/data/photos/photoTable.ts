import { FoveaError } from '../../tensor/errors.js';

/** Rows of fields under names. */
export interface PhotoTable {
  /** Undefined where nothing names the columns. */
  readonly header: readonly string[] | undefined;
  readonly rows: readonly {
    /** From 1. */
    readonly line: number;
    readonly fields: readonly string[];
    /** Why the row cannot be used. */
    readonly problem?: string;
  }[];
}

/**
 * A JSON array of objects as a table, alone or as the only array within an object; or one object a line. Keys are columns;
 * texts, numbers and truth values are fields.
 *
 * @throws FoveaError `format` where the text is neither.
 */
export function parseJsonTable(text: string, where: string): PhotoTable {
  const plain = text.replace(/^\ufeff/, '');
  const whole = parse(plain);
  if (whole instanceof Error) {
    const lines = plain
      .split(/\r\n|\r|\n/)
      .map((one, i) => ({ line: i + 1, value: one.trim() === '' ? '' : parse(one) }));
    const rows = lines.filter(({ value }) => value !== '');
    // One object a line; otherwise what is wrong with the whole is what matters.
    if (!/^\s*\{/.test(plain) || rows.length < 2 || rows[0]?.value instanceof Error) {
      throw notJson(where, whole.message.slice(0, 120));
    }
    return tableOf(rows);
  }
  const inside = Array.isArray(whole) ? [whole] : Object.values(whole as object).filter(Array.isArray);
  if (inside.length !== 1) throw notJson(where, `an object with ${inside.length} arrays`);
  const [elements] = inside as [unknown[]];
  const lines = objectLines(plain, Array.isArray(whole) ? 1 : 2);
  const counted = lines.length === elements.length;
  return tableOf(elements.map((value, i) => ({ line: counted ? (lines[i] as number) : i + 1, value })));
}

function tableOf(values: readonly { readonly line: number; readonly value: unknown }[]): PhotoTable {
  const columns = new Map<string, number>();
  for (const { value } of values) {
    if (!isObject(value)) continue;
    for (const key of Object.keys(value)) if (!columns.has(key)) columns.set(key, columns.size);
  }
  const rows = values.map(({ line, value }) => {
    if (!isObject(value)) return { line, fields: [], problem: 'a row must be a JSON object' };
    const fields: string[] = new Array(columns.size).fill('');
    for (const [key, one] of Object.entries(value)) fields[columns.get(key) as number] = fieldOf(one);
    return { line, fields };
  });
  return { header: [...columns.keys()], rows };
}

function fieldOf(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
}

/** The lines in which the objects at a depth of brackets begin. */
function objectLines(text: string, depth: number): number[] {
  const lines: number[] = [];
  let [line, at] = [1, 0];
  for (const [token] of text.matchAll(/"(?:[^"\\]+|\\.)*"|[[\]{}]|\r\n|\r|\n/g)) {
    if (token === '{' && at === depth) lines.push(line);
    if (token === '{' || token === '[') at++;
    else if (token === '}' || token === ']') at--;
    else if (!token.startsWith('"')) line++;
  }
  return lines;
}

function notJson(where: string, received: string): FoveaError {
  const rule = 'a list in JSON must be an array of objects, each with path and label, or one such object a line';
  return new FoveaError('format', { where, rule, received });
}
