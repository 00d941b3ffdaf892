import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import type { Augmentation } from '../../data/augment/augmentation.js';
import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { augmentationFromText } from '../../data/augment/presets.js';
import { augmentationQuestions } from '../../data/augment/questions.js';
import type { Dataset } from '../../data/dataset.js';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { encodePng } from '../../draw/png.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { JsonObject } from '../../layers/json.js';
import { augmentSheetPage, augmentSheetRaster, type SweepRow } from '../../pages/augment/augmentSheet.js';
import { type AugmentVariant, isFlipped } from '../../pages/augment/variantFigure.js';
import { FoveaError } from '../../tensor/errors.js';
import { Predictor } from '../../train/predict.js';
import { addDataOptions, checkFits, dataFor } from '../data/dataOptions.js';
import { openData } from '../data/dataSource.js';
import { photoExamples } from '../data/photoExamples.js';
import { addEngineOptions, withEngine } from '../engineOptions.js';
import { openTrainedModel } from '../models/modelSource.js';
import { classNamesFrom, preprocessingFrom } from '../models/modelTexts.js';
import { option, wholeNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { addAugmentOption, presetsHelp } from './augmentOption.js';
import { SWEPT_PHOTOS, type SweepOptions, sweepPhotos } from './augmentSweep.js';
import {
  type FedVariant,
  fedVariants,
  type PredictedVariant,
  sweepStrengths,
  withPrediction,
} from './augmentVariants.js';

interface AugmentOptions extends SweepOptions {
  readonly data?: string;
  readonly variants?: number;
  readonly index?: number;
  readonly size?: number;
  readonly sweep?: true;
}

/** `fovea augment PHOTO` */
export function addAugmentCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('augment')
    .summary('see what augmentation makes of a photo before training with it')
    .description(
      'Draws a sheet of changed copies of one photo, the very pixels that training with the same seed feeds, with what was drawn under each; as a picture (PNG) and as a page (HTML). With a model, its prediction for each: those that it takes for something else are marked.',
    )
    .argument('[photo]', 'a photo: JPEG, PNG, WebP, GIF, TIFF or AVIF')
    .option('--data <name>', 'instead of a photo, the training picture --index of digits, mnist, … or a folder');
  addAugmentOption(addDataOptions(command), 'what is done: a preset or transforms, see below (default: photos)');
  command
    .option('--model <model>', 'a model file, or the folder of a run: what it says of each')
    .addOption(option('-n, --variants <n>', 'changed copies', wholeNumber(1, 200), '11'))
    .addOption(option('--seed <n>', 'as in training', wholeNumber(0), '0'))
    .addOption(option('--index <n>', "the photo's number among those to learn from", wholeNumber(0), '0'))
    .addOption(option('--size <n>', 'side of the square that is cut out, in pixels', wholeNumber(8, 2048), '224'))
    .option(
      '--sweep',
      'with a model: each transform at 5 strengths, and when the model errs; without a photo, on photos that it has not learned from',
    )
    .option('--photos <folder>', "of a sweep: photos by class, or a list (default: the run's own validation photos)")
    .addOption(option('--sample <n>', 'of a sweep: so many of the photos', wholeNumber(1, 10_000), `${SWEPT_PHOTOS}`))
    .option('-o, --out <name>', 'files <name>.png and <name>.html (default: <photo>-augment)')
    .option('--json', 'print one JSON object a line')
    .option('-q, --quiet', 'print nothing but errors');
  addEngineOptions(command).addHelpText(
    'after',
    `
${presetsHelp()}

Examples:
  fovea augment cat.jpg
  fovea augment cat.jpg --augment rotation=25,flipHorizontal --model runs/cats
  fovea augment --sweep --model runs/cats
      from which strength on the model errs surely more often
  fovea augment --data mnist --index 13 --augment rotation=180 --variants 20`,
  );
  command.action(async (photo: string | undefined, options: AugmentOptions) => {
    const asked = options.photos !== undefined || options.sample !== undefined;
    if (asked || (options.sweep && photo === undefined && options.data === undefined)) {
      if (photo !== undefined || options.data !== undefined) {
        command.error('error: a sweep is over one photo, or over those of --photos, and not both');
      }
      const { model } = options;
      if (model === undefined) return command.error('error: a sweep over photos asks a model: add --model');
      return sweepPhotos(model, options, terminal);
    }
    if ((photo === undefined) === (options.data === undefined)) {
      command.error('error: name a photo, or data with --data, and not both');
    }
    await drawSheet(photo, options, terminal);
  });
}

