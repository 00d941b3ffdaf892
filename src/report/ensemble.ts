import { FoveaError } from '../tensor/errors.js';
import type { Predictions } from './predictions.js';

/**
 * What several networks say together: the mean of their probabilities, as in the course's ensembles.
 *
 * @throws FoveaError `data` unless all are about the same examples of the same classes.
 */
export function ensemble(members: readonly Predictions[]): Predictions {
  const [first, ...others] = members;
  if (first === undefined) throw new FoveaError('data', { where: 'ensemble', rule: 'it needs at least one member' });
  const same = (a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean =>
    a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
  for (const [i, other] of others.entries()) {
    const what = !same(other.classNames, first.classNames)
      ? `classes ${other.classNames.slice(0, 5).join(', ')}, the first has ${first.classNames.slice(0, 5).join(', ')}`
      : !same(other.indices, first.indices) || !same(other.labels, first.labels)
        ? 'other examples than the first'
        : undefined;
    if (what === undefined) continue;
    const rule = 'all members must be about the same examples of the same classes';
    throw new FoveaError('data', { where: `member ${i + 2} of an ensemble`, rule, received: what });
  }
  const probabilities = Float32Array.from(first.probabilities, (_, i) => {
    let sum = 0;
    for (const member of members) sum += member.probabilities[i] as number;
    return sum / members.length;
  });
  return { ...first, probabilities };
}
