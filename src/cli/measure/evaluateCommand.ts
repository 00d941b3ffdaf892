import type { Command } from 'commander';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { JsonObject } from '../../layers/json.js';
import { reportPage } from '../../pages/report/reportPage.js';
import { type Calibration, calibration } from '../../report/calibration.js';
import { ensemble } from '../../report/ensemble.js';
import { type Measure, measure } from '../../report/measure.js';
import { predictionsCsv } from '../../report/predictionFiles.js';
import { collectPredictions, type Predictions } from '../../report/predictions.js';
import { suspectedLabels } from '../../report/suspectedLabels.js';
import { addAugmentOption } from '../augment/augmentOption.js';
import { drawnFrom, TTA_AUGMENT, ttaOption } from '../augment/ttaOption.js';
import { addDataOptions } from '../data/dataOptions.js';
import { addPhotoOptions } from '../data/photoOptions.js';
import { addEngineOptions, type EngineChoice, withEngine } from '../engineOptions.js';
import { commas, percent } from '../format.js';
import { oneOf, option, wholeNumber } from '../optionValues.js';
import { checkFilePlace } from '../outputFolder.js';
import { ProgressBar } from '../progressBar.js';
import { addSubmissionOptions, type SubmissionOptions, submission } from '../report/submission.js';
import { paint, type Terminal } from '../terminal.js';
import { accuracyText, classTable, confusionTable, mixupText } from '../train/measureText.js';
import { version } from '../version.js';
import { type MeasuredExamples, type MeasuredOptions, measuredExamples } from './measuredExamples.js';

interface EvaluateOptions extends EngineChoice, MeasuredOptions, SubmissionOptions {
  readonly with?: readonly string[];
  readonly batchSize?: number;
  readonly tta?: number;
  readonly augment?: JsonObject;
  readonly report?: string;
  readonly csv?: string;
  readonly json?: true;
}

