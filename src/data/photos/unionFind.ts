/** Sets of the numbers from 0 to n − 1 that are joined step by step. */
export class UnionFind {
  readonly #parents: Int32Array;

  constructor(size: number | Int32Array) {
    this.#parents = typeof size === 'number' ? Int32Array.from({ length: size }, (_, i) => i) : size;
  }

  copy(): UnionFind {
    return new UnionFind(this.#parents.slice());
  }

  /** The least number of the set that this one is in. */
  find(i: number): number {
    const parents = this.#parents;
    let at = i;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] as number] as number;
      at = parents[at] as number;
    }
    return at;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    this.#parents[Math.max(x, y)] = Math.min(x, y);
  }

  /** The sets of two and more, each ascending. */
  sets(): number[][] {
    const members = new Map<number, number[]>();
    for (let i = 0; i < this.#parents.length; i++) {
      const root = this.find(i);
      const list = members.get(root);
      if (list === undefined) members.set(root, [i]);
      else list.push(i);
    }
    return [...members.values()].filter(({ length }) => length > 1);
  }
}
