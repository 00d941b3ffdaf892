import { measure } from '../measure.js';
import { type Predictions, pooledPredictions, somePredictions } from '../predictions.js';
import { suspectedLabels } from '../suspectedLabels.js';
import { differenceInterval, type Rate } from '../wilson.js';
import { gapEvidence, rateEvidence, rightOf } from './figures.js';
import type { Evidence, Finding } from './finding.js';
import { RECALL_SPREAD } from './matters.js';
import type { RunEvidence } from './runEvidence.js';

/** A share of copies that is worth a word. */
const COPIES = 0.01;

/** Validation examples that the network has learned by heart. */
export function leakedData({ copies, validation, training }: RunEvidence): Finding | undefined {
  if (copies === undefined || validation === undefined) return undefined;
  const n = validation.labels.length;
  if (copies.length === 0 || copies.length < COPIES * n) return undefined;
  const copied = new Set(copies);
  const rows = [...validation.indices.keys()];
  const [on, off] = [true, false].map((wanted) =>
    rows.filter((i) => copied.has(validation.indices[i] as number) === wanted),
  );
  const rate = (which: readonly number[]) => rightOf(somePredictions(validation, which));
  const evidence: Evidence[] = [
    rateEvidence('validation examples with a copy among the training examples', {
      successes: copies.length,
      trials: n,
    }),
    ...(on?.length ? [rateEvidence('right of those', rate(on))] : []),
    ...(off?.length ? [rateEvidence('right of the others, which is what to believe', rate(off))] : []),
    ...(training === undefined ? [] : [rateEvidence('training examples right, clean', rightOf(training))]),
  ];
  const sentence =
    'Data leaked: validation examples are among the training examples too, so that they cannot tell how good the network is.';
  return { name: 'leakedData', sentence, evidence };
}

/** The labels are taken for wrong where this share, or more, surely disagrees with a network that is surest. */
const SURELY_WRONG = 0.02;
/** Errors of a network itself get rare where it is sure; those of labels do not: they must be at least so common there. */
const NO_RARER = 0.5;
/** A network that is wrong about more than this, wrong labels apart, has no say in labels. */
const OWN_ERRORS = 0.1;

/** Labels that disagree with a network where it is surest, about as often as anywhere. */
export function mislabelledData({ validation, outOfFold }: RunEvidence): Finding | undefined {
  const unseen = [outOfFold, validation].filter((one) => one !== undefined);
  if (unseen.length === 0) return undefined;
  const predictions = pooledPredictions(unseen);
  const { suspects, floor } = suspectedLabels(predictions);
  const { successes, trials } = rightOf(predictions);
  const [errors, surest] = [1 - successes / trials, floor.wrong / floor.examples];
  const own = (errors - surest) / (1 - surest);
  const isFlat = floor.interval.low > SURELY_WRONG && surest >= NO_RARER * errors;
  if (!isFlat || floor.interval.high >= 0.5 || own > OWN_ERRORS || suspects.length === 0) return undefined;
  const names = suspects.slice(0, 5).map(({ name, index, truth, predicted }) => {
    const { classNames } = predictions;
    return `${name ?? `example ${index}`} (${classNames[truth]}; more like ${classNames[predicted]})`;
  });
  return {
    name: 'mislabelledData',
    sentence: 'Labels are wrong: where the network is surest, it disagrees with the label about as often as anywhere.',
    evidence: [
      rateEvidence('labels it disagrees with, of the quarter where it is surest', {
        ...{ successes: floor.wrong, trials: floor.examples },
      }),
      rateEvidence('labels it disagrees with, of all', { successes: trials - successes, trials }),
      rateEvidence('labels that confident learning suspects', { successes: suspects.length, trials }),
      { what: 'look at these first', text: names.join('; '), value: suspects.length },
    ],
  };
}

/** Classes with few examples that are found much less often than the others. */
export function imbalance(run: RunEvidence): Finding | undefined {
  const { validation, classCounts } = run;
  if (validation === undefined) return undefined;
  const { classes } = measure(validation);
  const rare = rareClasses(run);
  const pool = (wanted: boolean): Rate =>
    classes.reduce(
      (sum, { recall, examples }, c) =>
        rare.has(c) === wanted
          ? { successes: sum.successes + Math.round(recall * examples), trials: sum.trials + examples }
          : sum,
      { successes: 0, trials: 0 },
    );
  const [few, many] = [pool(true), pool(false)];
  if (few.trials === 0 || many.trials === 0) return undefined;
  const gap = differenceInterval(many, few);
  const spread = many.successes / many.trials - few.successes / few.trials;
  if (spread <= RECALL_SPREAD || gap.low <= 0) return undefined;
  const names = classes.filter((_, c) => rare.has(c)).map(({ name }) => `"${name}"`);
  const which =
    names.length > 3
      ? `${names.length} of ${classes.length} classes have`
      : `${names.join(', ')} ${names.length === 1 ? 'has' : 'have'}`;
  const counts = (wanted: boolean) => classCounts.filter((_, c) => rare.has(c) === wanted);
  return {
    name: 'imbalance',
    sentence: `The classes are out of balance: ${which} few examples and ${names.length === 1 ? 'is' : 'are'} often missed.`,
    evidence: [
      rateEvidence('found, of the classes with few examples', few),
      rateEvidence('found, of the others', many),
      gapEvidence('difference', many, few),
      {
        what: 'examples of a rare class to learn from, at most',
        text: `${Math.max(...counts(true))}`,
        value: Math.max(...counts(true)),
      },
      {
        what: 'examples of another, at least',
        text: `${Math.min(...counts(false))}`,
        value: Math.min(...counts(false)),
      },
    ],
  };
}

/** The classes with less than half as many examples as the largest has. */
function rareClasses({ classCounts }: RunEvidence): Set<number> {
  const most = Math.max(...classCounts);
  return new Set(classCounts.flatMap((n, c) => (2 * n < most ? [c] : [])));
}

/** The run as it looks without its rare classes. */
export function withoutRareClasses(run: RunEvidence): RunEvidence {
  const rare = rareClasses(run);
  const rest = (predictions: Predictions | undefined): Predictions | undefined => {
    if (predictions === undefined) return undefined;
    const rows = [...predictions.labels.keys()].filter((row) => !rare.has(predictions.labels[row] as number));
    return rows.length === 0 ? undefined : somePredictions(predictions, rows);
  };
  return { ...run, training: rest(run.training), validation: rest(run.validation) };
}
