import type { Dataset } from '../../data/dataset.js';
import type { Engine } from '../../engines/engine.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { reportPage } from '../../pages/report/reportPage.js';
import { advise } from '../../report/coach/advise.js';
import { measure } from '../../report/measure.js';
import { collectPredictions } from '../../report/predictions.js';
import { suspectedLabels } from '../../report/suspectedLabels.js';
import type { Callback, TrainingRun } from '../../train/callbacks/callback.js';
import { earlyStopping } from '../../train/callbacks/earlyStopping.js';
import { csvLog, jsonLinesLog } from '../../train/callbacks/log.js';
import { modelCheckpoint } from '../../train/callbacks/modelCheckpoint.js';
import type { CheckpointOptions } from '../../train/checkpoint.js';
import { fit as fitModel } from '../../train/fit.js';
import { categoricalCrossentropy } from '../../train/losses/categoricalCrossentropy.js';
import { checkpointFile } from '../../train/node/checkpointFile.js';
import { logFile } from '../../train/node/logFile.js';
import { optimizerFrom } from '../../train/optimizers/optimizerFrom.js';
import type { OpenedData } from '../data/dataSource.js';
import { type EngineChoice, withEngine } from '../engineOptions.js';
import { interruptedCode, SUCCESS } from '../exitCode.js';
import { commandText } from '../report/adviceText.js';
import { nextWords } from '../report/coachCommand.js';
import { examplePictures } from '../report/pictureFiles.js';
import { trainEvidence } from '../report/trainEvidence.js';
import { trainWords } from '../report/trainWords.js';
import type { Terminal } from '../terminal.js';
import type { RunConfig } from './runConfig.js';
import type { RunFolder } from './runFolder.js';
import { PaceMeter, type TrainReporter } from './trainReporter.js';

/** A run that is ready to begin, or to go on. */
export interface PreparedRun {
  readonly config: RunConfig;
  readonly model: Model;
  readonly data: OpenedData;
  readonly folder: RunFolder;
  /** The bytes of the checkpoint to go on from. */
  readonly resume: Uint8Array | undefined;
}

export interface RunSettings extends EngineChoice {
  readonly checkpointEvery: Omit<CheckpointOptions, 'save'>;
  readonly recompute?: boolean;
}

/** Trains, keeps everything in the run's folder, and measures the result on the test data; returns the exit code. */
export async function trainRun(
  run: PreparedRun,
  settings: RunSettings,
  reporter: TrainReporter,
  terminal: Terminal,
): Promise<number> {
  const stopping = (): void => {
    if (terminal.signal.reason !== 'EPIPE') reporter.stopping();
  };
  terminal.signal.addEventListener('abort', stopping, { once: true });
  try {
    return await withEngine(settings, (engine) => trainWith(engine, run, settings, reporter, terminal));
  } finally {
    terminal.signal.removeEventListener('abort', stopping);
    reporter.clear();
    await run.folder.removeIfEmpty();
  }
}

