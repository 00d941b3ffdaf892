import { splitIndices } from '../split.js';
import { UnionFind } from './unionFind.js';

/** What decides which photos are set aside. */
export interface SetAside {
  /** Class of each photo. */
  readonly labels: Int32Array;
  /** Photos of one group stay together. */
  readonly groups?: readonly string[];
  /** So do those of one set: indices of photos. */
  readonly sets?: readonly (readonly number[])[];
  /** 0..1 */
  readonly share: number;
  readonly seed: number;
}

/**
 * Deals photos out to train on and to validate: each class in its share, as far as every class has two photos and there is
 * room for each, and as whole groups allow. Indices, ascending.
 *
 * @throws FoveaError `data` where all photos are of one group.
 */
export function setAside({ labels, groups, sets = [], share, seed }: SetAside): [Uint32Array, Uint32Array] {
  const size = labels.length;
  const held = Math.min(size - 1, Math.max(1, Math.round(size * share)));
  if (held < 1) return [Uint32Array.from(labels, (_, i) => i), new Uint32Array(0)];
  const sizes = [size - held, held];
  const units = new UnionFind(size);
  const firstOf = new Map<string, number>();
  for (const [i, group] of (groups ?? []).entries()) {
    const first = firstOf.get(group);
    if (first === undefined) firstOf.set(group, i);
    else units.join(first, i);
  }
  for (const [first, ...others] of sets) for (const other of others) units.join(first as number, other);
  const together = Array.from(labels, (_, i) => units.find(i));
  const count = new Set(together).size;
  // Copies alone do not forbid a split: where all photos are copies of one, they are parted all the same.
  if (count < size && (groups !== undefined || count >= 2)) {
    const parts = splitIndices({ size, labels }, { sizes, seed, stratified: true, groups: together });
    return parts as [Uint32Array, Uint32Array];
  }
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const stratified = Math.min(...counts.values()) >= 2 && counts.size <= Math.min(held, size - held);
  return splitIndices({ size, labels }, { sizes, seed, stratified }) as [Uint32Array, Uint32Array];
}
