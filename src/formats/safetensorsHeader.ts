import { formatError, quoteUntrusted } from './formatError.js';

/** One entry of a header as it stands in the file; its numbers are whole and at least 0, nothing else is checked. */
export interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly dataOffsets: readonly [start: number, end: number];
}

export interface Header {
  readonly entries: Map<string, HeaderEntry>;
  readonly metadata: Record<string, string>;
}

/** More axes than any tensor has; a limit so that a header cannot make one entry arbitrarily expensive. */
const MAX_RANK = 32;
const REMEDY = 'The file is damaged or no safetensors file: fetch or write it anew';

/**
 * Reads a safetensors header: JSON of a fixed depth and form. A parser of its own, because `JSON.parse` keeps only the last
 * of two equal names and builds whatever depth it is given.
 */
export function parseSafetensorsHeader(text: string, where: string): Header {
  const json = new Scanner(text, where);
  const entries = new Map<string, HeaderEntry>();
  let metadata: Record<string, string> | undefined;
  json.object('the header', (name) => {
    if (name === '__metadata__') {
      if (metadata !== undefined) json.fail('each name occurs once', '"__metadata__" a second time');
      metadata = readMetadata(json);
      return;
    }
    if (entries.has(name)) json.fail('each name occurs once', `${quoteUntrusted(name)} a second time`);
    entries.set(name, readEntry(json, name));
  });
  json.end();
  return { entries, metadata: metadata ?? {} };
}

function readMetadata(json: Scanner): Record<string, string> {
  const metadata: Record<string, string> = {};
  json.object('"__metadata__"', (key) => {
    if (Object.hasOwn(metadata, key)) json.fail('each key occurs once', `${quoteUntrusted(key)} a second time`);
    metadata[key] = json.string('a text as metadata');
  });
  return metadata;
}

function readEntry(json: Scanner, name: string): HeaderEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  const what = `tensor ${quoteUntrusted(name)}`;
  json.object(what, (key) => {
    if (key === 'dtype' && dtype === undefined) dtype = json.string(`${what}: a text as dtype`);
    else if (key === 'shape' && shape === undefined) shape = json.wholeNumbers(`${what}: shape`, MAX_RANK);
    else if (key === 'data_offsets' && offsets === undefined) offsets = json.wholeNumbers(`${what}: data_offsets`, 2);
    else json.fail(`${what} has dtype, shape and data_offsets, each once`, quoteUntrusted(key));
  });
  const [start, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || start === undefined || end === undefined) {
    return json.fail(`${what} has a dtype, a shape and two data_offsets`, 'an entry without one of them');
  }
  return { dtype, shape, dataOffsets: [start, end] };
}

/** Walks over JSON text; every deviation is an error that says where in the header it is. */
class Scanner {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  fail(rule: string, received: string): never {
    throw formatError(this.#where, `header, character ${this.#at}: ${rule}`, received, REMEDY);
  }

  /** `{ "name": value, … }`; `readValue` reads the value that follows each name. */
  object(what: string, readValue: (name: string) => void): void {
    this.#expect('{', what);
    if (this.#skip('}')) return;
    do {
      const name = this.string(`${what}: a name in quotes`);
      if (name === '__proto__') this.fail('"__proto__" cannot be a name', 'it');
      this.#expect(':', what);
      readValue(name);
    } while (this.#skip(','));
    this.#expect('}', what);
  }

  wholeNumbers(what: string, most: number): number[] {
    const numbers: number[] = [];
    this.#expect('[', what);
    if (this.#skip(']')) return numbers;
    do {
      this.#space();
      const start = this.#at;
      while (isDigit(this.#text.charCodeAt(this.#at)) && this.#at - start < 20) this.#at++;
      const digits = this.#text.slice(start, this.#at);
      const value = Number(digits);
      if (digits === '' || (digits.length > 1 && digits.startsWith('0')) || !Number.isSafeInteger(value)) {
        this.fail(`${what} holds whole numbers from 0 to 2^53 − 1`, this.#excerpt(start));
      }
      if (numbers.length === most) this.fail(`${what} has at most ${most} numbers`, 'more');
      numbers.push(value);
    } while (this.#skip(','));
    this.#expect(']', what);
    return numbers;
  }

  string(what: string): string {
    this.#space();
    const start = this.#at;
    if (this.#text[start] !== '"') this.fail(`expected ${what}`, this.#excerpt(start));
    let end = start + 1;
    for (; end < this.#text.length && this.#text[end] !== '"'; end++) if (this.#text[end] === '\\') end++;
    const value = parseString(this.#text.slice(start, end + 1));
    if (value === undefined) this.fail(`expected ${what}, as JSON writes it`, this.#excerpt(start));
    this.#at = end + 1;
    return value;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.fail('nothing but spaces follows the last brace', this.#excerpt(this.#at));
  }

  #expect(sign: string, what: string): void {
    if (!this.#skip(sign)) this.fail(`${what}: expected "${sign}"`, this.#excerpt(this.#at));
  }

  #skip(sign: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  #excerpt(start: number): string {
    return start >= this.#text.length ? 'the end of the header' : quoteUntrusted(this.#text.slice(start, start + 40));
  }
}

/** The value of a JSON string, or undefined where it is none or is no valid Unicode. */
function parseString(token: string): string | undefined {
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'string' && !/\p{Surrogate}/u.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}