/** `fovea evaluate MODEL [data]` */
export function addEvaluateCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('evaluate')
    .summary('measure a trained model: accuracy, loss, each class, what is taken for what')
    .description(
      `Measures a trained model on data or photos, in inference mode: loss, accuracy with its 95 % interval (Wilson), precision and recall of each class, the confusion matrix, and whether probabilities can be believed. Several models together are an ensemble.`,
    )
    .argument('<model>', 'a model file (.safetensors), or the folder of a run')
    .argument(
      '[data]',
      'digits, mnist, fashion-mnist, a folder with idx files, or photos (default: those of the run that nothing was learned from)',
    );
  addPhotoOptions(addDataOptions(command))
    .addOption(
      option('--split <part>', 'which examples', oneOf(['test', 'valid', 'train']), 'test; of photos valid if no test'),
    )
    .option(
      '--with <model>',
      'another model, for an ensemble; may be given again',
      (one: string, all: string[] = []) => [...all, one],
    )
    .addOption(option('--batch-size <n>', 'examples at once', wholeNumber(), '128; 32 photos'))
    .option('--report <file>', 'write everything as one page of HTML')
    .option('--csv <file>', 'write the prediction for each example');
  addSubmissionOptions(command).addOption(ttaOption()).option('--json', 'print one JSON object');
  addAugmentOption(command, TTA_AUGMENT);
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea evaluate runs/2026-01-31-digits-cnn
  fovea evaluate runs/2026-01-31-photos-mobilenet --report report.html
  fovea evaluate runs/2026-01-31-photos-mobilenet ~/other-photos --csv all.csv
  fovea evaluate runs/first --with runs/second --with runs/third
  fovea evaluate model.safetensors mnist --data-folder ~/data/mnist --json`,
    )
    .action((path: string, word: string | undefined, options: EvaluateOptions) =>
      evaluateModels([path, ...(options.with ?? [])], word, options, terminal),
    );
}

async function evaluateModels(
  paths: readonly string[],
  word: string | undefined,
  options: EvaluateOptions,
  terminal: Terminal,
): Promise<void> {
  for (const file of [options.report, options.csv]) if (file !== undefined) await checkFilePlace(file);
  const bar = new ProgressBar(terminal.stderr);
  const members: { readonly examples: MeasuredExamples; readonly predictions: Predictions }[] = [];
  let submit: Awaited<ReturnType<typeof submission>>;
  await withEngine(options, async (engine) => {
    for (const [i, path] of paths.entries()) {
      const examples = await measuredExamples(path, word, options, terminal);
      const { data, isPhotos, opened } = examples;
      if (i === 0) submit = await submission(options, classesOf(examples));
      const title = paths.length === 1 ? 'evaluating' : `evaluating ${i + 1}/${paths.length}`;
      const predictions = await collectPredictions(opened.model, drawnFrom(data, options), {
        ...{ engine, batchSize: options.batchSize ?? (isPhotos ? 32 : 128), signal: terminal.signal },
        draws: options.tta ?? 0,
        onProgress: (n) => bar.draw(title, n / data.size, () => `${commas(n)} of ${commas(data.size)}`),
      });
      members.push({ examples, predictions });
    }
  }).finally(() => bar.clear());
  const [first] = members as [(typeof members)[number]];
  const predictions = ensemble(members.map((member) => member.predictions));
  await writeFiles(predictions, first.examples, members.length, options);
  await submit?.({
    probabilities: predictions.probabilities,
    names: Array.from(predictions.indices, (index, i) => predictions.names?.[i] ?? `${index}`),
  });
  const [result, believed] = [measure(predictions), calibration(predictions)];
  if (options.json) {
    const { choice, part, opened } = first.examples;
    const head = { event: 'evaluation', model: opened.from, data: choice, split: part };
    const { wrong, ...numbers } = result;
    const each = members.length === 1 ? {} : { members: members.map((one) => memberNumbers(one)) };
    terminal.stdout.write(`${JSON.stringify({ ...head, ...each, ...numbers, calibration: believed, wrong })}\n`);
    return;
  }
  for (const line of textOf(result, believed, members, terminal)) terminal.stdout.write(`${line}\n`);
}

/** The classes that a model tells apart, by their names or numbers. */
function classesOf({ data, opened }: MeasuredExamples): readonly string[] {
  return data.classNames ?? Array.from({ length: opened.model.outputShapes[0]?.at(-1) ?? 0 }, (_, c) => `${c}`);
}

function memberNumbers({
  examples,
  predictions,
}: {
  readonly examples: MeasuredExamples;
  readonly predictions: Predictions;
}) {
  const { accuracy, interval, loss, lossInterval } = measure(predictions);
  return { model: examples.opened.from, accuracy, interval, loss, lossInterval };
}

function textOf(
  result: Measure,
  { ece, eceInterval, temperature, temperatureInterval }: Calibration,
  members: readonly { readonly examples: MeasuredExamples; readonly predictions: Predictions }[],
  terminal: Terminal,
): string[] {
  const mixups = mixupText(result);
  const [{ examples }] = members as [(typeof members)[number]];
  const { title, opened } = examples;
  const name = members.length === 1 ? opened.from : `${members.length} models together`;
  const { low, high } = temperatureInterval;
  return [
    paint(terminal, 'bold', `${name} on the ${title}`),
    accuracyText(result),
    ...(members.length === 1
      ? []
      : ['', ...members.map((one) => `  ${one.examples.opened.from}: ${accuracyText(measure(one.predictions))}`)]),
    '',
    ...classTable(result),
    '',
    'Rows are true classes, columns what they were taken for:',
    ...confusionTable(result),
    ...(mixups === '' ? [] : ['', `Most confused: ${mixups}`]),
    '',
    `Calibration error ${percent(ece, 1)} (${percent(eceInterval.low, 1)} to ${percent(eceInterval.high, 1)}), temperature ${temperature.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})${low > 1 ? ': too sure of itself' : high < 1 ? ': not sure enough of itself' : ''}`,
  ];
}

async function writeFiles(
  predictions: Predictions,
  { title, opened, part, isPhotos, picture }: MeasuredExamples,
  members: number,
  { report, csv }: EvaluateOptions,
): Promise<void> {
  if (csv !== undefined) await writeFileAtomic(csv, predictionsCsv(predictions));
  if (report === undefined) return;
  const page = await reportPage({
    ...{ title: `${opened.shortName} on the ${title}`, predictions, examples: title },
    example: isPhotos ? 'photo' : 'example',
    // About what it learned from, a network says little else than the labels.
    suspects: part === 'train' ? undefined : suspectedLabels(predictions),
    configuration: [
      ['model', members === 1 ? opened.from : `${opened.from} and ${members - 1} more`],
      ['parameters', commas(opened.model.countParameters().total)],
    ],
    ...(picture === undefined ? {} : { picture }),
    madeBy: `Made by Fovea ${version()}`,
  });
  await writeFileAtomic(report, page);
}
