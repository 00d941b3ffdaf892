import type { Command } from 'commander';
import { subset } from '../../data/subset.js';
import type { ModelMetadata } from '../../formats/modelFile.js';
import type { JsonObject } from '../../layers/json.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { Predictor } from '../../train/predict.js';
import { addAugmentOption } from '../augment/augmentOption.js';
import { drawnFrom, TTA_AUGMENT, ttaOption } from '../augment/ttaOption.js';
import { addDataOptions, type DataOptions, dataFor } from '../data/dataOptions.js';
import { openData } from '../data/dataSource.js';
import { readExamples } from '../data/examples.js';
import { listPhotos, photoExamples } from '../data/photoExamples.js';
import { addEngineOptions, type EngineChoice, withEngine } from '../engineOptions.js';
import { commas, count } from '../format.js';
import { openTrainedModel } from '../models/modelSource.js';
import { classNamesFrom, preprocessingFrom } from '../models/modelTexts.js';
import { oneOf, option, wholeNumber } from '../optionValues.js';
import { ProgressBar } from '../progressBar.js';
import { addSubmissionOptions, type SubmissionOptions, submission } from '../report/submission.js';
import type { Terminal } from '../terminal.js';
import { type ExampleSource, FORMATS, PredictionWriter } from './predictionWriter.js';

interface PredictOptions extends EngineChoice, DataOptions, SubmissionOptions {
  readonly data?: string;
  readonly limit?: number;
  readonly top?: number;
  readonly format?: (typeof FORMATS)[number];
  readonly json?: true;
  readonly batchSize?: number;
  readonly tta?: number;
  readonly augment?: JsonObject;
}

/** `fovea predict MODEL FILES…` */
export function addPredictCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('predict')
    .summary('say what is on pictures')
    .description(
      `Says of each picture which class it is most likely of, and how likely. Pictures are photos (JPEG, PNG, WebP, GIF, TIFF, AVIF; of a folder all that are in it), idx files (gzipped or not), or the test examples of data; without either, of the data that the model was trained on.`,
    )
    .argument('<model>', 'a model file (.safetensors), or the folder of a run')
    .argument('[files...]', 'photos, folders or lists (CSV, JSON) of photos, or idx files of pictures')
    .option('--data <name>', 'digits, mnist, fashion-mnist, or a folder: its test examples');
  addDataOptions(command)
    .addOption(option('--limit <n>', 'the first so many pictures', wholeNumber()))
    .addOption(option('--top <n>', 'so many of the likeliest classes', wholeNumber(), '1'))
    .addOption(option('--format <name>', 'text, csv, or json (one object per line)', oneOf(FORMATS), 'text'))
    .addOption(option('--batch-size <n>', 'pictures at once', wholeNumber(), '128; 32 photos'))
    .addOption(ttaOption())
    .option('--json', 'the same as --format json');
  addSubmissionOptions(command);
  addAugmentOption(command, TTA_AUGMENT);
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea predict runs/2026-01-31-digits-cnn --limit 10
  fovea predict runs/2026-01-31-photos-mobilenet cat.jpg dog.jpg
  fovea predict runs/2026-01-31-photos-mobilenet cat.jpg --tta 8
  fovea predict model.safetensors pictures.idx --format csv > classes.csv
  fovea predict model.safetensors --data mnist --top 3
  fovea predict runs/2026-01-31-photos-mobilenet test/ --kaggle a.csv --clip .95

