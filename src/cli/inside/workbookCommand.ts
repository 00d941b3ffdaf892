import { access } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Command } from 'commander';
import { digits } from '../../data/digits.js';
import { createPhotoDecoder } from '../../data/node/photoDecoder.js';
import { resizePhoto } from '../../data/photos/resizePhoto.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { xlsxPieces } from '../../formats/xlsx/writeXlsx.js';
import { describeNetwork } from '../../pages/workbook/describeNetwork.js';
import { exampleNetwork, randomExample } from '../../pages/workbook/exampleNetwork.js';
import type { NetworkDescription } from '../../pages/workbook/networkDescription.js';
import { networkWorkbook, type WorkbookOptions } from '../../pages/workbook/workbook.js';
import { FoveaError } from '../../tensor/errors.js';
import { formatShape } from '../../tensor/shape.js';
import { dataFor } from '../data/dataOptions.js';
import { openData } from '../data/dataSource.js';
import { photoExamples } from '../data/photoExamples.js';
import { megabytes } from '../format.js';
import { openTrainedModel } from '../models/modelSource.js';
import { classNamesFrom, preprocessingFrom } from '../models/modelTexts.js';
import { option, wholeNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';

interface WorkbookCommandOptions {
  readonly data?: string;
  readonly dataFolder?: string;
  readonly digit?: number;
  readonly photo?: string;
  readonly out?: string;
  readonly force?: true;
  readonly json?: true;
}

/** A picture as the network takes it, and what is known of it. */
interface Picture extends WorkbookOptions {
  readonly x: Float32Array;
  readonly says: string;
}

const MAX_PHOTO_BYTES = 2 ** 28;

/** `fovea workbook [MODEL]` */
export function addWorkbookCommand(program: Command, terminal: Terminal): void {
  program
    .command('workbook')
    .summary('write a small network as a spreadsheet with live formulas')
    .description(
      'Writes an Excel workbook (.xlsx; LibreOffice and others open it too) in which every number of a network is a formula: change a pixel or a weight and see what becomes of the result. Beside the network: softmax against plain proportions, and cross-entropy with the natural logarithm and with base 10. Without a model: two convolutions with random filters.',
    )
    .argument('[model]', 'a model file (.safetensors), or the folder of a run: a small chain of layers')
    .option('--data <name>', 'digits, mnist, fashion-mnist, or a folder (default: what the model was trained on)')
    .option('--data-folder <folder>', 'where the idx files of mnist or fashion-mnist are, instead of the cache')
    .addOption(option('--digit <n>', 'the test example of this number', wholeNumber(0), '0'))
    .option('--photo <file>', 'a photo instead of a test example')
    .option('--out <file>', 'a name that ends with .xlsx (default: workbook.xlsx)')
    .option('--force', 'replace the file where it is there already')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  fovea workbook
  fovea workbook runs/2026-01-31-digits-small --digit 7
  fovea workbook model.safetensors --photo seven.jpg --out seven.xlsx

A network of the size of two or three small layers fits: train one that is
described in a file with: fovea train digits --model small.json`,
    )
    .action((model: string | undefined, options: WorkbookCommandOptions) => writeWorkbook(model, options, terminal));
}

async function writeWorkbook(path: string | undefined, options: WorkbookCommandOptions, terminal: Terminal) {
  const out = options.out ?? 'workbook.xlsx';
  await checkOut(out, options);
  const { network, picture } = await open(path, options, terminal);
  const { scores, sheets, places } = networkWorkbook(network, picture.x, picture);
  if (terminal.signal.aborted) throw new FoveaError('aborted', { where: 'fovea workbook', rule: 'it was stopped' });
  const pieces = xlsxPieces(sheets);
  await writeFileAtomic(out, pieces);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (options.json) {
    const facts = { file: out, bytes, sheets: sheets.map(({ name }) => name), picture: picture.says, scores, places };
    terminal.stdout.write(`${JSON.stringify(facts)}\n`);
    return;
  }
  const best = scores.reduce((found, score, i) => (score > (scores[found] as number) ? i : found), 0);
  const called = picture.classNames?.[best] ?? String(best);
  const said =
    scores.length === 1
      ? `Its last value, at ${places[0]}, is ${scores[0]}.`
      : `The highest of ${scores.length} scores is that of ${called}: ${scores[best]}, at ${places[best]}.`;
  terminal.stdout.write(`${out} (${megabytes(bytes)}): ${picture.says}. ${said}\n`);
}

async function checkOut(out: string, { force }: WorkbookCommandOptions): Promise<void> {
  if (extname(out).toLowerCase() !== '.xlsx') {
    throw new FoveaError('option', {
      where: 'option --out',
      rule: 'the name must end with .xlsx',
      received: `"${out}"`,
    });
  }
  const there = await access(out).then(
    () => true,
    () => false,
  );
  if (!there || force) return;
  const remedy = 'Name another with --out, or add --force';
  throw new FoveaError('file', { where: `file "${out}"`, rule: 'it is there already', remedy });
}

async function open(
  path: string | undefined,
  options: WorkbookCommandOptions,
  terminal: Terminal,
): Promise<{ network: NetworkDescription; picture: Picture }> {
  const { photo } = options;
  if (photo !== undefined && (options.digit !== undefined || options.data !== undefined)) {
    const rule = 'the picture comes either from a photo or from data';
    throw new FoveaError('option', { where: 'option --photo', rule, received: 'both', remedy: 'Leave one out' });
  }
  if (path === undefined) {
    const network = exampleNetwork(randomExample());
    const picture =
      photo === undefined
        ? await example('digits', { test: digits().test }, options)
        : await grayPhoto(photo, network.inputShape);
    return { network, picture };
  }
  const { model, metadata } = await openTrainedModel(path);
  const network = await describeNetwork(model);
  const classNames = classNamesFrom(metadata);
  const named = classNames === undefined ? {} : { classNames };
  if (photo === undefined) {
    const { test, title } = await openData(await dataFor(options.data, options, metadata), terminal);
    return { network, picture: { ...named, ...(await example(title, { test }, options)) } };
  }
  const preprocessing = preprocessingFrom(metadata, path);
  if (preprocessing === undefined)
    return { network, picture: { ...named, ...(await grayPhoto(photo, network.inputShape)) } };
  const { examples, broken } = await photoExamples([photo], preprocessing);
  const { x } = await examples.batch(Uint32Array.of(0));
  const error = broken?.get(0);
  if (error !== undefined) throw error;
  return { network, picture: { ...named, x: x.data, says: basename(photo) } };
}

async function example(
  title: string,
  { test }: { readonly test: ReturnType<typeof digits>['test'] },
  { digit = 0 }: WorkbookCommandOptions,
): Promise<Picture> {
  if (digit >= test.size) {
    const rule = `${title} has ${test.size} test examples, counted from 0`;
    throw new FoveaError('option', { where: 'option --digit', rule, received: String(digit) });
  }
  const { x } = await test.batch(Uint32Array.of(digit));
  const trueClass = test.labels?.[digit];
  const { classNames } = test;
  const name = trueClass === undefined ? '' : `, a ${classNames?.[trueClass] ?? trueClass}`;
  return {
    x: x.data,
    says: `test example ${digit} of ${title}${name}`,
    ...(trueClass === undefined ? {} : { trueClass }),
    ...(classNames === undefined ? {} : { classNames }),
  };
}

/** A photo for a network of digits: gray, 0 to 1, white on black as they are. */
async function grayPhoto(path: string, shape: readonly number[]): Promise<Picture> {
  const [height = 1, width = 1, channels] = shape;
  if (channels !== 1) {
    throw new FoveaError('option', {
      where: 'option --photo',
      rule: 'the model does not say what photos must go through before it sees them',
      received: `a network for ${formatShape(shape)}`,
      remedy: 'Use a model that fovea finetune made, or one for gray pictures',
    });
  }
  const bytes = await readFileChecked(path, { maxBytes: MAX_PHOTO_BYTES });
  const { pixels } = resizePhoto(await (await createPhotoDecoder()).decode(bytes, `photo "${path}"`), height, width);
  const gray = Float32Array.from({ length: height * width }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(i * 3, i * 3 + 3);
    return (red + green + blue) / 765;
  });
  const dark = gray.reduce((sum, value) => sum + value, 0) / gray.length > 0.5;
  const x = dark ? gray.map((value) => 1 - value) : gray;
  return { x, says: `${basename(path)}${dark ? ', inverted: dark on light became light on dark' : ''}` };
}
