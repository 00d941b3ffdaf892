import { align } from '../../compile/arena.js';

interface Block {
  at: number;
  bytes: number;
}

/** Hands out stretches of a linear memory: first fit, neighbours merged when they come back. */
export class Allocator {
  /** Free blocks by address. */
  readonly #free: Block[] = [];
  readonly #sizes = new Map<number, number>();
  #end: number;

  /** @param start first address that may be handed out. */
  constructor(start: number) {
    this.#end = align(start);
  }

  /** Address behind everything handed out so far: what the memory must reach to. */
  get end(): number {
    return this.#end;
  }

  /** Bytes in use. */
  get used(): number {
    let sum = 0;
    for (const bytes of this.#sizes.values()) sum += bytes;
    return sum;
  }

  allocate(bytes: number): number {
    const size = align(Math.max(bytes, 1));
    const index = this.#free.findIndex((block) => block.bytes >= size);
    let at: number;
    if (index === -1) {
      at = this.#end;
      this.#end += size;
    } else {
      const block = this.#free[index] as Block;
      at = block.at;
      block.at += size;
      block.bytes -= size;
      if (block.bytes === 0) this.#free.splice(index, 1);
    }
    this.#sizes.set(at, size);
    return at;
  }

  release(at: number): void {
    const bytes = this.#sizes.get(at);
    if (bytes === undefined) return;
    this.#sizes.delete(at);
    let index = this.#free.findIndex((block) => block.at > at);
    if (index === -1) index = this.#free.length;
    this.#free.splice(index, 0, { at, bytes });
    const merge = (i: number): void => {
      const [left, right] = [this.#free[i], this.#free[i + 1]];
      if (left === undefined || right === undefined || left.at + left.bytes !== right.at) return;
      left.bytes += right.bytes;
      this.#free.splice(i + 1, 1);
    };
    merge(index);
    merge(index - 1);
    const last = this.#free.at(-1);
    if (last !== undefined && last.at + last.bytes === this.#end) {
      this.#end = last.at;
      this.#free.pop();
    }
  }
}
