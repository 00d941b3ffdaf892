import { median, round } from './stats.mjs';

/** Seconds of a warm-up after which a side is not asked again: the warm-up is its measurement. */
const TOO_LONG = 20;
const total = (block) => block.reduce((sum, one) => sum + one, 0);

/**
 * Takes blocks of steps from each subject in turn, so that whatever else the machine does meets all, and who begins changes
 * from round to round. Every step's time is kept: seconds, in the order taken. A block ends early after `blockSeconds`, with at
 * least one step; who has used up `subjectSeconds` sits out the remaining rounds.
 */
export async function compare(subjects, { rounds, steps, blockSeconds = 5, subjectSeconds = 90, warmUp = true }) {
  const seconds = subjects.map(() => []);
  const used = subjects.map(() => 0);
  for (const [at, subject] of warmUp ? subjects.entries() : []) {
    const block = await subject.run(Math.min(3, steps), blockSeconds);
    if (total(block) < TOO_LONG) continue;
    seconds[at].push(block);
    used[at] = Number.POSITIVE_INFINITY;
  }
  for (let i = 0; i < rounds; i++) {
    const order = subjects.map((_, at) => (at + i) % subjects.length);
    for (const at of order) {
      if (used[at] > subjectSeconds) continue;
      const block = await subjects[at].run(steps, blockSeconds);
      used[at] += total(block);
      seconds[at].push(block);
    }
  }
  return subjects.map(({ name, version, details, ours }, i) => {
    const all = seconds[i].flat();
    return {
      name,
      ...(ours ? { ours } : {}),
      version,
      ...details,
      minMs: round(Math.min(...all) * 1000, 3),
      medianMs: round(median(all) * 1000, 3),
      stepsMs: seconds[i].map((block) => block.map((time) => round(time * 1000, 3))),
    };
  });
}

/** How often `ours` does its work in the time of `theirs`, by median and by minimum. */
export function throughputRatio(ours, theirs) {
  return {
    of: ours.name,
    build: ours.build,
    against: theirs.name,
    byMedian: round(theirs.medianMs / ours.medianMs, 3),
    byMin: round(theirs.minMs / ours.minMs, 3),
  };
}

/**
 * Throws where a subject computed something else than the first: the numbers that it gave at its start differ by more than
 * a hundredth of the largest.
 */
export function checkSame(subjects) {
  const [first, ...others] = subjects.filter(({ check }) => check.length > 0);
  for (const other of others) {
    const n = Math.min(first.check.length, other.check.length);
    const largest = Math.max(...first.check.slice(0, n).map(Math.abs));
    for (let i = 0; i < n; i++) {
      if (Math.abs(first.check[i] - other.check[i]) <= 0.01 * largest) continue;
      const [a, b] = [first, other].map(({ name, check }) => `${name} ${check[i]}`);
      throw new Error(`number ${i} is not the same on all sides: ${a}, ${b}`);
    }
  }
}
