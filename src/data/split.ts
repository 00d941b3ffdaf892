import { FoveaError } from '../tensor/errors.js';
import { RandomStream } from '../tensor/random.js';
import type { Dataset } from './dataset.js';
import { dealGroups } from './groupSplit.js';
import { subset } from './subset.js';

export interface SplitOptions {
  /** Number of examples of each part; together at most all of them. Give these or `fractions`. */
  readonly sizes?: readonly number[];
  /** Share of each part, 0..1; together at most 1. Rounded by the largest remainder, so that no example is lost. */
  readonly fractions?: readonly number[];
  readonly seed: number;
  /** Every part gets each class in its share of the whole, and at least one example of it. Needs labels. @default false */
  readonly stratified?: boolean;
  /**
   * Name or number of each example's group: a person, a place, a day. No group comes into two parts, so sizes are met as well
   * as whole groups allow; with `stratified` the shares of the classes too.
   */
  readonly groups?: readonly (string | number)[];
}

const WHERE = 'split';

/**
 * Parts of a data set that share no example, drawn at random: the same seed gives the same parts. Each part keeps the
 * order of the whole.
 */
export function split(dataset: Dataset, options: SplitOptions): Dataset[] {
  return splitIndices(dataset, options).map((indices) => subset(dataset, indices));
}

/** What a split is drawn from. */
export type Splittable = Pick<Dataset, 'size' | 'labels' | 'classNames'>;

/** The indices of the examples of each part, ascending: see {@link split}. */
export function splitIndices(dataset: Splittable, options: SplitOptions): Uint32Array[] {
  const sizes = partSizes(dataset.size, options);
  const { groups } = options;
  if (groups !== undefined) return drawGroups(dataset, groups, sizes, options);
  const parts = options.stratified ? drawStratified(dataset, sizes, options.seed) : draw(dataset, sizes, options.seed);
  return parts.map((indices) => indices.sort());
}

function draw(dataset: Splittable, sizes: readonly number[], seed: number): Uint32Array[] {
  const order = new RandomStream(seed, 'split').shuffle(Uint32Array.from({ length: dataset.size }, (_, i) => i));
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return order.slice(start - size, start);
  });
}

