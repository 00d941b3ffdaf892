import { imbalance, leakedData, mislabelledData, withoutRareClasses } from './dataFindings.js';
import type { Advice, Finding, FindingName } from './finding.js';
import { fine, fitFindings, tooLittleValidation } from './fitFindings.js';
import { learningRateTooHigh, learningRateTooLow } from './learningRate.js';
import { MATTERS } from './matters.js';
import type { RunEvidence } from './runEvidence.js';
import { stepsFor } from './steps.js';

/** Where findings are explained, one anchor for each. */
const REASONS = 'docs/coach.md';

/**
 * Says what is the matter with a run: one finding with its evidence, and what to do next. What makes other figures
 * meaningless comes first: training that came apart, validation that is no validation, labels that are no truth.
 */
export function advise(run: RunEvidence): Advice {
  const goal = run.goal ?? 1 - MATTERS;
  const slow = learningRateTooLow(run, goal);
  const found: (Finding | undefined)[] = [
    learningRateTooHigh(run, goal),
    leakedData(run),
    mislabelledData(run),
    ...fitAndBalance(run, goal).map((one) => (one.name === 'underfitting' && slow !== undefined ? slow : one)),
    tooLittleValidation(run),
  ];
  const [first = fine(run), ...others] = found.filter((one) => one !== undefined);
  return { ...first, others, steps: stepsFor(first.name, run.setup), reason: reasonFor(first.name) };
}

/** Where a finding is explained: a place in the documentation. */
export function reasonFor(name: FindingName): string {
  return `${REASONS}#${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Rare classes are to blame unless the others are learned as badly. */
function fitAndBalance(run: RunEvidence, goal: number): Finding[] {
  const fit = fitFindings(run, goal);
  const uneven = imbalance(run);
  if (uneven === undefined) return fit;
  return fitFindings(withoutRareClasses(run), goal).length === 0 ? [uneven, ...fit] : [...fit, uneven];
}
