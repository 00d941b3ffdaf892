import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { loadModel, saveModel } from '../../formats/modelFile.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { modelFromConfig } from '../../model/modelFromConfig.js';
import { FoveaError } from '../../tensor/errors.js';
import { questionAugmentation, withAugmentation } from '../augment/augmentOption.js';
import { checkFits } from '../data/dataOptions.js';
import { chooseData, type OpenedData, openData } from '../data/dataSource.js';
import { openModel } from '../models/modelSource.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';
import { pixelStatistics } from './pixelStatistics.js';
import { type RunConfig, readRunConfig, storedConfig } from './runConfig.js';
import { checkRoom, makeRunFolder, RunFolder, usualRunFolder } from './runFolder.js';
import { optimizerOf, type TrainOptions, trainDefaults, validationSize } from './trainOptions.js';
import type { PreparedRun } from './trainRun.js';

/** A run whose parts are all checked, with nothing written yet. */
export interface RunDraft {
  readonly config: RunConfig;
  readonly model: Model;
  readonly data: OpenedData;
  /** The model begins with weights from a file. */
  readonly trained: boolean;
}

/** Puts a run together from what was asked for. */
export async function draftRun(word: string, options: TrainOptions, terminal: Terminal): Promise<RunDraft> {
  const chosen = await chooseData(word, options.dataFolder);
  const { epochs = trainDefaults.epochs, seed = trainDefaults.seed, trainSize, testSize } = options;
  const choice = {
    ...(chosen.name === 'digits'
      ? { trainSize: trainDefaults.digits.train, testSize: trainDefaults.digits.test, seed }
      : {}),
    ...chosen,
    ...(trainSize === undefined ? {} : { trainSize }),
    ...(testSize === undefined ? {} : { testSize }),
  };
  const data = await openData(choice, terminal);
  const { train } = data;
  const statistics = await pixelStatistics(train);
  const classes = train.classNames?.length ?? 10;
  const wanted = { inputShape: train.inputShape, classes, seed, ...statistics };
  const { model, shortName, trained, from } = await openModel(options.model ?? trainDefaults.model, wanted);
  checkFits(model, train, data.title);
  const validation = validationSize(options.validation, train);
  const size = train.size - validation;
  const batchSize = options.batchSize ?? Math.min(trainDefaults.batchSize, size);
  if (batchSize > size) {
    throw new FoveaError('option', {
      where: 'option --batch-size',
      rule: 'a batch cannot be larger than the data',
      received: `${batchSize} for ${size} training examples`,
    });
  }
  if (options.earlyStopping !== undefined && validation === 0) {
    throw new FoveaError('option', {
      where: 'option --early-stopping',
      rule: 'progress is measured on validation data, and none is set aside',
      remedy: 'Add --validation 0.1',
    });
  }
  const config = storedConfig({
    format: 'fovea-run',
    version: 1,
    fovea: version(),
    data: choice,
    modelName: shortName,
    ...(from === shortName ? {} : { modelFile: from }),
    model: model.toConfig(),
    training: {
      ...{ epochs, batchSize, seed, validation, keepBest: validation > 0 },
      labelSmoothing: options.labelSmoothing ?? 0,
      optimizer: optimizerOf(options, epochs, Math.ceil(size / batchSize)).toConfig(),
      earlyStopping: options.earlyStopping ?? null,
      augment: options.augment ?? null,
    },
  });
  if (options.augment !== undefined && options.quiet === undefined && options.json === undefined) {
    questionAugmentation(augmentationFromConfig(options.augment), train.classNames, terminal);
  }
  return { config, model, data: changed(data, config), trained };
}

/** Makes the folder of a new run, with everything in it that the run can be continued from. */
export async function beginRun(draft: RunDraft, options: TrainOptions, terminal: Terminal): Promise<PreparedRun> {
  const { config, model, data, trained } = draft;
  const usual = usualRunFolder(terminal.now(), data.title, config.modelName);
  const folder = await makeRunFolder(options.run ?? usual);
  try {
    await checkRoom(folder.path, roomNeeded(model));
    await folder.writeConfig(config);
    if (trained) await writeFileAtomic(folder.initial, await saveModel(model));
  } catch (error) {
    await folder.removeIfEmpty();
    throw error;
  }
  return { config, model, data, folder, resume: undefined };
}

/** Opens a run that was interrupted, or is to go on for more epochs. */
export async function continueRun(path: string, epochs: number | undefined, terminal: Terminal): Promise<PreparedRun> {
  const stored = await readRunConfig(path);
  const folder = new RunFolder(path, true);
  const config = epochs === undefined ? stored : { ...stored, training: { ...stored.training, epochs } };
  const data = changed(await openData(config.data, terminal), config);
  const resume = await folder.readCheckpoint();
  let model = modelFromConfig(config.model);
  if (resume === undefined) {
    const initial = await readFileChecked(folder.initial).catch(() => undefined);
    if (initial !== undefined) ({ model } = await loadModel(initial, { where: `model file "${folder.initial}"` }));
  }
  checkFits(model, data.train, data.title);
  await checkRoom(path, roomNeeded(model));
  // A folder that may not be written to is found out here, and not after the first epoch.
  await folder.writeConfig(config);
  return { config, model, data, folder, resume };
}

/** Data whose training pictures are changed in each epoch, where the run says so. */
function changed(data: OpenedData, { training }: RunConfig): OpenedData {
  return { ...data, train: withAugmentation(data.train, training.augment, training.seed) };
}

/**
 * Bytes: a checkpoint has the weights, up to two slots of the optimizer and the best epoch's weights, and the next one is
 * written beside it; the model likewise.
 */
function roomNeeded(model: Model): number {
  return 4 * model.countParameters().total * (2 * 4 + 2) + 2 ** 20;
}
