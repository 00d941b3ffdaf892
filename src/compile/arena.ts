/** A stretch of memory that is needed from one step to another, both included. */
export interface Interval {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Every buffer starts at a multiple of this many bytes: a cache line, and enough for any vector load. */
const ALIGNMENT = 64;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Places intervals so that those alive at the same time do not overlap: largest first, each at the lowest free offset
 * (greedy by size; Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
 *
 * @returns the offset in bytes of each interval, and the size of the whole arena.
 */
export function placeIntervals(intervals: readonly Interval[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(intervals.length).fill(0);
  const order = intervals.map((_, i) => i);
  order.sort((a, b) => (intervals[b] as Interval).bytes - (intervals[a] as Interval).bytes || a - b);
  const placed: { from: number; to: number; first: number; last: number }[] = []; // sorted by `from`
  let total = 0;
  for (const index of order) {
    const { bytes, first, last } = intervals[index] as Interval;
    const size = align(bytes);
    let offset = 0;
    for (const other of placed) {
      if (other.first > last || other.last < first) continue;
      if (other.from >= offset + size) break;
      offset = Math.max(offset, other.to);
    }
    offsets[index] = offset;
    total = Math.max(total, offset + size);
    const at = placed.findIndex((other) => other.from > offset);
    placed.splice(at === -1 ? placed.length : at, 0, { from: offset, to: offset + size, first, last });
  }
  return { offsets, bytes: total };
}
