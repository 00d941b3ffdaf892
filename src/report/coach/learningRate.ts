import { numberIn } from '../../train/history.js';
import { guessLoss, lossOf, numberEvidence, rateEvidence, rightOf, shareOf } from './figures.js';
import type { Finding } from './finding.js';
import type { RunEvidence } from './runEvidence.js';

/** Losses so far above guessing are no network that has not learned yet, but one that was thrown about. */
const FAR_ABOVE = 1.2;
/** The loss at the end is so much above its lowest. */
const RISEN = 1.5;
/** The progress that a step makes at the end is at least this share of what one made at the beginning. */
const STEADY = 0.5;

/** Training that comes apart, or that is worse at its end than it was before. */
export function learningRateTooHigh(run: RunEvidence, goal: number): Finding | undefined {
  const { failure, training, history, setup, classCounts } = run;
  const rate = numberEvidence('learning rate, at its highest', setup.learningRate);
  const found = (sentence: string, evidence: Finding['evidence']): Finding => ({
    ...{ name: 'learningRateTooHigh', sentence, evidence: [...evidence, { ...rate, text: `${setup.learningRate}` }] },
  });
  if (failure !== undefined) {
    const sentence = 'The learning rate is too high: training came apart, its numbers were no longer finite.';
    return found(sentence, [{ what: 'training ended with', text: failure, value: Number.NaN }]);
  }
  if (training === undefined) return undefined;
  const guess = guessLoss(classCounts);
  const [loss, right] = [lossOf(training), shareOf(rightOf(training))];
  const curve = cleanCurve(run);
  const evidence = [
    numberEvidence('loss on training examples at the end, clean', loss.value, loss.interval, ' nats'),
    numberEvidence('loss of guessing by the shares of the classes', guess, undefined, ' nats'),
    rateEvidence('training examples right, clean', rightOf(training)),
  ];
  const highest = Math.max(...history.map(({ logs }) => Math.max(numberIn(logs, 'loss') ?? 0, cleanLoss(logs) ?? 0)));
  const most = Math.max(...classCounts) / classCounts.reduce((sum, n) => sum + n, 0);
  const rises = curve.filter((value, i) => i > 0 && value > (curve[i - 1] as number)).length;
  const learnedNothing = right.interval.low <= most && loss.interval.high >= guess;
  if (learnedNothing && (highest > FAR_ABOVE * guess || 3 * rises >= Math.max(3, curve.length - 1))) {
    const sentence =
      highest > FAR_ABOVE * guess
        ? 'The learning rate is too high: the network was thrown about and is no better than guessing.'
        : 'The learning rate is too high, most likely: nothing was learned, and the loss goes up and down without a trend.';
    return found(sentence, [numberEvidence('highest loss of an epoch', highest, undefined, ' nats'), ...evidence]);
  }
  const lowest = Math.min(...curve);
  if (right.interval.high < goal && loss.interval.low > RISEN * lowest && lowest < guess) {
    const sentence = 'The learning rate is too high: what was learned from the training examples was lost again.';
    return found(sentence, [numberEvidence('lowest loss after an epoch', lowest, undefined, ' nats'), ...evidence]);
  }
  if (right.interval.high < goal && curve.length >= 6 && rises > (curve.length - 1) / 2) {
    const sentence = 'The learning rate is too high: the loss on the training examples rises as often as it falls.';
    return found(sentence, [numberEvidence(`epochs, of ${curve.length}, that made it worse`, rises), ...evidence]);
  }
  return undefined;
}

/** A loss that is still falling as fast as at the beginning, for the way that the learning rate lets weights go. */
export function learningRateTooLow(run: RunEvidence, goal: number): Finding | undefined {
  const { training, history, setup, classCounts } = run;
  if (training === undefined || history.length < 3) return undefined;
  const right = shareOf(rightOf(training));
  if (right.interval.high >= goal) return undefined;
  const steadiness = steadinessOf(run);
  if (steadiness === undefined || steadiness < STEADY) return undefined;
  const loss = lossOf(training);
  return {
    name: 'learningRateTooLow',
    sentence: 'The learning rate is too low: the loss on the training examples was still falling steadily at the end.',
    evidence: [
      {
        what: 'progress of a step at the end, of that at the beginning',
        text: `${Math.round(100 * steadiness)} %`,
        value: steadiness,
      },
      rateEvidence('training examples right, clean', rightOf(training)),
      numberEvidence('loss on training examples, clean', loss.value, loss.interval, ' nats'),
      numberEvidence('loss of guessing by the shares of the classes', guessLoss(classCounts), undefined, ' nats'),
      { what: 'learning rate, at its highest', text: `${setup.learningRate}`, value: setup.learningRate },
    ],
  };
}

/**
 * How much the loss fell in the last third of the way, of how much it fell in the first third. The way is the sum of the
 * learning rates: so a schedule that ends near zero is not taken for a network that has nothing more to learn. Undefined
 * where the loss did not fall in the first third, or does not fall all the time.
 */
function steadinessOf({ history, classCounts }: RunEvidence): number | undefined {
  const losses = history.map(({ logs }) => cleanLoss(logs) ?? numberIn(logs, 'loss') ?? Number.NaN);
  const start = Math.max(guessLoss(classCounts), losses[0] as number);
  const points = [{ way: 0, loss: start }];
  let way = 0;
  for (const [i, { learningRate }] of history.entries()) {
    // The rate at the end of an epoch and of the one before: what it was on the way.
    way += (learningRate + (history[i - 1]?.learningRate ?? learningRate)) / 2;
    points.push({ way, loss: losses[i] as number });
  }
  const rises = points.filter((point, i) => i > 1 && point.loss > (points[i - 1]?.loss ?? 0)).length;
  if (rises > points.length / 10) return undefined;
  const at = (share: number): number => interpolated(points, share * way);
  const [first, last] = [at(0) - at(1 / 3), at(2 / 3) - at(1)];
  return first > 0 ? last / first : undefined;
}

function interpolated(points: readonly { readonly way: number; readonly loss: number }[], way: number): number {
  const after = points.findIndex((point) => point.way >= way - 1e-12);
  const [a, b] = [points[Math.max(0, after - 1)], points[after] ?? points.at(-1)];
  if (a === undefined || b === undefined) return Number.NaN;
  if (a.way === b.way) return b.loss;
  return a.loss + ((b.loss - a.loss) * (way - a.way)) / (b.way - a.way);
}

/** The loss on training examples in inference mode after each epoch, where it was measured; else that while training. */
function cleanCurve({ history }: RunEvidence): number[] {
  return history.flatMap(({ logs }) => cleanLoss(logs) ?? numberIn(logs, 'loss') ?? []);
}

function cleanLoss(logs: RunEvidence['history'][number]['logs']): number | undefined {
  return numberIn(logs, 'trainLoss');
}
