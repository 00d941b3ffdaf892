import type { Command } from 'commander';
import { subset } from '../data/subset.js';
import type { JsonObject } from '../layers/json.js';
import { FoveaError } from '../tensor/errors.js';
import { Predictor } from '../train/predict.js';
import { addAugmentOption } from './augmentOption.js';
import { addDataOptions, type DataOptions, dataFor } from './dataOptions.js';
import { openData } from './dataSource.js';
import { addEngineOptions, type EngineChoice, withEngine } from './engineOptions.js';
import { readExamples } from './examples.js';
import { openTrainedModel } from './modelSource.js';
import { classNamesFrom, preprocessingFrom } from './modelTexts.js';
import { oneOf, option, wholeNumber } from './optionValues.js';
import { listPhotos, photoExamples } from './photoExamples.js';
import { type ExampleSource, FORMATS, PredictionWriter } from './predictionWriter.js';
import type { Terminal } from './terminal.js';
import { drawnFrom, TTA_AUGMENT, ttaOption } from './ttaOption.js';

interface PredictOptions extends EngineChoice, DataOptions {
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
  fovea predict model.safetensors --data mnist --top 3`,
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
  const writer = new PredictionWriter(terminal.stdout, format, options.top ?? 1, classNamesFrom(metadata));
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
        writer.write(source, start, await predictor.predict(some, { batchSize: n, signal, draws: options.tta ?? 0 }));
      }
      reportBroken(source, wanted, terminal);
    }
  });
}

/** Photos that cannot be read do not stop the others; where there are no others, that is an error. */
function reportBroken({ broken = new Map() }: ExampleSource, wanted: number, { stderr }: Terminal): void {
  const errors = [...broken.values()];
  const [first] = errors;
  if (first !== undefined && errors.length === wanted) throw first;
  for (const { message } of errors) stderr.write(`left out: ${message}\n`);
}
