import type { Command } from 'commander';
import { writeFileAtomic } from '../../formats/node/files.js';
import { type KaggleOptions, kaggleCsv, type UnlabelledPredictions } from '../../report/predictionFiles.js';
import { asProbabilities } from '../../report/predictions.js';
import { FoveaError } from '../../tensor/errors.js';
import { option, realNumber } from '../optionValues.js';
import { checkFilePlace } from '../outputFolder.js';

/** What a submission is asked to be. */
export interface SubmissionOptions {
  readonly kaggle?: string;
  readonly clip?: number;
  readonly positive?: string;
}

/** Adds `--kaggle`, `--clip` and `--positive`. */
export function addSubmissionOptions(command: Command): Command {
  return command
    .option('--kaggle <file>', 'write predictions in the form of a Kaggle submission')
    .addOption(option('--clip <n>', 'highest probability in a submission, as 0.95', realNumber({ below: 1 })))
    .option('--positive <class>', 'of two classes the one whose probability is submitted (default: the last by name)');
}

/**
 * Checks before anything is computed whether a submission can be made, and gives what writes it; undefined where none is
 * asked for.
 *
 * @throws FoveaError `option` for options that belong to one that is not asked for, a class that there is not, or a clip
 * that is too low; `file` for a place that cannot be written to.
 */
export async function submission(
  { kaggle, clip, positive }: SubmissionOptions,
  classNames: readonly string[],
): Promise<((predictions: SubmittedPredictions) => Promise<void>) | undefined> {
  if (kaggle === undefined) {
    const alone = clip !== undefined ? '--clip' : positive !== undefined ? '--positive' : undefined;
    if (alone === undefined) return undefined;
    throw new FoveaError('option', { where: `option ${alone}`, rule: 'it is for --kaggle', received: 'no --kaggle' });
  }
  if (classNames.length < 2) {
    throw new FoveaError('option', {
      where: 'option --kaggle',
      rule: 'a submission is of a classifier of at least two classes',
      received: `${classNames.length}`,
    });
  }
  if (positive !== undefined && classNames.length > 2) {
    throw new FoveaError('option', {
      where: 'option --positive',
      rule: 'it is for two classes; of more each has its column',
      received: `${classNames.length} classes`,
    });
  }
  const how: KaggleOptions = {
    ...(clip === undefined ? {} : { clip }),
    ...(positive === undefined ? {} : { positive }),
  };
  kaggleCsv({ classNames, probabilities: new Float32Array(0), ids: [] }, how);
  await checkFilePlace(kaggle);
  return async ({ probabilities, names }) => {
    const [ids, rows] = [submittedIds(names, classNames.length), asProbabilities(probabilities, classNames.length)];
    await writeFileAtomic(kaggle, kaggleCsv({ classNames, probabilities: rows, ids }, how));
  };
}

interface SubmittedPredictions extends Pick<UnlabelledPredictions, 'probabilities'> {
  /** What each example is called: its path, or its number. */
  readonly names: readonly string[];
}

/**
 * What submissions call photos: of two classes `test/12.jpg` is `12`, as in Dogs vs Cats; of more the name of the file,
 * `img_1.jpg`, as in State Farm.
 */
function submittedIds(names: readonly string[], classes: number): string[] {
  const first = new Map<string, string>();
  return names.map((name) => {
    const file = name.replace(/^.*[/\\]/, '');
    const id = classes === 2 ? file.replace(/(?<=.)\.[^.]*$/, '') : file;
    const other = first.get(id);
    if (other === undefined) {
      first.set(id, name);
      return id;
    }
    throw new FoveaError('data', {
      where: 'submission',
      rule: `two examples have the id "${id}", which must be of one alone`,
      received: `${other} and ${name}`,
      remedy: 'Name one folder or file',
    });
  });
}
