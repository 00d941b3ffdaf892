/** Where one photo excites a unit most. */
export interface HeapEntry {
  readonly photo: number;
  readonly value: number;
  /** Number of the place in the layer's plane, y · w + x. */
  readonly place: number;
}

/** The `size` strongest photos of each unit of a layer, and the weakest; photos of one group count as one. */
export class UnitHeaps {
  readonly #size: number;
  readonly #values: Float32Array;
  readonly #photos: Int32Array;
  readonly #groups: Float64Array;
  readonly #places: Int32Array;
  readonly #filled: Int32Array;
  readonly #weakest: { readonly values: Float32Array; readonly photos: Int32Array; readonly places: Int32Array };

  constructor(units: number, size: number) {
    this.#size = size;
    this.#values = new Float32Array(units * size);
    this.#photos = new Int32Array(units * size);
    this.#groups = new Float64Array(units * size);
    this.#places = new Int32Array(units * size);
    this.#filled = new Int32Array(units);
    const photos = new Int32Array(units).fill(-1);
    this.#weakest = { values: new Float32Array(units), photos, places: new Int32Array(units) };
  }

  /**
   * One photo: its maximum and the place of it, for each unit.
   *
   * @param ranks order of the photos where their values are equal: the lower rank comes first.
   */
  offer(photo: number, group: number, values: Float32Array, places: Int32Array, ranks: Int32Array): void {
    const [size, weakest, rank] = [this.#size, this.#weakest, ranks[photo] as number];
    for (let unit = 0; unit < values.length; unit++) {
      const value = values[unit] as number;
      const low = weakest.values[unit] as number;
      const known = weakest.photos[unit] as number;
      if (known < 0 || value < low || (value === low && rank < (ranks[known] as number))) {
        weakest.values[unit] = value;
        weakest.photos[unit] = photo;
        weakest.places[unit] = places[unit] as number;
      }
      // Most photos are not among the strongest: one comparison tells.
      const last = unit * size + size - 1;
      if (this.#filled[unit] === size && value < (this.#values[last] as number)) continue;
      this.#offerTop(unit, photo, group, value, places[unit] as number, ranks);
    }
  }

  /** The strongest first. */
  top(unit: number): HeapEntry[] {
    return Array.from({ length: this.#filled[unit] as number }, (_, i) => {
      const at = unit * this.#size + i;
      return {
        photo: this.#photos[at] as number,
        value: this.#values[at] as number,
        place: this.#places[at] as number,
      };
    });
  }

  weakest(unit: number): HeapEntry | undefined {
    const { values, photos, places } = this.#weakest;
    const photo = photos[unit] as number;
    return photo < 0 ? undefined : { photo, value: values[unit] as number, place: places[unit] as number };
  }

  #offerTop(unit: number, photo: number, group: number, value: number, place: number, ranks: Int32Array): void {
    const from = unit * this.#size;
    const filled = this.#filled[unit] as number;
    const stronger = (at: number): boolean => {
      const other = this.#values[at] as number;
      return (
        value > other || (value === other && (ranks[photo] as number) < (ranks[this.#photos[at] as number] as number))
      );
    };
    if (filled === this.#size && !stronger(from + filled - 1)) return;
    // A photo of the same group leaves its place to the stronger one; without one the weakest leaves, or a place is added.
    let end = filled;
    for (let i = 0; i < filled; i++) {
      if (this.#groups[from + i] !== group) continue;
      if (!stronger(from + i)) return;
      end = i;
      break;
    }
    if (end === filled) {
      if (filled === this.#size) end = filled - 1;
      else this.#filled[unit] = filled + 1;
    }
    let at = from + end;
    for (; at > from && stronger(at - 1); at--) {
      this.#values[at] = this.#values[at - 1] as number;
      this.#photos[at] = this.#photos[at - 1] as number;
      this.#groups[at] = this.#groups[at - 1] as number;
      this.#places[at] = this.#places[at - 1] as number;
    }
    this.#values[at] = value;
    this.#photos[at] = photo;
    this.#groups[at] = group;
    this.#places[at] = place;
  }
}
