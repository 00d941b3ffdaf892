import { median, round } from './stats.mjs';

/**
 * Takes blocks of steps from each subject in turn, so that whatever else the machine does meets both, and who begins
 * changes from round to round. Every step's time is kept: seconds, in the order taken.
 *
 * A subject is `{ name, version, details, run(steps) → Promise<seconds[]>, close() }`.
 */
export async function compare(subjects, { rounds, steps }) {
  const seconds = subjects.map(() => []);
  for (const subject of subjects) await subject.run(Math.min(5, steps));
  for (let i = 0; i < rounds; i++) {
    const order = subjects.map((_, at) => (at + i) % subjects.length);
    for (const at of order) seconds[at].push(await subjects[at].run(steps));
  }
  return subjects.map(({ name, version, details }, i) => {
    const all = seconds[i].flat();
    return {
      name,
      version,
      ...details,
      minMs: round(Math.min(...all) * 1000, 3),
      medianMs: round(median(all) * 1000, 3),
      stepsMs: seconds[i].map((block) => block.map((time) => round(time * 1000, 3))),
    };
  });
}

/** How often `ours` does its work in the time of `theirs`, by median and by minimum, and by median round by round. */
export function throughputRatio(ours, theirs) {
  return {
    against: theirs.name,
    byMedian: round(theirs.medianMs / ours.medianMs, 3),
    byMin: round(theirs.minMs / ours.minMs, 3),
    byRound: ours.stepsMs.map((block, i) => round(median(theirs.stepsMs[i]) / median(block), 3)),
  };
}
