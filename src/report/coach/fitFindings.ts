import { numberIn } from '../../train/history.js';
import { differenceInterval, wilsonInterval } from '../wilson.js';
import { gapEvidence, lossOf, numberEvidence, rateEvidence, rightOf, shareOf } from './figures.js';
import type { Evidence, Finding } from './finding.js';
import { MATTERS } from './matters.js';
import type { RunEvidence } from './runEvidence.js';

/** So many evaluations in a row must be worse than the best one. */
const EVALUATIONS = 3;

/**
 * What is amiss with the fit: the training examples themselves are not learned (underfitting), or they are and new ones
 * are not (overfitting). Both figures are measured in inference mode, so that neither dropout nor augmentation, which make
 * training harder, is mistaken for either. Where both are, the larger lack is named.
 */
export function fitFindings(run: RunEvidence, goal: number): Finding[] {
  const { training, validation } = run;
  if (training === undefined) return [];
  const [learned, under] = [rightOf(training), underfitting(run, goal)];
  const over = validation === undefined ? undefined : overfitting(run, goal);
  if (under === undefined || over === undefined || validation === undefined) {
    return [under, over].filter((one) => one !== undefined);
  }
  const held = rightOf(validation);
  const gap = shareOf(learned).value - shareOf(held).value;
  return goal - shareOf(learned).value > gap ? [under, over] : [over, under];
}

function underfitting(run: RunEvidence, goal: number): Finding | undefined {
  const { training, validation } = run;
  if (training === undefined) return undefined;
  const learned = rightOf(training);
  if (shareOf(learned).interval.high >= goal) return undefined;
  const held = validation === undefined ? undefined : rightOf(validation);
  return {
    name: 'underfitting',
    sentence: 'Underfitting: even the training examples are not learned.',
    evidence: [
      rateEvidence('training examples right, clean', learned),
      ...(held === undefined ? [] : [rateEvidence('validation examples right', held)]),
      ...(held === undefined ? [] : [gapEvidence('gap', learned, held)]),
      ...whileTraining(run),
      { what: 'accuracy that would be enough', text: `${100 * goal} %`, value: goal },
    ],
  };
}

function overfitting(run: RunEvidence, goal: number): Finding | undefined {
  const { training, validation } = run;
  if (training === undefined || validation === undefined) return undefined;
  const [learned, held] = [rightOf(training), rightOf(validation)];
  const gap = differenceInterval(learned, held);
  const rising = risingLoss(run);
  // Surely a gap, and one that matters: by its size, or since it grows while results are not good enough.
  const large = gap.low > MATTERS;
  const growing = gap.low > 0 && rising !== undefined && shareOf(held).value < goal;
  if (!large && !growing) return undefined;
  const [before, after] = [lossOf(training), lossOf(validation)];
  return {
    name: 'overfitting',
    sentence: 'Overfitting: the training examples are known much better than new ones.',
    evidence: [
      rateEvidence('training examples right, clean', learned),
      rateEvidence('validation examples right', held),
      gapEvidence('gap', learned, held),
      numberEvidence('loss on training examples, clean', before.value, before.interval, ' nats'),
      numberEvidence('loss on validation examples', after.value, after.interval, ' nats'),
      ...(rising === undefined ? [] : [rising]),
    ],
  };
}

/** The validation loss was lowest before the end, and has been surely higher since, for several evaluations. */
function risingLoss({ history, validation }: RunEvidence): Evidence | undefined {
  if (validation === undefined) return undefined;
  const losses = history.map(({ logs }) => numberIn(logs, 'valLoss') ?? Number.NaN);
  const lowest = Math.min(...losses.filter(Number.isFinite));
  const best = losses.indexOf(lowest);
  const since = losses.slice(best + 1);
  const end = losses.at(-1) ?? Number.NaN;
  const { value, interval } = lossOf(validation);
  // How surely the loss at the end is known, as a share of it: of validation examples of the best epoch where that is kept.
  const doubt = (value - interval.low) / value;
  if (best < 0 || since.length < EVALUATIONS || since.some((loss) => loss <= lowest)) return undefined;
  if (!(end * (1 - doubt) > lowest)) return undefined;
  const text = `from ${lowest.toFixed(3)} after epoch ${best + 1} to ${end.toFixed(3)} after epoch ${losses.length}`;
  return { what: 'validation loss rose', text, value: end - lowest };
}

/** What was seen while training, which says little: it is told so that nobody takes it for the truth. */
function whileTraining({ history, setup }: RunEvidence): Evidence[] {
  const running = numberIn(history.at(-1)?.logs ?? {}, 'accuracy');
  if (running === undefined || (setup.dropout === 0 && !setup.augmented)) return [];
  const what = 'right while training, with dropout and augmentation on, which is no measure of fit';
  return [{ what, text: `${(100 * running).toFixed(1)} %`, value: running }];
}

/** The validation data is too small to tell. */
export function tooLittleValidation({ validation }: RunEvidence): Finding | undefined {
  if (validation === undefined) {
    return {
      name: 'tooLittleValidation',
      sentence: 'There is no validation data, so nobody can tell how good the network is.',
      evidence: [{ what: 'validation examples', text: '0', value: 0 }],
    };
  }
  const held = rightOf(validation);
  const { low, high } = wilsonInterval(held.successes, held.trials);
  if ((high - low) / 2 <= MATTERS) return undefined;
  const half = ((100 * (high - low)) / 2).toFixed(0);
  const one = (100 / held.trials).toFixed(1);
  return {
    name: 'tooLittleValidation',
    sentence: `There is too little validation data to tell: accuracy is known to ±${half} points, so do not trust a gain of less.`,
    evidence: [
      rateEvidence('validation examples right', held),
      { what: 'one example is', text: `${one} points`, value: 1 / held.trials },
    ],
  };
}

/** Nothing is the matter. */
export function fine({ training, validation }: RunEvidence): Finding {
  const [learned, held] = [training && rightOf(training), validation && rightOf(validation)];
  return {
    name: 'fine',
    sentence: 'Fine as it is: the training examples are learned, and new ones are recognized about as well.',
    evidence: [
      ...(learned === undefined ? [] : [rateEvidence('training examples right, clean', learned)]),
      ...(held === undefined ? [] : [rateEvidence('validation examples right', held)]),
      ...(learned === undefined || held === undefined ? [] : [gapEvidence('gap', learned, held)]),
    ],
  };
}
