import { formatError } from '../formatError.js';

const DAMAGED = 'The file is damaged or no PyTorch file: fetch or write it anew';
/** No name, number or other line of text in a pickle is longer. */
const MAX_LINE = 4096;

/** Reads a pickle byte by byte and never past its end. */
export class PickleBytes {
  readonly where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number, where: string) {
    this.where = where;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** Place of the next byte. */
  get at(): number {
    return this.#at;
  }

  fail(rule: string, received: string): never {
    throw formatError(this.where, rule, `${received}, byte ${this.#at}`, DAMAGED);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A length: 8 bytes, checked by whoever takes so many bytes. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** Floating-point numbers in pickles are big-endian. */
  f64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.take(length));
  }

  latin1(length: number): string {
    let text = '';
    for (const byte of this.take(length)) text += String.fromCharCode(byte);
    return text;
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + MAX_LINE).indexOf(10);
    if (end < 0) this.fail(`a line must end within ${MAX_LINE} bytes`, 'none that does');
    const text = this.latin1(end);
    this.#at++;
    return text;
  }

  /** A whole number of so many bytes, two's complement. */
  integer(length: number): number | bigint {
    if (length > 1024) this.fail('a whole number has at most 1024 bytes', `${length}`);
    const bytes = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    return plain(BigInt.asIntN(8 * length, value));
  }

  #advance(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start)
      this.fail('the file must not end within a value', `${length} bytes wanted`);
    this.#at += length;
    return start;
  }
}

/** As a number where that is exact. */
export function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
