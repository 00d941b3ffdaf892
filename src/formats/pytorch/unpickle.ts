import { formatError, quoteUntrusted } from '../formatError.js';
import { PickleBytes, plain } from './pickleBytes.js';
import { GlobalName, PickleObject, PickleTuple, type PickleValue } from './pickleValues.js';

/** What stands for the calls that a pickle asks for. Nothing else is ever called. */
export interface PickleRules {
  /** What a call of a function or class gives. @throws FoveaError where it is none of those that are known. */
  call(callee: GlobalName, args: readonly PickleValue[]): PickleValue;
  /** An object of a class, made without a call. @throws FoveaError where the class is none of those that are known. */
  create(type: GlobalName, args: readonly PickleValue[]): PickleValue;
  /** What a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** About how many bytes the values of a file's pickles may take: a small file cannot fill the memory. */
const MAX_MEMORY = 24 * 2 ** 20;
const COSTS = { value: 16, list: 80, tuple: 100, dict: 250, memo: 60, entry: 60, object: 120, text: 40 } as const;

/** Bytes that the values of pickles may still take. */
export interface PickleBudget {
  left: number;
}

/** For all pickles of one file together. */
export function pickleBudget(): PickleBudget {
  return { left: MAX_MEMORY };
}

/**
 * Reads one pickle (protocols 0 to 5) from a place on: a stack machine that makes numbers, texts, lists and dicts and can
 * execute nothing. Calls go to `rules`, which know a few by name.
 *
 * @param budget to be shared where a file has several pickles.
 * @returns the value and the place after the pickle.
 * @throws FoveaError `format`.
 */
export function unpickle(
  bytes: Uint8Array,
  at: number,
  where: string,
  rules: PickleRules,
  budget: PickleBudget = pickleBudget(),
): { value: PickleValue; end: number } {
  const machine = new Machine(new PickleBytes(bytes, at, where), rules, budget);
  const value = machine.run();
  return { value, end: machine.end };
}

class Machine {
  readonly #in: PickleBytes;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marks: number[] = [];
  readonly #budget: PickleBudget;
  #stack: PickleValue[] = [];

  constructor(bytes: PickleBytes, rules: PickleRules, budget: PickleBudget) {
    this.#budget = budget;
    this.#in = bytes;
    this.#rules = rules;
  }

  get end(): number {
    return this.#in.at;
  }

  run(): PickleValue {
    for (;;) {
      this.#spend(COSTS.value);
      const code = this.#in.u8();
      if (code === 0x2e) return this.#pop(); // STOP
      if (!this.#literal(code) && !this.#container(code) && !this.#machinery(code)) {
        this.#in.fail('a pickle consists of known instructions', `0x${code.toString(16)}`);
      }
    }
  }

  /** Instructions that push a value that they hold. */
  #literal(code: number): boolean {
    const read = this.#in;
    switch (code) {
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(read.u8());
      case 0x4d: // BININT2
        return this.#push(read.u16());
      case 0x4a: // BININT
        return this.#push(read.i32());
      case 0x8a: // LONG1
        return this.#push(read.integer(read.u8()));
      case 0x8b: // LONG4
        return this.#push(read.integer(read.u32()));
      case 0x49: // INT, also how protocol 0 writes truth values
      case 0x4c: // LONG
        return this.#push(this.#decimal(read.line()));
      case 0x47: // BINFLOAT
        return this.#push(read.f64());
      case 0x46: // FLOAT
        return this.#push(Number(read.line().trim()));
      case 0x58: // BINUNICODE
        return this.#text(read.u32(), true);
      case 0x8c: // SHORT_BINUNICODE
        return this.#text(read.u8(), true);
      case 0x8d: // BINUNICODE8
        return this.#text(read.u64(), true);
      case 0x55: // SHORT_BINSTRING
        return this.#text(read.u8(), false);
      case 0x54: // BINSTRING
        return this.#text(read.u32(), false);
      case 0x56: // UNICODE
        return this.#push(unescaped(read.line()));
      case 0x53: // STRING
        return this.#push(this.#quoted(read.line()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(read.take(read.u8()), COSTS.tuple);
      case 0x42: // BINBYTES
        return this.#push(read.take(read.u32()), COSTS.tuple);
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(read.take(read.u64()), COSTS.tuple);
      default:
        return false;
    }
  }

