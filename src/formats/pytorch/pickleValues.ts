/** A function or class that a pickle names: only its name, whatever it may stand for. */
export class GlobalName {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** An object of a class: the class's name, what it was made with, and its state. It does nothing. */
export class PickleObject {
  readonly type: GlobalName;
  readonly args: readonly PickleValue[];
  state: PickleValue = null;

  constructor(type: GlobalName, args: readonly PickleValue[]) {
    this.type = type;
    this.args = args;
  }
}

/** A file's numbers, which tensors are parts of. */
export class StorageReference {
  /** Names the numbers within the file. */
  readonly key: string;
  /** As safetensors calls the kind of number; undefined for bare bytes, whose kind the tensor says. */
  readonly dtype: string | undefined;
  /** Place of the first number within the stored ones. */
  readonly start: number;
  /** How many numbers; of bare bytes, how many bytes. */
  readonly length: number;

  constructor(key: string, dtype: string | undefined, start: number, length: number) {
    this.key = key;
    this.dtype = dtype;
    this.start = start;
    this.length = length;
  }
}

/** A tensor before its numbers are read. */
export class TensorReference {
  readonly storage: StorageReference;
  readonly dtype: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: StorageReference, dtype: string, offset: number, shape: number[], strides: number[]) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** What a pickle can hold here; a list is an array, a dict a map. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleTuple
  | GlobalName
  | PickleObject
  | StorageReference
  | TensorReference;
