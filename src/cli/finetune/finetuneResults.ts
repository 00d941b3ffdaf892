import { join } from 'node:path';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { Measure } from '../../report/measure.js';
import type { Predictions } from '../../report/predictions.js';
import type { PhotoPart } from './finetunePhotos.js';
import type { FinetuneFacts, FinetuneResult, WorstMistake } from './finetuneReporter.js';
import type { Learned } from './finetuneStages.js';
import type { PreparedFinetuning } from './prepareFinetuning.js';

/** So many of the surest mistakes are named. */
const WORST = 10;

/** Everything that is known at the end of a fine-tuning. */
export interface FinetuneOutcome {
  readonly run: PreparedFinetuning;
  readonly facts: FinetuneFacts;
  readonly learned: Learned;
  /** What the result is worth on photos that nothing was learned from: the test photos, else those that were set aside. */
  readonly measured:
    | {
        readonly part: Exclude<PhotoPart, 'train'>;
        readonly data: PhotoDataset;
        readonly predictions: Predictions;
        readonly measure: Measure;
      }
    | undefined;
  readonly wholeNetworkDifference: number | undefined;
  readonly seconds: Readonly<Record<string, number>>;
  readonly waiting: FinetuneResult['waiting'];
}

/** Writes what stays of a fine-tuning besides its model and its logs: `report.json`. */
export async function writeResults(outcome: FinetuneOutcome): Promise<FinetuneResult> {
  const { run, learned } = outcome;
  const { photos, config, folder } = run;
  const result = resultOf(outcome);
  const { duplicates } = photos.folder;
  const problems = photos.folder.problems.map(({ path: file, kind, message }) => ({ file, kind, message }));
  const report = { fovea: config.fovea, config, ...result, history: learned.history, duplicates, problems };
  await writeFileAtomic(join(folder.path, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  return result;
}

function resultOf({ run, facts, measured, wholeNetworkDifference, seconds, waiting }: FinetuneOutcome): FinetuneResult {
  const rest = { wholeNetworkDifference, seconds, waiting, model: run.folder.model };
  if (measured === undefined) return { ...facts, measuredOn: undefined, measure: undefined, worst: [], ...rest };
  const { part, data, measure } = measured;
  const { wrong: _, ...numbers } = measure;
  return { ...facts, measuredOn: part, measure: numbers, worst: worstOf(measure, data), ...rest };
}

function worstOf({ wrong }: Measure, { names, classNames }: PhotoDataset): WorstMistake[] {
  const surest = [...wrong].sort((a, b) => b.output - a.output).slice(0, WORST);
  return surest.map(({ index, truth, predicted, output }) => ({
    photo: names[index] ?? `${index}`,
    truth: classNames[truth] ?? `${truth}`,
    predicted: classNames[predicted] ?? `${predicted}`,
    probability: output,
  }));
}