  /** Instructions that make and fill lists, tuples, dicts and sets. */
  #container(code: number): boolean {
    switch (code) {
      case 0x5d: // EMPTY_LIST
        return this.#push([], COSTS.list);
      case 0x6c: // LIST
        return this.#push(this.#popToMark(), COSTS.list);
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#popToMark());
      case 0x29: // EMPTY_TUPLE
        return this.#push(new PickleTuple([]), COSTS.tuple);
      case 0x74: // TUPLE
        return this.#push(new PickleTuple(this.#popToMark()), COSTS.tuple);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(new PickleTuple(this.#popMany(code - 0x84)), COSTS.tuple);
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map(), COSTS.dict);
      case 0x64: // DICT
        return this.#setItems(this.#popToMark(), new Map());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x8f: // EMPTY_SET
        return this.#push(new Set(), COSTS.dict);
      case 0x90: // ADDITEMS
        return this.#addItems(this.#popToMark());
      case 0x91: // FROZENSET
        return this.#push(new Set(this.#popToMark()), COSTS.dict);
      default:
        return false;
    }
  }

  /** Instructions about the stack, the memo, and calls. */
  #machinery(code: number): boolean {
    const read = this.#in;
    switch (code) {
      case 0x80: // PROTO
        if (read.u8() > 5) read.fail('pickles of protocols 0 to 5 are read', 'a later one');
        return true;
      case 0x95: // FRAME, a hint about lengths
        read.u64();
        return true;
      case 0x28: // MARK
        this.#marks.push(this.#stack.length);
        return true;
      case 0x30: // POP
        if (this.#stack.length > (this.#marks.at(-1) ?? 0)) this.#pop();
        else this.#popToMark();
        return true;
      case 0x31: // POP_MARK
        this.#popToMark();
        return true;
      case 0x32: // DUP
        return this.#push(this.#top());
      case 0x70: // PUT
        return this.#remember(Number(read.line()));
      case 0x71: // BINPUT
        return this.#remember(read.u8());
      case 0x72: // LONG_BINPUT
        return this.#remember(read.u32());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x67: // GET
        return this.#recall(Number(read.line()));
      case 0x68: // BINGET
        return this.#recall(read.u8());
      case 0x6a: // LONG_BINGET
        return this.#recall(read.u32());
      case 0x63: // GLOBAL
        return this.#global(read.line(), read.line());
      case 0x93: // STACK_GLOBAL
        return this.#global(...(this.#popMany(2) as [PickleValue, PickleValue]));
      case 0x50: // PERSID
        return this.#push(this.#rules.persistent(read.line()), COSTS.object);
      case 0x51: // BINPERSID
        return this.#push(this.#rules.persistent(this.#pop()), COSTS.object);
      default:
        return this.#calls(code);
    }
  }

  #calls(code: number): boolean {
    switch (code) {
      case 0x52: {
        // REDUCE
        const [callee, args] = this.#popMany(2) as [PickleValue, PickleValue];
        return this.#push(this.#rules.call(this.#named(callee), this.#arguments(args)), COSTS.object);
      }
      case 0x69: {
        // INST
        const type = new GlobalName(this.#in.line(), this.#in.line());
        return this.#push(this.#rules.create(type, this.#popToMark()), COSTS.object);
      }
      case 0x6f: {
        // OBJ
        const [type, ...args] = this.#popToMark();
        return this.#push(this.#rules.create(this.#named(type ?? null), args), COSTS.object);
      }
      case 0x81: {
        // NEWOBJ
        const [type, args] = this.#popMany(2) as [PickleValue, PickleValue];
        return this.#push(this.#rules.create(this.#named(type), this.#arguments(args)), COSTS.object);
      }
      case 0x92: {
        // NEWOBJ_EX
        const [type, args] = this.#popMany(3) as [PickleValue, PickleValue, PickleValue];
        return this.#push(this.#rules.create(this.#named(type), this.#arguments(args)), COSTS.object);
      }
      case 0x62: {
        // BUILD
        const state = this.#pop();
        const object = this.#top();
        if (object instanceof PickleObject) object.state = state;
        return true; // attributes of dicts and tensors, such as _metadata, are not needed
      }
      default:
        return false;
    }
  }

  #spend(cost: number): void {
    this.#budget.left -= cost;
    if (this.#budget.left >= 0) return;
    const rule = `the description of the tensors must need at most ${MAX_MEMORY / 2 ** 20} MiB`;
    throw formatError(this.#in.where, rule, 'more', 'Save only the state dict, or save it as safetensors');
  }

  #push(value: PickleValue, cost = 0): true {
    this.#spend(cost);
    this.#stack.push(value);
    return true;
  }

  #text(length: number, utf8: boolean): true {
    this.#spend(COSTS.text + 2 * length);
    return this.#push(utf8 ? this.#in.utf8(length) : this.#in.latin1(length));
  }

  #top(): PickleValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.at(-1) : undefined;
    return value === undefined ? this.#in.fail('an instruction needs a value on the stack', 'an empty stack') : value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) {
      this.#in.fail(`an instruction needs ${count} values on the stack`, 'fewer');
    }
    this.#spend(8 * count);
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) return this.#in.fail('an instruction needs a mark on the stack', 'none');
    this.#spend(8 * (this.#stack.length - mark));
    return this.#stack.splice(mark);
  }

  #append(values: readonly PickleValue[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) this.#in.fail('values are appended to a list', 'something else');
    for (const value of values) list.push(value);
    return true;
  }

  #addItems(values: readonly PickleValue[]): true {
    const set = this.#top();
    if (!(set instanceof Set)) this.#in.fail('values are added to a set', 'something else');
    this.#spend(COSTS.entry * values.length);
    for (const value of values) set.add(value);
    return true;
  }

  #setItems(values: readonly PickleValue[], made?: Map<PickleValue, PickleValue>): true {
    if (made !== undefined) this.#push(made, COSTS.dict);
    const dict = this.#top();
    if (!(dict instanceof Map) || values.length % 2 !== 0) {
      this.#in.fail('pairs of a key and a value are put into a dict', 'something else');
    }
    this.#spend(COSTS.entry * values.length);
    for (let i = 0; i < values.length; i += 2) dict.set(values[i] as PickleValue, values[i + 1] as PickleValue);
    return true;
  }

  #remember(key: number): true {
    this.#spend(COSTS.memo);
    this.#memo.set(key, this.#top());
    return true;
  }

  #recall(key: number): true {
    const value = this.#memo.get(key);
    if (value === undefined) this.#in.fail('an instruction refers to an earlier value', `number ${key}, which is none`);
    return this.#push(value);
  }

  #global(module: PickleValue, name: PickleValue): true {
    if (typeof module !== 'string' || typeof name !== 'string') {
      return this.#in.fail('functions and classes are named by texts', 'something else');
    }
    return this.#push(new GlobalName(module, name), COSTS.object);
  }

  #named(value: PickleValue): GlobalName {
    if (value instanceof GlobalName) return value;
    return this.#in.fail('only a function or class that the file names can be called', 'something else');
  }

  #arguments(value: PickleValue): readonly PickleValue[] {
    return value instanceof PickleTuple ? value.items : this.#in.fail('arguments are a tuple', 'something else');
  }

  #decimal(line: string): PickleValue {
    if (line === '00') return false;
    if (line === '01') return true;
    const digits = line.replace(/L$/, '');
    if (digits.length > 100 || !/^[+-]?\d+$/.test(digits)) {
      this.#in.fail('a whole number has at most 100 digits', quoteUntrusted(line));
    }
    return plain(BigInt(digits.replace('+', '')));
  }

  #quoted(line: string): string {
    const quote = line[0];
    if (line.length < 2 || (quote !== "'" && quote !== '"') || line.at(-1) !== quote) {
      this.#in.fail('a text stands in quotes', quoteUntrusted(line));
    }
    return unescaped(line.slice(1, -1));
  }
}

/** Python's escapes, as far as protocol 0 writes them. */
function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.replace(
    /\\(?:u([\da-f]{4})|x([\da-f]{2})|([\\'"ntr]))/gi,
    (_, unicode?: string, byte?: string, one?: string) => {
      if (one !== undefined) return names[one] ?? one;
      return String.fromCharCode(Number.parseInt(unicode ?? byte ?? '', 16));
    },
  );
}