function drawGroups(
  dataset: Splittable,
  names: readonly (string | number)[],
  sizes: readonly number[],
  { seed, stratified }: SplitOptions,
): Uint32Array[] {
  const { size } = dataset;
  if (names.length !== size) {
    const rule = `there must be a group for each of the ${size} examples`;
    throw new FoveaError('option', { where: WHERE, rule, received: `${names.length} groups` });
  }
  const numbers = new Map<string | number, number>();
  const groups = Int32Array.from(names, (name) => {
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
  const left = size - sizes.reduce((sum, n) => sum + n, 0);
  const wanted = left > 0 ? [...sizes, left] : sizes;
  if (numbers.size < sizes.length) {
    throw new FoveaError('data', {
      where: WHERE,
      rule: `there must be a group for each of the ${sizes.length} parts`,
      received: `${numbers.size} in all`,
      remedy: 'Name smaller groups or ask for fewer parts',
      data: { groups: numbers.size, parts: sizes.length },
    });
  }
  const labels = stratified ? labelsOf(dataset) : new Int32Array(size);
  const parts = dealGroups(labels, groups, wanted, seed);
  return parts.slice(0, sizes.length).map((part) => Uint32Array.from(part).sort());
}

function labelsOf({ labels }: Splittable): Int32Array {
  if (labels !== undefined) return labels;
  throw new FoveaError('option', {
    where: WHERE,
    rule: 'a stratified split needs a class for every example',
    received: 'a data set without labels',
    remedy: 'Leave "stratified" out',
  });
}

function drawStratified(dataset: Splittable, sizes: readonly number[], seed: number): Uint32Array[] {
  const members = new Map<number, number[]>();
  for (const [index, label] of labelsOf(dataset).entries()) {
    const list = members.get(label);
    if (list === undefined) members.set(label, [index]);
    else list.push(index);
  }
  const classes = [...members].sort(([a], [b]) => a - b);
  for (const [label, list] of classes) {
    if (list.length < sizes.length) {
      throw new FoveaError('data', {
        where: WHERE,
        rule: `every class needs an example for each of the ${sizes.length} parts`,
        received: `${list.length} of class ${dataset.classNames?.[label] ?? label}`,
        remedy: 'Add examples of it, ask for fewer parts or leave "stratified" out',
        data: { label, count: list.length },
      });
    }
    new RandomStream(seed, 'stratified split', label).shuffle(list);
  }
  const smallest = Math.min(...sizes);
  if (smallest < classes.length) {
    throw new FoveaError('data', {
      where: WHERE,
      rule: `a stratified part must have room for each of the ${classes.length} classes`,
      received: `a part of ${smallest}`,
      remedy: 'Make it larger or leave "stratified" out',
      data: { size: smallest, classes: classes.length },
    });
  }
  const left = classes.map(([, list]) => list.length);
  return sizes.map((size, part) => {
    const counts = shareOut(size, left, sizes.length - 1 - part);
    const taken = counts.flatMap((count, c) => {
      const [, list] = classes[c] as [number, number[]];
      const start = list.length - (left[c] as number);
      left[c] = (left[c] as number) - count;
      return list.slice(start, start + count);
    });
    return Uint32Array.from(taken);
  });
}

/** How many of each class a part takes: proportional to what is left, at least 1, and at least 1 for each later part. */
function shareOut(size: number, left: readonly number[], laterParts: number): number[] {
  const total = left.reduce((sum, count) => sum + count, 0);
  const quotas = left.map((count) => (count * size) / total);
  const most = left.map((count) => count - laterParts);
  const counts = quotas.map((quota, c) => Math.min(Math.max(Math.floor(quota), 1), most[c] as number));
  let missing = size - counts.reduce((sum, count) => sum + count, 0);
  for (; missing !== 0; missing -= Math.sign(missing)) {
    const sign = Math.sign(missing);
    let chosen = -1;
    let largest = Number.NEGATIVE_INFINITY;
    for (const [c, count] of counts.entries()) {
      const room = sign > 0 ? count < (most[c] as number) : count > 1;
      const remainder = sign * ((quotas[c] as number) - count);
      if (room && remainder > largest) [chosen, largest] = [c, remainder];
    }
    counts[chosen] = (counts[chosen] as number) + sign;
  }
  return counts;
}

function partSizes(size: number, { sizes, fractions }: SplitOptions): number[] {
  if ((sizes === undefined) === (fractions === undefined)) {
    throw new FoveaError('option', {
      where: WHERE,
      rule: 'give either sizes or fractions',
      received: sizes === undefined ? 'neither' : 'both',
    });
  }
  const wanted = sizes ?? roundFractions(size, fractions as readonly number[]);
  const sum = wanted.reduce((total, n) => total + n, 0);
  if (wanted.length === 0 || sum > size || wanted.some((n) => !Number.isSafeInteger(n) || n < 1)) {
    throw new FoveaError('option', {
      where: WHERE,
      rule: `every part needs at least one example, and together they have at most the ${size} that there are`,
      received: `parts of ${wanted.join(', ') || 'nothing'}`,
      data: { sizes: wanted, size },
    });
  }
  return [...wanted];
}

/** Largest remainder: the parts together have as many examples as the fractions together say. */
function roundFractions(size: number, fractions: readonly number[]): number[] {
  const sum = fractions.reduce((total, f) => total + f, 0);
  if (sum > 1 + 1e-9 || fractions.some((f) => !(f > 0 && f <= 1))) {
    throw new FoveaError('option', {
      where: WHERE,
      rule: 'fractions must be greater than 0 and together at most 1',
      received: fractions.join(', '),
    });
  }
  const quotas = fractions.map((f) => f * size);
  const counts = quotas.map((quota) => Math.floor(quota + 1e-9));
  const byRemainder = quotas.map((quota, part) => ({ part, remainder: quota - (counts[part] as number) }));
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.part - b.part);
  const missing = Math.round(sum * size) - counts.reduce((total, n) => total + n, 0);
  for (const { part } of byRemainder.slice(0, Math.max(0, missing))) counts[part] = (counts[part] as number) + 1;
  return counts;
}
