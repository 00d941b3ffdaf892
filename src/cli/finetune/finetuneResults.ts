import { basename, join } from 'node:path';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import { reportPage } from '../../pages/report/reportPage.js';
import type { Advice } from '../../report/coach/finding.js';
import type { Measure } from '../../report/measure.js';
import type { Predictions } from '../../report/predictions.js';
import { suspectedLabels } from '../../report/suspectedLabels.js';
import { commas, count, duration } from '../format.js';
import { commandText, stepWords, withOptions } from '../report/adviceText.js';
import { photoPictures } from '../report/pictureFiles.js';
import type { Terminal } from '../terminal.js';
import { finetuneWords } from './finetuneCommandLine.js';
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
  readonly advice: Advice;
  readonly wholeNetworkDifference: number | undefined;
  readonly seconds: Readonly<Record<string, number>>;
  readonly waiting: FinetuneResult['waiting'];
}

/** Writes what stays of a fine-tuning besides its model and its logs: `report.json` and `report.html`. */
export async function writeResults(
  outcome: FinetuneOutcome,
  terminal: Pick<Terminal, 'program'>,
): Promise<FinetuneResult> {
  const { run, learned } = outcome;
  const { photos, config, folder } = run;
  const result = resultOf(outcome);
  const { duplicates } = photos.folder;
  const problems = photos.folder.problems.map(({ path: file, kind, message }) => ({ file, kind, message }));
  const report = { fovea: config.fovea, config, ...result, history: learned.history, duplicates, problems };
  await writeFileAtomic(join(folder.path, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writePage(outcome, result, terminal);
  return result;
}

async function writePage(
  { run, learned, measured, advice }: FinetuneOutcome,
  result: FinetuneResult,
  terminal: Pick<Terminal, 'program'>,
): Promise<void> {
  if (measured === undefined) return;
  const { part, data, predictions } = measured;
  const { head, all } = learned.history;
  const page = await reportPage({
    title: `${basename(result.photos)}: ${result.classes.length <= 4 ? result.classes.join(', ') : `${result.classes.length} classes`}`,
    predictions,
    examples: part === 'test' ? 'test photos' : 'validation photos',
    stages: [
      ...(head === undefined ? [] : [{ name: 'new layer', epochs: head }]),
      ...(all === undefined ? [] : [{ name: 'more layers', epochs: all }]),
    ],
    advice,
    ...(result.coach.next === null ? {} : { nextCommand: commandText(terminal, result.coach.next) }),
    suspects: suspectedLabels(predictions),
    configuration: configurationRows(run, result, terminal),
    leftOut: run.photos.folder.problems.map(({ path, message }) => ({ file: path, message })),
    picture: photoPictures(data),
    madeBy: `Made by Fovea ${run.config.fovea}`,
  });
  await writeFileAtomic(join(run.folder.path, 'report.html'), page);
}

function configurationRows(
  { config }: PreparedFinetuning,
  { photos, base, weights, train, valid, test, parameters, engine, seconds, model }: FinetuneResult,
  terminal: Pick<Terminal, 'program'>,
): [string, string][] {
  const { epochs, learningRate, batchSize, dropout, weightDecay, seed, unfreeze, unfreezeEpochs } = config.training;
  return [
    ['photos', `${photos}: ${commas(train)} to train on, ${commas(valid)} to validate, ${commas(test)} to test`],
    ['base', `${base}, ${commas(parameters.total)} parameters, of which ${commas(parameters.trainable)} learn`],
    ['weights', `${weights} (SHA-256 ${config.base.sha256.slice(0, 16)}…)`],
    ['new layer', `${count(epochs, 'epoch')}, learning rate ${learningRate} in one cycle, batches of ${batchSize}`],
    ['more layers', unfreeze === null ? 'stay as they are' : `from ${unfreeze}: ${count(unfreezeEpochs, 'epoch')}`],
    ['regularization', `dropout ${dropout}, weight decay ${weightDecay}`],
    ['seed', `${seed}`],
    ['engine', engine],
    [
      'time',
      Object.entries(seconds)
        .map(([name, s]) => `${name} ${duration(s)}`)
        .join(', '),
    ],
    ['model', model],
    ['again', commandText(terminal, finetuneWords(config))],
  ];
}

function resultOf({
  run,
  facts,
  measured,
  advice,
  wholeNetworkDifference,
  seconds,
  waiting,
}: FinetuneOutcome): FinetuneResult {
  const options = stepWords(advice.steps[0]);
  const next = options === undefined ? null : withOptions(finetuneWords(run.config), options);
  const rest = { coach: { ...advice, next }, wholeNetworkDifference, seconds, waiting, model: run.folder.model };
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
