import { type Hdf5Bytes, hdf5Damaged } from './hdf5Bytes.js';

/** Texts of any length, which HDF5 keeps apart from what they belong to, in heaps that are read once each. */
export class GlobalHeaps {
  readonly #file: Hdf5Bytes;
  readonly #heaps = new Map<number, Map<number, readonly [at: number, length: number]>>();

  constructor(file: Hdf5Bytes) {
    this.#file = file;
  }

  /** The text that a 16-byte reference (length, heap, number) points to. */
  text(at: number): string {
    const length = this.#file.u32(at);
    const address = this.#file.address(at + 4);
    if (length === 0 || address === undefined || address === 0) return '';
    const number = this.#file.u32(at + 12);
    const [start, most] = this.#heap(address).get(number) ?? [0, -1];
    if (length > most) {
      const received = most < 0 ? 'none of that number' : `${most} of ${length} bytes`;
      throw hdf5Damaged(this.#file.where, `the heap at byte ${address} must hold text number ${number}`, received);
    }
    this.#file.spend(length);
    return this.#file.text(start, length);
  }

  #heap(address: number): Map<number, readonly [number, number]> {
    const known = this.#heaps.get(address);
    if (known !== undefined) return known;
    const file = this.#file;
    file.once(address);
    file.signature(address, 'GCOL');
    const size = file.u64(address + 8);
    file.check(address, size);
    const entries = new Map<number, readonly [number, number]>();
    let at = address + 16;
    while (address + size - at >= 16) {
      file.step();
      const number = file.u16(at);
      const length = file.u64(at + 8);
      if (number === 0) break; // the rest is free
      file.check(at + 16, length);
      entries.set(number, [at + 16, length]);
      at += 16 + 8 * Math.ceil(length / 8);
    }
    this.#heaps.set(address, entries);
    return entries;
  }
}
