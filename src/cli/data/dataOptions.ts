import type { Command } from 'commander';
import * as v from 'valibot';
import type { Dataset } from '../../data/dataset.js';
import type { ModelMetadata } from '../../formats/modelFile.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import { option, wholeNumber } from '../optionValues.js';
import { chooseData, type DataChoice, dataChoiceSchema } from './dataSource.js';

/** Which examples a command is to use. */
export interface DataOptions {
  readonly dataFolder?: string;
  readonly trainSize?: number;
  readonly testSize?: number;
}

/** Adds the options that say which examples of the data are used. */
export function addDataOptions(command: Command): Command {
  return command
    .option('--data-folder <folder>', 'where the idx files of mnist or fashion-mnist are, instead of the cache')
    .addOption(option('--train-size <n>', 'number of training examples', wholeNumber()))
    .addOption(option('--test-size <n>', 'number of test examples', wholeNumber()));
}

/** The data that is asked for, else that which the model was trained on: the same examples. */
export async function dataFor(
  word: string | undefined,
  { dataFolder, trainSize, testSize }: DataOptions,
  metadata: ModelMetadata,
): Promise<DataChoice> {
  const trained = readTrainedData(metadata);
  const named = word === undefined ? undefined : await chooseData(word, dataFolder);
  const same = named === undefined || (named.name === trained?.name && named.folder === undefined);
  const base = same ? (trained ?? named) : named;
  if (base === undefined) {
    throw new FoveaError('option', {
      where: 'argument data',
      rule: 'the model file does not say which data it was trained on',
      remedy: 'Name the data: digits, mnist, fashion-mnist, or a folder',
    });
  }
  return {
    ...base,
    ...(dataFolder === undefined ? {} : { folder: dataFolder }),
    ...(trainSize === undefined ? {} : { trainSize }),
    ...(testSize === undefined ? {} : { testSize }),
  };
}

/** A file from elsewhere may say anything; then the data has to be named. */
function readTrainedData({ data }: ModelMetadata): DataChoice | undefined {
  if (data === undefined) return undefined;
  try {
    return v.parse(dataChoiceSchema, JSON.parse(data));
  } catch {
    return undefined;
  }
}

/** Throws unless the data has the examples and classes that the model takes. */
export function checkFits(model: Model, data: Dataset, title: string): void {
  const [inputShape = []] = model.inputShapes;
  const [outputShape = []] = model.outputShapes;
  const classes = data.classNames?.length;
  const fits = sameShape(inputShape, data.inputShape) && model.inputShapes.length === 1;
  if (fits && (classes === undefined || classes === outputShape.at(-1)) && outputShape.length === 1) return;
  throw new FoveaError('shape', {
    where: `model "${model.name}" with the data ${title}`,
    rule: `the data has examples ${formatShape(data.inputShape)}${classes === undefined ? '' : ` of ${classes} classes`}`,
    received: `a model that makes ${formatShape(outputShape)} of ${formatShape(inputShape)}`,
    remedy: 'Use a model for this data, or other data',
  });
}