async function drawSheet(photo: string | undefined, options: AugmentOptions, terminal: Terminal): Promise<void> {
  const { seed = 0, index = 0, variants: n = 11, quiet = false, json = false } = options;
  const opened = options.model === undefined ? undefined : await openTrainedModel(options.model);
  const source = await openPicture(photo, options, opened?.metadata, terminal);
  if (opened !== undefined) checkFits(opened.model, source.data, source.name);
  const usual = source.data.inputShape[2] === 1 ? 'digits' : 'photos';
  const config = options.augment ?? (augmentationFromText(usual).config() as JsonObject);
  const chosen = augmentationFromConfig(config);
  const classNames = source.data.classNames ?? (opened === undefined ? undefined : classNamesFrom(opened.metadata));
  const known = classNames === undefined ? {} : { classNames };
  const questions = augmentationQuestions(chosen, known);
  const draw = (how: Augmentation, epochs: readonly (number | undefined)[]) =>
    fedVariants(source.data, source.at, how, { seed, index }, epochs);
  const [original, ...rest] = await draw(chosen, [undefined, ...Array.from({ length: n }, (_, epoch) => epoch)]);
  let shown: { readonly original: AugmentVariant; readonly variants: AugmentVariant[] } = {
    original: original as FedVariant,
    variants: rest,
  };
  let sweep: SweepRow[] | undefined;
  if (opened !== undefined) {
    await withEngine(options, async (engine) => {
      const predictor = new Predictor(opened.model, engine);
      const predicted = (variant: FedVariant): Promise<PredictedVariant> =>
        withPrediction(variant, predictor, source.data, classNames);
      const first = await predicted(original as FedVariant);
      const all: AugmentVariant[] = [];
      for (const variant of rest) all.push(await predicted(variant));
      shown = { original: first, variants: all };
      if (options.sweep) sweep = await sweepStrengths(config, first, (how, epochs) => draw(how, epochs), predicted);
    });
  }
  const sheet = {
    ...{ ...shown, name: source.name, seed, questions, config: JSON.stringify(config, undefined, 2) },
    ...(sweep === undefined ? {} : { sweep }),
  };
  const out = options.out ?? `${basename(source.name, extname(source.name))}-augment`;
  await writeFileAtomic(
    `${out}.png`,
    await encodePng(augmentSheetRaster(sheet), { texts: { Software: 'fovea augment' } }),
  );
  await writeFileAtomic(`${out}.html`, await augmentSheetPage(sheet));
  if (json) return printJson(sheet, out, terminal);
  if (quiet) return;
  for (const [i, variant] of sheet.variants.entries()) {
    const said = variant.prediction;
    const says = said === undefined ? '' : `  ${said.className} ${(100 * said.probability).toFixed(1)} %`;
    const mark = isFlipped(variant, sheet.original) ? '  (flipped)' : '';
    const steps = variant.steps.map(({ text }) => text).join(', ') || 'nothing drawn';
    terminal.stdout.write(`${String(i + 1).padStart(3)}  ${steps}${says}${mark}\n`);
  }
  for (const { transform, points } of sweep ?? []) {
    const texts = points.map(
      (p) => `×${p.strength} ${(100 * p.probability).toFixed(0)} % (${(100 * p.flipped).toFixed(0)} % flipped)`,
    );
    terminal.stdout.write(`${transform}: ${texts.join(', ')}\n`);
  }
  for (const question of questions) terminal.stdout.write(`\n${question}\n`);
  terminal.stdout.write(`\nSheet: ${out}.png, ${out}.html\n`);
}

function printJson(
  sheet: {
    readonly original: AugmentVariant;
    readonly variants: readonly AugmentVariant[];
    readonly questions: readonly string[];
    readonly sweep?: readonly SweepRow[];
  },
  out: string,
  { stdout }: Terminal,
): void {
  for (const [epoch, { steps, prediction }] of sheet.variants.entries()) {
    const flipped = isFlipped(sheet.variants[epoch] as AugmentVariant, sheet.original);
    stdout.write(
      `${JSON.stringify({ event: 'variant', epoch, steps, ...(prediction === undefined ? {} : { prediction, flipped }) })}\n`,
    );
  }
  const { questions, sweep } = sheet;
  const end = {
    event: 'done',
    picture: `${out}.png`,
    page: `${out}.html`,
    questions,
    ...(sweep === undefined ? {} : { sweep }),
  };
  stdout.write(`${JSON.stringify(end)}\n`);
}

interface SourcePicture {
  readonly name: string;
  readonly data: Dataset;
  /** Which example of the data it is. */
  readonly at: number;
}

async function openPicture(
  photo: string | undefined,
  options: AugmentOptions,
  metadata: Readonly<Record<string, string>> | undefined,
  terminal: Terminal,
): Promise<SourcePicture> {
  if (photo === undefined) {
    const { train, title } = await openData(await dataFor(options.data, options, metadata ?? {}), terminal);
    const at = options.index ?? 0;
    if (at < train.size) return { name: `${title}-${at}`, data: train, at };
    const rule = `there are ${train.size} training pictures, numbered from 0`;
    throw new FoveaError('option', { where: 'option --index', rule, received: `${at}` });
  }
  const known = metadata === undefined ? undefined : preprocessingFrom(metadata, options.model ?? '');
  const { examples, broken = new Map() } = await photoExamples([photo], known ?? plainSquare(options.size ?? 224));
  await examples.batch(Uint32Array.of(0));
  for (const error of broken.values()) throw error;
  return { name: basename(photo), data: examples, at: 0 };
}

/** A square from the middle, as bytes of 0 to 255. */
function plainSquare(size: number): Preprocessing {
  return {
    ...{ resize: { mode: 'shortSide', to: size, interpolation: 'bilinear' }, crop: [size, size], channelOrder: 'rgb' },
    ...{ range: [0, 255], mean: [0, 0, 0], standardDeviation: [1, 1, 1] },
  };
}
