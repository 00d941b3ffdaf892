import { modelFromConfig } from '../../model/modelFromConfig.js';
import type { RunEvidence, RunSetup } from '../../report/coach/runEvidence.js';
import { outOfFold } from '../../report/outOfFold.js';
import type { Predictions } from '../../report/predictions.js';
import { fit as fitModel } from '../../train/fit.js';
import { adam } from '../../train/optimizers/adam.js';
import { oneCycle } from '../../train/schedules/oneCycle.js';
import type { FinetuneConfig } from './finetuneConfig.js';
import type { FinetuneFeatures } from './finetuneFeatures.js';
import type { Learned } from './finetuneStages.js';
import type { LearnedFinetuning } from './prepareFinetuning.js';

/** Training photos that go through a whole network again to be measured; of features all are. */
const SAMPLE = 500;

/** What a fine-tuning may be told to do otherwise; the coach proposes nothing else. */
const OPTIONS = [
  ...['epochs', 'learningRate', 'dropout', 'weightDecay', 'unfreeze', 'unfreezeEpochs', 'classWeights', 'base'],
  ...['validation', 'augment', 'passes'],
] as const;

/** Gathers what the coach looks at, in inference mode and without augmentation. */
export async function finetuneEvidence(
  run: LearnedFinetuning,
  history: Learned['history'],
  features: FinetuneFeatures,
): Promise<RunEvidence> {
  const { train, valid } = run.photos.parts;
  const classCounts = train.classNames.map((_, c) => train.labels.filter((label) => label === c).length);
  return {
    history: history.all ?? history.head ?? [],
    training: await features.trainingPredictions(SAMPLE),
    validation: valid === undefined ? undefined : await features.predictions('valid', valid),
    outOfFold: await unseenTraining(run, features),
    classCounts,
    copies: copiesIn(run),
    setup: setupOf(run.config, history),
  };
}

/** Validation photos that are, or look like, training photos: indices. */
function copiesIn({ photos }: LearnedFinetuning): number[] {
  const copied = new Set(
    photos.folder.duplicates.sets.flatMap(({ parts, photos: names }) =>
      parts.includes('train') && parts.includes('valid') ? names : [],
    ),
  );
  return (photos.parts.valid?.names ?? []).flatMap((name, i) => (copied.has(name) ? [i] : []));
}

function setupOf({ training, base }: FinetuneConfig, history: Learned['history']): RunSetup {
  const { learningRate, dropout, weightDecay, unfreeze, unfreezeEpochs } = training;
  const learns = unfreeze === null || history.all === undefined ? 'head' : 'more';
  const epochs = learns === 'head' ? training.epochs : unfreezeEpochs;
  const better = base.network === 'resnet50' ? undefined : 'resnet50';
  return {
    ...{ epochs, learningRate, dropout, weightDecay, augmented: training.augment !== null, batchNormalization: true },
    ...{ learns, larger: better, better },
    options: OPTIONS,
  };
}

/** Where only new layers learn on kept features, training them five times more is cheap: then no photo is judged by a network that learned from it. */
async function unseenTraining(run: LearnedFinetuning, features: FinetuneFeatures): Promise<Predictions | undefined> {
  const { config, photos } = run;
  if (config.training.unfreeze !== null) return undefined;
  const kept = await features.kept('train', photos.parts.train);
  if (kept === undefined) return undefined;
  const { epochs, learningRate, batchSize, seed } = config.training;
  const { engine, signal } = features;
  return outOfFold(
    { ...kept.data, names: photos.parts.train.names },
    {
      ...{ engine, signal, seed },
      train: async (training, fold) => {
        const model = modelFromConfig(kept.head.toConfig());
        await fitModel(model, training, {
          ...{ loss: 'categoricalCrossentropy', epochs, seed: seed + fold, engine, signal, trainSample: 0 },
          batchSize: Math.min(batchSize, training.size),
          optimizer: adam({ learningRate: oneCycle({ maxLearningRate: learningRate }) }),
        });
        return model;
      },
    },
  );
}
