import type { Engine } from '../../engines/engine.js';
import type { LogStage } from '../../train/callbacks/log.js';
import { csvLog, jsonLinesLog } from '../../train/callbacks/log.js';
import type { CheckpointOptions } from '../../train/checkpoint.js';
import { readCheckpoint } from '../../train/checkpointFormat.js';
import { fitOnFeatures } from '../../train/features/fitOnFeatures.js';
import { fineTune } from '../../train/finetune/fineTuneRecipe.js';
import type { FitResult } from '../../train/fit.js';
import type { EpochRecord } from '../../train/history.js';
import { checkpointFile } from '../../train/node/checkpointFile.js';
import { logFile } from '../../train/node/logFile.js';
import { adam, adamW } from '../../train/optimizers/adam.js';
import type { Optimizer, OptimizerOptions } from '../../train/optimizers/optimizer.js';
import { oneCycle } from '../../train/schedules/oneCycle.js';
import type { FinetuneFeatures } from './finetuneFeatures.js';
import type { FinetuneReporter } from './finetuneReporter.js';
import { lowestLayer, type PreparedFinetuning } from './prepareFinetuning.js';
import { trainingPhotos } from './trainingPhotos.js';

/** The new layer alone; then, where that is asked for, more layers too. */
export type FinetuneStage = 'head' | 'all';

/** What learning came to. */
export interface Learned {
  /** The epochs of each stage, those before an interruption too. */
  readonly history: Readonly<Partial<Record<FinetuneStage, readonly EpochRecord[]>>>;
  readonly stopped: FitResult['stopped'];
  /** Something was learned, now or before. */
  readonly steps: number;
}

export interface StageSettings {
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly checkpointEvery: Omit<CheckpointOptions, 'save'>;
  readonly features: FinetuneFeatures;
  readonly reporter: FinetuneReporter;
  /** Keeps the model as it is after a stage. */
  readonly save: () => Promise<void>;
  /** Told of the time that a stage took, features included. */
  readonly onStageEnd: (stage: FinetuneStage, seconds: number) => void;
}

/** Trains in stages, with a checkpoint and a line of the log after each epoch; goes on where the run had stopped. */
export async function learnInStages(run: PreparedFinetuning, settings: StageSettings): Promise<Learned> {
  const { model, config, resume, folder } = run;
  const { epochs, learningRate, weightDecay, unfreeze, unfreezeEpochs, seed } = config.training;
  const optimizer = (options: OptimizerOptions): Optimizer =>
    weightDecay === 0 ? adam(options) : adamW({ ...options, weightDecay });
  let began = performance.now();
  const ended = (stage: FinetuneStage): void => {
    const now = performance.now();
    settings.onStageEnd(stage, (now - began) / 1000);
    began = now;
  };
  let before: readonly EpochRecord[];
  if (resume.all === undefined) {
    const head = await fitOnFeatures(model, trainingPhotos(run, 'head'), {
      ...common(run, settings, { stage: 'head' }),
      ...{ loss: 'categoricalCrossentropy', epochs, seed },
      optimizer: optimizer({ learningRate: oneCycle({ maxLearningRate: learningRate }) }),
      checkpoint: checkpointTo(folder.checkpoint, run, settings),
      ...(resume.head === undefined ? {} : { resume: resume.head }),
    });
    ended('head');
    before = head.history.epochs;
    if (head.stopped === 'aborted' || unfreeze === null) {
      return { history: { head: before }, stopped: head.stopped, steps: head.steps };
    }
    await settings.save();
  } else {
    before = resume.head === undefined ? [] : (readCheckpoint(resume.head).facts.history as readonly EpochRecord[]);
  }
  const { all } = await fineTune(model, trainingPhotos(run, 'all'), {
    ...common(run, settings, { stage: 'all', before: [{ stage: 'head', epochs: before }] }),
    ...{ freezeEpochs: 0, epochs: unfreezeEpochs, baseLearningRate: learningRate, seed, optimizer },
    ...(unfreeze === null ? {} : { unfreezeFrom: lowestLayer(model, unfreeze) }),
    stages: {
      all: {
        checkpoint: checkpointTo(folder.checkpointOfMoreLayers, run, settings),
        ...(resume.all === undefined ? {} : { resume: resume.all }),
      },
    },
  });
  ended('all');
  const { history, stopped, steps } = all as FitResult;
  return { history: { head: before, all: history.epochs }, stopped, steps };
}

function common(
  { folder, config, photos }: PreparedFinetuning,
  { engine, signal, features, reporter }: StageSettings,
  among: LogStage & { readonly stage: FinetuneStage },
) {
  const { valid } = photos.parts;
  return {
    metrics: ['accuracy'] as const,
    ...{ engine, signal, batchSize: config.training.batchSize },
    ...(config.training.classWeights === null ? {} : { classWeights: config.training.classWeights }),
    ...(valid === undefined ? {} : { validation: valid }),
    ...features.options(),
    callbacks: [
      csvLog(logFile(folder.logCsv), among),
      jsonLinesLog(logFile(folder.logJsonl), among),
      {
        onBatchEnd: reporter.step.bind(reporter),
        onEpochEnd: (run: { readonly epochs: number }, record: EpochRecord) =>
          reporter.epoch(among.stage, run.epochs, record),
      },
    ],
  };
}

function checkpointTo(path: string, { folder }: PreparedFinetuning, { checkpointEvery }: StageSettings) {
  const save = checkpointFile(path);
  const options: CheckpointOptions = {
    ...checkpointEvery,
    save: async (checkpoint) => {
      folder.keep();
      await save(checkpoint);
    },
  };
  return options;
}
