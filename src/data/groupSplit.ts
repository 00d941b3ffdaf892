import { RandomStream } from '../tensor/random.js';

/** The examples of one group. */
interface Group {
  readonly members: readonly number[];
  /** How many of them are of each class: pairs, of the classes that there are. */
  readonly classes: readonly (readonly [classIndex: number, count: number])[];
}

/** Drawings of which the best counts. */
const TRIES = 4;
/** Rounds in which every group may move to another part. */
const ROUNDS = 10;
/** Up to so many groups are exchanged in pairs too. */
const MOST_TO_SWAP = 300;

/**
 * Deals whole groups out to parts, at random by the seed, so that sizes and every class's shares come as near to `sizes` as
 * groups allow: the sum of squared deviations, each divided by what was expected, is made small by moves and exchanges.
 * The parts together hold all examples; each has one group at least where there are as many.
 *
 * @param labels class of each example; the same for all where classes do not matter.
 * @param groups number of the group of each example.
 */
export function dealGroups(
  labels: ArrayLike<number>,
  groups: ArrayLike<number>,
  sizes: readonly number[],
  seed: number,
): number[][] {
  const all = gather(labels, groups);
  let best: Deal | undefined;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const order = new RandomStream(seed, 'split of groups', attempt).shuffle(Uint32Array.from(all, (_, i) => i));
    const deal = new Deal(all, sizes);
    for (const group of order) deal.put(group, deal.bestPart(group));
    deal.improve(order);
    if (best === undefined || deal.cost < best.cost - 1e-9) best = deal;
  }
  return (best as Deal).parts();
}

function gather(labels: ArrayLike<number>, groups: ArrayLike<number>): Group[] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const list = members.get(groups[i] as number);
    if (list === undefined) members.set(groups[i] as number, [i]);
    else list.push(i);
  }
  return [...members.values()].map((list) => {
    const classes = new Map<number, number>();
    for (const i of list) classes.set(labels[i] as number, (classes.get(labels[i] as number) ?? 0) + 1);
    return { members: list, classes: [...classes] };
  });
}

/** Groups dealt out to parts, and how far that is from what is wanted. */
class Deal {
  readonly #groups: readonly Group[];
  readonly #shares: readonly number[];
  readonly #size: number;
  readonly #totals = new Map<number, number>();
  /** For each part, how many of each class it has. */
  readonly #counts: readonly Map<number, number>[];
  readonly #sizes: number[];
  readonly #numbers: number[];
  readonly #partOf: Int32Array;

  constructor(groups: readonly Group[], sizes: readonly number[]) {
    this.#groups = groups;
    this.#size = sizes.reduce((sum, size) => sum + size, 0);
    this.#shares = sizes.map((size) => size / this.#size);
    this.#counts = sizes.map(() => new Map());
    this.#sizes = sizes.map(() => 0);
    this.#numbers = sizes.map(() => 0);
    this.#partOf = new Int32Array(groups.length).fill(-1);
    for (const { classes } of groups) {
      for (const [c, count] of classes) this.#totals.set(c, (this.#totals.get(c) ?? 0) + count);
    }
  }

  get cost(): number {
    let cost = 0;
    for (const [part, share] of this.#shares.entries()) {
      cost += deviation(this.#sizes[part] as number, this.#size * share);
      for (const [c, total] of this.#totals) cost += deviation(this.#counts[part]?.get(c) ?? 0, total * share);
    }
    return cost;
  }

  put(group: number, part: number): void {
    this.#change(group, part, 1);
    this.#partOf[group] = part;
  }

  bestPart(group: number): number {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let part = 0; part < this.#shares.length; part++) {
      const change = this.#costOf(group, part, 1);
      if (change < least) [best, least] = [part, change];
    }
    return best;
  }

  /** Moves and exchanges groups, in the given order, until nothing gets better. */
  improve(order: Uint32Array): void {
    for (let round = 0; round < ROUNDS; round++) {
      let changed = false;
      for (const group of order) changed = this.#moveIfBetter(group) || changed;
      if (order.length <= MOST_TO_SWAP) {
        for (const a of order) for (const b of order) if (a < b) changed = this.#swapIfBetter(a, b) || changed;
      }
      if (!changed) break;
    }
    this.#fillEmpty();
  }

  parts(): number[][] {
    const parts: number[][] = this.#shares.map(() => []);
    for (const [group, { members }] of this.#groups.entries()) {
      (parts[this.#partOf[group] as number] as number[]).push(...members);
    }
    return parts;
  }

  #moveIfBetter(group: number): boolean {
    const from = this.#partOf[group] as number;
    if ((this.#numbers[from] as number) < 2) return false;
    const away = this.#costOf(group, from, -1);
    this.#change(group, from, -1);
    const to = this.bestPart(group);
    const better = away + this.#costOf(group, to, 1) < -1e-9;
    this.put(group, better ? to : from);
    return better;
  }

  #swapIfBetter(a: number, b: number): boolean {
    const [from, to] = [this.#partOf[a] as number, this.#partOf[b] as number];
    if (from === to) return false;
    let change = this.#costOf(a, from, -1);
    this.#change(a, from, -1);
    change += this.#costOf(b, to, -1);
    this.#change(b, to, -1);
    change += this.#costOf(a, to, 1);
    this.put(a, to);
    change += this.#costOf(b, from, 1);
    this.put(b, from);
    if (change < -1e-9) return true;
    for (const [group, part] of [
      [a, to],
      [b, from],
    ] as const)
      this.#change(group, part, -1);
    this.put(a, from);
    this.put(b, to);
    return false;
  }

  /** A part that got nothing takes the group that is missed least. */
  #fillEmpty(): void {
    for (const [part, number] of this.#numbers.entries()) {
      if (number > 0) continue;
      let [best, least] = [-1, Number.POSITIVE_INFINITY];
      for (let group = 0; group < this.#groups.length; group++) {
        const from = this.#partOf[group] as number;
        if ((this.#numbers[from] as number) < 2) continue;
        const change = this.#costOf(group, from, -1) + this.#costOf(group, part, 1);
        if (change < least) [best, least] = [group, change];
      }
      if (best < 0) return;
      this.#change(best, this.#partOf[best] as number, -1);
      this.put(best, part);
    }
  }

  #change(group: number, part: number, sign: 1 | -1): void {
    const { members, classes } = this.#groups[group] as Group;
    const counts = this.#counts[part] as Map<number, number>;
    for (const [c, count] of classes) counts.set(c, (counts.get(c) ?? 0) + sign * count);
    this.#sizes[part] = (this.#sizes[part] as number) + sign * members.length;
    this.#numbers[part] = (this.#numbers[part] as number) + sign;
  }

  /** What the cost grows by when a group comes into a part, or leaves it. */
  #costOf(group: number, part: number, sign: 1 | -1): number {
    const { members, classes } = this.#groups[group] as Group;
    const share = this.#shares[part] as number;
    const size = this.#sizes[part] as number;
    const expected = this.#size * share;
    let change = deviation(size + sign * members.length, expected) - deviation(size, expected);
    for (const [c, count] of classes) {
      const there = this.#counts[part]?.get(c) ?? 0;
      const wanted = (this.#totals.get(c) as number) * share;
      change += deviation(there + sign * count, wanted) - deviation(there, wanted);
    }
    return change;
  }
}

function deviation(count: number, expected: number): number {
  return (count - expected) ** 2 / expected;
}
