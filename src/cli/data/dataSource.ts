import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Dataset } from '../../data/dataset.js';
import { digits } from '../../data/digits.js';
import type { MnistVariant } from '../../data/mnist.js';
import { downloadMnist, readMnist } from '../../data/node/mnist.js';
import { subset } from '../../data/subset.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { megabytes } from '../format.js';
import { ProgressBar } from '../progressBar.js';
import type { Terminal } from '../terminal.js';

/** The data sets that have a name. */
const DATA_NAMES = ['digits', 'mnist', 'fashion-mnist'] as const;

/** Which data, so that the same examples are found again; plain JSON. */
export const dataChoiceSchema = v.strictObject({
  /** One of {@link DATA_NAMES}, or 'folder'. */
  name: v.picklist([...DATA_NAMES, 'folder']),
  /** Where the files are; without it MNIST and Fashion-MNIST come from the cache. */
  folder: v.optional(v.string()),
  /** Number of training examples: the first so many. */
  trainSize: v.optional(v.number()),
  testSize: v.optional(v.number()),
  /** Of the generator of digits. */
  seed: v.optional(v.number()),
});
export type DataChoice = v.InferOutput<typeof dataChoiceSchema>;

export interface OpenedData {
  readonly train: Dataset;
  readonly test: Dataset;
  /** Training examples that there are, of which `train` may be the first few. */
  readonly available: number;
  /** How messages call it: `digits`, `MNIST`, the folder. */
  readonly title: string;
  /** How a command names it. */
  readonly argument: string;
}

/** What the word on the command line means: a name, else a folder that is there. */
export async function chooseData(word: string, folder?: string): Promise<DataChoice> {
  const name = DATA_NAMES.find((one) => one === word);
  if (name === 'digits' && folder !== undefined) {
    throw new FoveaError('option', {
      where: 'option --data-folder',
      rule: 'digits are drawn, not read from files',
      remedy: `Leave it out, or name the data: mnist, fashion-mnist, or the folder itself instead of "digits"`,
    });
  }
  if (name !== undefined) return { name, ...(folder === undefined ? {} : { folder }) };
  const isFolder = await stat(word).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return { name: 'folder', folder: word };
  throw new FoveaError('name', {
    where: `data "${word}"`,
    rule: 'it is neither the name of a data set nor a folder that is there',
    remedy: `${suggestName(word, DATA_NAMES)} A folder must hold the four idx files of MNIST's form`,
  });
}

/** Opens the data, after fetching it where it is not there yet. */
export async function openData(choice: DataChoice, terminal: Terminal): Promise<OpenedData> {
  const { name, trainSize, testSize, seed } = choice;
  if (name === 'digits') {
    const made = digits({
      ...(trainSize === undefined ? {} : { train: trainSize }),
      ...(testSize === undefined ? {} : { test: testSize }),
      ...(seed === undefined ? {} : { seed }),
    });
    return { ...made, title: 'digits', argument: 'digits', available: Number.POSITIVE_INFINITY };
  }
  const variant: MnistVariant = name === 'fashion-mnist' ? 'fashionMnist' : 'mnist';
  const folder = choice.folder ?? (await fetchFiles(variant, terminal));
  const { train, test } = await readMnist(folder, variant);
  const title = name === 'folder' ? folder : name === 'mnist' ? 'MNIST' : 'Fashion-MNIST';
  return {
    train: firstOf(train, trainSize, '--train-size'),
    test: firstOf(test, testSize, '--test-size'),
    available: train.size,
    title,
    argument: name === 'folder' ? folder : name,
  };
}

function firstOf(dataset: Dataset, size: number | undefined, optionName: string): Dataset {
  if (size === undefined || size === dataset.size) return dataset;
  if (size <= dataset.size)
    return subset(
      dataset,
      Uint32Array.from({ length: size }, (_, i) => i),
    );
  throw new FoveaError('option', {
    where: `option ${optionName}`,
    rule: `there are ${dataset.size} examples`,
    received: `${size}`,
    remedy: `Ask for at most ${dataset.size}`,
  });
}

async function fetchFiles(variant: MnistVariant, terminal: Terminal): Promise<string> {
  const bar = new ProgressBar(terminal.stderr);
  let announced = false;
  try {
    return await downloadMnist({
      variant,
      signal: terminal.signal,
      onProgress: ({ file, bytes, totalBytes }) => {
        if (!announced && !terminal.stderr.isTerminal) terminal.stderr.write('Downloading the data, once …\n');
        announced = true;
        const all = totalBytes ?? bytes;
        bar.draw(`Downloading ${file}`, bytes / all, () => `${megabytes(bytes)} of ${megabytes(all)}`);
      },
    });
  } finally {
    bar.clear();
  }
}

/** The folder that a command has to name to find the same data again. */
export function dataArguments({ name, folder }: DataChoice): string[] {
  return name === 'folder' ? [folder ?? '.'] : folder === undefined ? [name] : [name, '--data-folder', join(folder)];
}
