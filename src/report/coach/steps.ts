import type { FindingName, Step } from './finding.js';
import type { RunSetup } from './runEvidence.js';

/**
 * What can be done about a finding, first what to do first. Against underfitting and overfitting the lecture's order is
 * kept, without what the run does already.
 */
export function stepsFor(name: FindingName, setup: RunSetup): readonly [Step, ...Step[]] {
  const all = {
    learningRateTooHigh: () => [changeRate(setup.learningRate / 10, 'Lower it to a tenth.')],
    learningRateTooLow: () => [
      changeRate(setup.learningRate * 10, 'Raise it to ten times as much.'),
      trainLonger(setup),
    ],
    leakedData: () => [look('Take the copies out, or put each with its original: split by group.')],
    mislabelledData: () => [look('Look at the suspected labels and correct those that are wrong, then train again.')],
    imbalance: () => [
      step('weighClasses', 'Let rare classes count more; more examples of them help more.', {
        classWeights: 'balanced',
      }),
    ],
    underfitting: () => againstUnderfitting(setup),
    overfitting: () => againstOverfitting(setup),
    tooLittleValidation: () => [
      step(
        'moreValidation',
        'Set more aside, or collect more: with 400 examples an accuracy is known to about ±2 points.',
        {
          validation: 0.4,
        },
      ),
    ],
    fine: () => [step('use', 'Use it; the cheapest gain that is left is more examples of what it gets wrong.', {})],
  }[name]();
  const possible = all.filter(({ settings }) =>
    Object.keys(settings).every((key) => setup.options?.includes(key) ?? true),
  );
  const [first = look(BY_HAND[name] ?? 'There is no step left that a command can take.'), ...more] = possible;
  return [first, ...more];
}

/**
 * Every step that a command can take, whatever was found: against overfitting in the lecture's order, then against
 * underfitting. For who has time to try: each must show what it brings.
 */
export function furtherSteps(setup: RunSetup): Step[] {
  return [...stepsFor('overfitting', setup), ...stepsFor('underfitting', setup)].filter(
    ({ settings }) => Object.keys(settings).length > 0,
  );
}

/** What to do where no option does it. */
const BY_HAND: Partial<Record<FindingName, string>> = {
  imbalance: 'Collect more examples of the rare classes.',
  overfitting: 'More examples are the best cure.',
};

/** Unfreeze more, less dropout, train longer, a larger network. */
function againstUnderfitting(setup: RunSetup): Step[] {
  const { learns, dropout, larger, weightDecay } = setup;
  return [
    ...(learns === 'head' ? [step('unfreeze', 'Let more layers learn than the new ones.', { unfreeze: 'all' })] : []),
    ...(dropout > 0
      ? [
          step('lowerDropout', 'Lower dropout: it keeps the network from learning.', {
            dropout: dropout > 0.2 ? dropout / 2 : 0,
          }),
        ]
      : []),
    ...(weightDecay > 0 ? [step('lowerDropout', 'Leave weight decay out.', { weightDecay: 0 })] : []),
    trainLonger(setup),
    ...(larger === undefined ? [] : [step('largerNetwork', 'Take a larger network.', networkOf(setup, larger))]),
  ];
}

/** More data, augmentation, architectures that generalize, regularization, less complexity. */
function againstOverfitting(setup: RunSetup): Step[] {
  const { augmented, augmentation = 'photos', moreExamples, dropout, weightDecay, smaller, learns } = setup;
  const { better, larger, batchNormalization } = setup;
  const { betterSince = 'another network may have learned more useful features.' } = setup;
  const more = 'More examples are the best cure, if you can get them. With those that there are:';
  const list = [
    ...(augmented
      ? []
      : [
          step('augment', 'augmentation makes new ones of each.', {
            augment: augmentation,
            ...(learns === 'head' ? { passes: 5 } : {}),
          }),
        ]),
    ...(better === undefined
      ? larger === undefined && learns === undefined && !batchNormalization
        ? [step('betterNetwork', 'batch normalization generalizes better: put it after the layers with weights.', {})]
        : []
      : [step('betterNetwork', betterSince, networkOf(setup, better))]),
    ...(weightDecay === 0 ? [step('regularize', 'weight decay keeps weights small.', { weightDecay: 0.01 })] : []),
    ...(dropout < 0.5
      ? [step('regularize', 'dropout keeps units from relying on each other.', { dropout: dropout === 0 ? 0.3 : 0.5 })]
      : []),
    ...(smaller === undefined
      ? []
      : [step('smallerNetwork', 'a smaller network, as the last resort.', networkOf(setup, smaller))]),
  ];
  const first =
    moreExamples === undefined
      ? []
      : [step('moreExamples', 'More examples are the best cure, and there are more.', { trainSize: moreExamples })];
  if (list.length === 0) return [...first, look('More examples are what is left: all other steps were taken.')];
  return [...first, ...list.map((one) => ({ ...one, what: `${more} ${one.what}` }))];
}

function networkOf({ learns }: RunSetup, name: string): Step['settings'] {
  return learns === undefined ? { model: name } : { base: name };
}

function trainLonger({ epochs, learns }: RunSetup): Step {
  return step('trainLonger', 'Train longer.', { [learns === 'more' ? 'unfreezeEpochs' : 'epochs']: 2 * epochs });
}

function changeRate(learningRate: number, what: string): Step {
  return step('changeLearningRate', what, { learningRate: Number(learningRate.toPrecision(2)) });
}

function look(what: string): Step {
  return step('look', what, {});
}

function step(action: Step['action'], what: string, settings: Step['settings']): Step {
  return { action, what, settings };
}
