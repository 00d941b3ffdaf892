import { FoveaError } from './errors.js';
import { checkShape, formatShape, type Shape, sizeOf } from './shape.js';

/** Where the numbers of a variable are kept: on the host at first, in an engine's memory once a plan uses it. */
export interface VariableStorage {
  /** The engine that owns the memory, or 'host'. */
  readonly owner: object | 'host';
  read(): Promise<Float32Array>;
  write(data: Float32Array): Promise<void>;
  /** The numbers themselves, not a copy, for whoever takes the variable over; this storage is not used again. */
  take?(): Promise<Float32Array>;
}

/** First values of a variable: an array, or what makes it when it is first needed. */
export type InitialValues = Float32Array | (() => Float32Array | Promise<Float32Array>);

/** Numbers that outlive a run: a weight, a running mean, an optimiser's moment. float32. */
export class Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  /** Managed by engines; use {@link read} and {@link write}. */
  storage: VariableStorage;

  constructor(name: string, shape: Shape, initial?: InitialValues) {
    checkShape(`variable "${name}"`, shape);
    this.name = name;
    this.shape = [...shape];
    this.size = sizeOf(shape);
    this.storage = new HostStorage(this.size, initial);
  }

  /** Takes the numbers back from an engine that ends. */
  async moveToHost(): Promise<void> {
    if (this.storage.owner === 'host') return;
    const data = await this.storage.read();
    this.storage = new HostStorage(this.size, data);
  }

  /** A copy of the present values. */
  read(): Promise<Float32Array> {
    return this.storage.read();
  }

  /** Replaces all values; the next run uses them. */
  async write(data: Float32Array): Promise<void> {
    if (data.length !== this.size) {
      throw new FoveaError('shape', {
        where: `variable "${this.name}"`,
        rule: `the shape ${formatShape(this.shape)} needs ${this.size} values`,
        received: `${data.length} values`,
        data: { name: this.name, shape: this.shape, length: data.length },
      });
    }
    await this.storage.write(data);
  }
}

/** Keeps values in a plain array, made on first use so that a summary of a large network costs no memory. */
class HostStorage implements VariableStorage {
  readonly owner = 'host';
  readonly #size: number;
  #data: InitialValues | undefined;
  #making: Promise<Float32Array> | undefined;

  constructor(size: number, initial: InitialValues | undefined) {
    this.#size = size;
    this.#data = initial;
  }

  async read(): Promise<Float32Array> {
    return (await this.take()).slice();
  }

  async take(): Promise<Float32Array> {
    const initial = this.#data;
    if (typeof initial === 'function') {
      this.#making ??= Promise.resolve(initial());
      const made = await this.#making;
      // Something else may have been written while the values were made.
      if (this.#data === initial) this.#data = made;
    }
    const data = this.#data as Float32Array | undefined;
    return data ?? new Float32Array(this.#size);
  }

  async write(data: Float32Array): Promise<void> {
    this.#data = data.slice();
  }
}