async function trainWith(
  engine: Engine,
  { config, model, data, folder, resume }: PreparedRun,
  { checkpointEvery, recompute = false }: RunSettings,
  reporter: TrainReporter,
  terminal: Terminal,
): Promise<number> {
  const { training } = config;
  const { signal } = terminal;
  const trainSize = data.train.size - training.validation;
  const stepsPerEpoch = Math.ceil(trainSize / training.batchSize);
  await reporter.begin({ config, model, data, trainSize, stepsPerEpoch, engine: engine.description, folder });
  const metadata = modelMetadata(config, data.train);
  const save = checkpointFile(folder.checkpoint);
  const result = await fitModel(model, data.train, {
    loss: categoricalCrossentropy({ labelSmoothing: training.labelSmoothing }),
    optimizer: optimizerFrom(training.optimizer as { readonly type: string }),
    metrics: ['accuracy'],
    ...{ epochs: training.epochs, batchSize: training.batchSize, seed: training.seed, engine, signal, recompute },
    ...(training.validation === 0 ? {} : { validation: training.validation / data.train.size }),
    ...(resume === undefined ? {} : { resume }),
    checkpoint: {
      ...checkpointEvery,
      save: async (checkpoint) => {
        folder.keep();
        await save(checkpoint);
      },
    },
    callbacks: [
      csvLog(logFile(folder.logCsv)),
      jsonLinesLog(logFile(folder.logJsonl)),
      ...endings(training),
      modelCheckpoint((_run: TrainingRun) => folder.writeModel(model, metadata), {
        ...(training.keepBest ? { monitor: 'valLoss' } : { saveBestOnly: false }),
      }),
      progress(reporter),
    ],
  });
  // The best epoch's weights are in place now, also where the run was stopped.
  if (result.steps > 0) await folder.writeModel(model, metadata);
  if (result.stopped === 'aborted') {
    reporter.interrupted(result);
    return interruptedCode(terminal);
  }
  const predictions = await collectPredictions(model, data.test, { engine, signal, batchSize: 128 });
  const test = measure(predictions);
  const history = result.history.epochs;
  const advice = advise(await trainEvidence({ config, model, data, history }, { engine, signal }));
  const next = nextWords(advice, trainWords(config, data.train.size));
  await writeFileAtomic(
    folder.report,
    await reportPage({
      ...{ title: `${data.title}: ${config.modelName}`, predictions, examples: 'test examples', example: 'example' },
      ...{ stages: [{ epochs: history }], advice, suspects: suspectedLabels(predictions) },
      ...(next === undefined ? {} : { nextCommand: commandText(terminal, next) }),
      configuration: configurationRows(config, model, data, engine),
      ...pictureOption(data.test),
      madeBy: `Made by Fovea ${config.fovea}`,
    }),
  );
  await reporter.end(result, test, data.test, { advice, next });
  return SUCCESS;
}

/** Ends a run early where that was asked for, and puts the best epoch's weights back at the end. */
function endings({ earlyStopping: patience, keepBest, epochs }: RunConfig['training']): Callback[] {
  if (patience === null && !keepBest) return [];
  const monitor = keepBest ? 'valLoss' : 'trainLoss';
  return [earlyStopping({ monitor, patience: patience ?? epochs + 1, restoreBestWeights: keepBest })];
}

function progress(reporter: TrainReporter): Callback {
  let meter = new PaceMeter();
  return {
    onTrainBegin: () => {
      meter = new PaceMeter();
    },
    onBatchEnd: (run, info) => {
      const stepsLeft = run.epochs * (run.stepsPerEpoch ?? 0) - info.step - 1;
      reporter.step(run, info, meter.step(info.size, stepsLeft));
    },
    onEpochEnd: (_, record) => reporter.epoch(record),
  };
}

/** What the model file says of its making: no times, so that the same run makes the same bytes. */
function modelMetadata({ data, training, fovea }: RunConfig, { classNames }: Dataset): Record<string, string> {
  return {
    fovea,
    data: JSON.stringify(data),
    training: JSON.stringify(training),
    ...(classNames === undefined ? {} : { classNames: JSON.stringify(classNames) }),
  };
}

function configurationRows(config: RunConfig, model: Model, data: OpenedData, engine: Engine): [string, string][] {
  const { epochs, batchSize, seed, validation, optimizer } = config.training;
  const { name, build, threads } = engine.description;
  return [
    [
      'data',
      `${data.title}: ${data.train.size - validation} to train on, ${validation} to validate, ${data.test.size} to test`,
    ],
    ['model', `${config.modelName}, ${model.countParameters().total.toLocaleString('en-US')} parameters`],
    ['training', `${epochs} epochs, batches of ${batchSize}`],
    ['optimizer', JSON.stringify(optimizer)],
    ['seed', `${seed}`],
    ['engine', `${name}, ${build}, ${threads} threads`],
  ];
}

function pictureOption(data: Dataset) {
  const picture = examplePictures(data);
  return picture === undefined ? {} : { picture };
}
