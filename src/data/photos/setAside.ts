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
 * Deals photos out to train on and to validate: each class in its share, as far as there is room for each, and as whole groups
 * allow. No class is in validation alone: of what cannot be parted, one photo or one group, is learned. So there may be nothing to
 * validate. Indices, ascending.
 *
 * @throws FoveaError `data` where all photos are of one group.
 */
export function setAside({ labels, groups, sets = [], share, seed }: SetAside): [Uint32Array, Uint32Array] {
  const size = labels.length;
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
  const whole = count < size && (groups !== undefined || count >= 2);
  const all = Uint32Array.from(labels, (_, i) => i);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const dealt = whole ? all : all.filter((i) => (counts.get(labels[i] as number) as number) > 1);
  const held = Math.min(dealt.length - 1, Math.max(1, Math.round(dealt.length * share)));
  if (held < 1) return [all, new Uint32Array(0)];
  const some = { size: dealt.length, labels: Int32Array.from(dealt, (i) => labels[i] as number) };
  const sizes = [some.size - held, held];
  const stratified = whole || new Set(some.labels).size <= Math.min(...sizes);
  const parts = splitIndices(some, { sizes, seed, stratified, ...(whole ? { groups: together } : {}) });
  const valid = (parts[1] as Uint32Array).map((i) => dealt[i] as number);
  const rest = withEachClassLearned(labels, whole ? together : all, valid);
  return [all.filter((i) => !rest.has(i)), all.filter((i) => rest.has(i))];
}

/** What stays of `valid`, where of each class that is in it alone the smallest unit goes back. */
function withEachClassLearned(labels: Int32Array, unitOf: ArrayLike<number>, valid: Uint32Array): Set<number> {
  const held = new Set(valid);
  const learned = new Set(labels.filter((_, i) => !held.has(i)));
  const units = new Map<number, number[]>();
  for (const i of valid) {
    const unit = units.get(unitOf[i] as number);
    if (unit === undefined) units.set(unitOf[i] as number, [i]);
    else unit.push(i);
  }
  for (const unit of [...units.values()].sort((a, b) => a.length - b.length)) {
    if (unit.every((i) => learned.has(labels[i] as number))) continue;
    for (const i of unit) {
      held.delete(i);
      learned.add(labels[i] as number);
    }
  }
  return held;
}