With --kaggle no line is printed for each picture, unless --format asks for it.`,
    )
    .action((path: string, files: string[], options: PredictOptions) => predictAll(path, files, options, terminal));
}

async function predictAll(path: string, files: readonly string[], options: PredictOptions, terminal: Terminal) {
  if (files.length > 0 && options.data !== undefined) {
    throw new FoveaError('option', {
      where: 'option --data',
      rule: 'pictures come either from files or from data',
      received: 'both',
      remedy: 'Leave one out',
    });
  }
  const { model, metadata } = await openTrainedModel(path);
  const preprocessing = preprocessingFrom(metadata, path);
  if (preprocessing !== undefined && files.length === 0 && options.data === undefined) {
    throw new FoveaError('option', {
      where: 'argument files',
      rule: 'the model was made for photos, and none is named',
      remedy: `Name some: ${terminal.program} predict ${path} PHOTO…`,
    });
  }
  const photos = preprocessing === undefined ? [] : await listPhotos(files);
  const sources: (() => Promise<ExampleSource>)[] =
    preprocessing !== undefined && files.length > 0
      ? [() => photoExamples(photos, preprocessing)]
      : files.length > 0
        ? files.map((file) => () => readExamples(file, model))
        : [
            async () => {
              const { test, title } = await openData(await dataFor(options.data, options, metadata), terminal);
              return { name: title, examples: test };
            },
          ];
  const format = options.json ? 'json' : (options.format ?? 'text');
  const classNames = classesOf(model, metadata);
  const submit = await submission(options, classNames);
  const isSilent = submit !== undefined && options.format === undefined && !options.json;
  const writer = isSilent
    ? undefined
    : new PredictionWriter(terminal.stdout, format, options.top ?? 1, classNamesFrom(metadata));
  const submitted: { names: string[]; rows: Float32Array[] } = { names: [], rows: [] };
  const bar = new ProgressBar(terminal.stderr);
  const { signal } = terminal;
  await withEngine(options, async (engine) => {
    const predictor = new Predictor(model, engine);
    const batchSize = options.batchSize ?? (preprocessing === undefined ? 128 : 32);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for (const open of sources) {
      if (left <= 0) break;
      const source = await open();
      const examples = drawnFrom(source.examples, options);
      const wanted = Math.min(left, examples.size);
      left -= wanted;
      for (let start = 0; start < wanted; start += batchSize) {
        const n = Math.min(batchSize, wanted - start);
        const some = subset(
          examples,
          Uint32Array.from({ length: n }, (_, i) => start + i),
        );
        const predictions = await predictor.predict(some, { batchSize: n, signal, draws: options.tta ?? 0 });
        writer?.write(source, start, predictions);
        if (submit !== undefined) {
          for (let i = 0; i < n; i++) {
            if (source.broken?.has(start + i)) continue;
            submitted.names.push(source.names?.[start + i] ?? `${start + i}`);
            submitted.rows.push(predictions.data.slice(i * classNames.length, (i + 1) * classNames.length));
          }
        }
        const done = start + n;
        if (isSilent) bar.draw('predicting', done / wanted, () => `${commas(done)} of ${commas(wanted)}`);
      }
      bar.clear();
      reportBroken(source, wanted, terminal);
    }
  }).finally(() => bar.clear());
  if (submit === undefined) return;
  const probabilities = new Float32Array(submitted.rows.length * classNames.length);
  for (const [i, row] of submitted.rows.entries()) probabilities.set(row, i * classNames.length);
  await submit({ probabilities, names: submitted.names });
  if (isSilent) terminal.stdout.write(`${count(submitted.rows.length, 'prediction')} in ${options.kaggle}\n`);
}

/** The classes that a model tells apart, by their names or numbers. */
function classesOf({ outputShapes }: Model, metadata: ModelMetadata): readonly string[] {
  const numbers = Array.from({ length: outputShapes[0]?.at(-1) ?? 0 }, (_, c) => `${c}`);
  const names = classNamesFrom(metadata);
  return names?.length === numbers.length ? names : numbers;
}

/** Photos that cannot be read do not stop the others; where there are no others, that is an error. */
function reportBroken({ broken = new Map() }: ExampleSource, wanted: number, { stderr }: Terminal): void {
  const errors = [...broken.values()];
  const [first] = errors;
  if (first !== undefined && errors.length === wanted) throw first;
  for (const { message } of errors) stderr.write(`left out: ${message}\n`);
}
