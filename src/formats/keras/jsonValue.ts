import { formatError, quoteUntrusted } from '../formatError.js';
import { parseJsonText } from '../jsonText.js';

/** A value of an untrusted JSON document that knows where it stands, so that errors can say so. */
export class JsonValue {
  readonly value: unknown;
  readonly where: string;
  readonly #path: string;

  constructor(value: unknown, where: string, path = '') {
    this.value = value;
    this.where = where;
    this.#path = path;
  }

  /** Parses a document. @throws FoveaError `format` where it is no JSON. */
  static parse(text: string, where: string, what: string): JsonValue {
    try {
      return new JsonValue(parseJsonText(text), where, what);
    } catch (cause) {
      const received = cause instanceof Error ? cause.message.slice(0, 100) : 'something else';
      throw formatError(where, `${what} must be JSON`, received, 'The file is damaged: fetch or write it anew', cause);
    }
  }

  /** Neither missing nor null. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A member; a missing one where there is none, or where this is no object. */
  get(...names: readonly string[]): JsonValue {
    const { value } = this;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    for (const name of names) {
      if (!isObject || !Object.hasOwn(value, name)) continue;
      const found = new JsonValue((value as Record<string, unknown>)[name], this.where, `${this.#path}.${name}`);
      if (found.present) return found;
    }
    return new JsonValue(undefined, this.where, `${this.#path}.${names[0]}`);
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  list(): JsonValue[] {
    if (!Array.isArray(this.value)) this.fail('must be a list');
    return this.value.map((item, i) => new JsonValue(item, this.where, `${this.#path}[${i}]`));
  }

  /** The members of an object. */
  values(): JsonValue[] {
    if (typeof this.value !== 'object' || this.value === null) return [];
    return Object.keys(this.value).map((name) => this.get(name));
  }

  text(): string {
    if (typeof this.value !== 'string') this.fail('must be a text');
    return this.value;
  }

  number(): number {
    if (typeof this.value !== 'number') this.fail('must be a number');
    return this.value;
  }

  /** A list of whole numbers, as a shape is. */
  wholeNumbers(): number[] {
    return this.list().map((item) => {
      const n = item.number();
      if (!Number.isSafeInteger(n) || n < 0) item.fail('must be a whole number of at least 0');
      return n;
    });
  }

  fail(rule: string): never {
    let received = String(this.value);
    if (typeof this.value === 'object' && this.value !== null)
      received = Array.isArray(this.value) ? 'a list' : 'an object';
    throw formatError(
      this.where,
      `${this.#path.slice(-150)} ${rule}`,
      typeof this.value === 'string' ? quoteUntrusted(this.value) : received,
      'The file is damaged or was made by another program: write it anew',
    );
  }
}
