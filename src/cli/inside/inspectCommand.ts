import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { inspectFiles } from '../../pages/inspect/inspectFiles.js';
import { type Inspection, inspectModel } from '../../pages/inspect/inspection.js';
import { inspectionJson } from '../../pages/inspect/inspectionJson.js';
import { inspectionSentences } from '../../pages/inspect/inspectTexts.js';
import { FoveaError } from '../../tensor/errors.js';
import { zoo } from '../../zoo/zoo.js';
import { addEngineOptions, type EngineChoice, withEngine } from '../engineOptions.js';
import { openBase } from '../models/baseNetwork.js';
import { openModel } from '../models/modelSource.js';
import { classNamesFrom, preprocessingFrom } from '../models/modelTexts.js';
import { oneOf, option, wholeNumber } from '../optionValues.js';
import { ProgressBar } from '../progressBar.js';
import { paint, type Terminal } from '../terminal.js';
import { version } from '../version.js';
import { openFirstLayers } from './firstLayers.js';
import { openPhotosToShow } from './inspectPhotos.js';

interface InspectCommandOptions extends EngineChoice {
  readonly photos?: string;
  readonly limit?: number;
  readonly weights?: string;
  readonly layer?: readonly string[];
  readonly unit?: readonly string[];
  readonly compare?: string;
  readonly scale?: 'own' | 'shared';
  readonly optimize?: true;
  readonly out?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** `fovea inspect MODEL` */
export function addInspectCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('inspect')
    .summary('look inside a network: filters, activations, what its units look for')
    .description(
      `Looks inside a network and says what it finds: filters and which of them are dead, duplicates or noise; what each layer sees of a photo. With photos also activations, the patches of your own photos that excite units most, why a number is this number, which units are dead, and with --compare what changed since another network. It prints a sentence for every picture and writes one page that needs no network, the pictures as PNG and the numbers as JSON.`,
    )
    .argument('<model>', 'a model file (.safetensors), the folder of a run, or the name of a network with weights')
    .option('--photos <folder>', 'photos to look at: one sub-folder per class, or just photos')
    .addOption(option('--limit <n>', 'look at so many of them, taken evenly', wholeNumber()))
    .option('--layer <names...>', 'layers to look into (default: four from the first to the last)')
    .option('--unit <numbers...>', 'units of those layers (default: the three that stand out most in each)')
    .option('--compare <model>', 'the network that it was made from: what changed since')
    .addOption(
      option(
        '--scale <which>',
        "colors of activations: 'shared' by a layer, or each channel's 'own'",
        oneOf(['shared', 'own']),
        'shared',
      ),
    )
    .option('--optimize', 'also make a picture that excites each of the units: one to two minutes for each')
    .option('--weights <file>', "a named network's weights, instead of the usual ones; its first layers are enough")
    .option('-o, --out <folder>', 'where the page and the pictures go (default: inspect-<model>)')
    .option('--json', 'print the numbers as one JSON object')
    .option('--quiet', 'print only where the page is');
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea inspect runs/2026-01-31-photos-mobilenet --photos ~/photos
  fovea inspect runs/2026-01-31-photos-mobilenet --photos ~/photos --compare mobilenet
  fovea inspect squeezenet1_1 --photos ~/photos --layer fire9/expand3x3 --unit 12 40
  fovea inspect squeezenet1_1 --photos ~/photos --layer conv1 --unit 3 --optimize --scale own`,
    )
    .action((word: string, options: InspectCommandOptions) => inspect(word, options, terminal));
}

interface ToInspect {
  readonly model: Model;
  readonly preprocessing: Preprocessing | undefined;
  readonly classNames: readonly string[] | undefined;
}

async function inspect(word: string, options: InspectCommandOptions, terminal: Terminal): Promise<void> {
  const { stdout, stderr, signal } = terminal;
  const units = options.unit?.map(unitNumber);
  const { model, preprocessing, classNames } = await open(word, options.weights, terminal);
  if (options.photos !== undefined && preprocessing === undefined) {
    throw new FoveaError('option', {
      where: 'option --photos',
      rule: `"${word}" does not say what photos must go through before it sees them`,
      remedy: 'Leave the option out to see its filters, or use a model that fovea finetune made',
    });
  }
  if (options.optimize === true && options.photos === undefined) {
    throw new FoveaError('option', {
      where: 'option --optimize',
      rule: 'such pictures are shown beside the photos that excite a unit, never alone',
      remedy: 'Add --photos',
    });
  }
  const before = options.compare === undefined ? undefined : (await open(options.compare, undefined, terminal)).model;
  const bar = new ProgressBar(stderr);
  let found: Inspection;
  try {
    const photos =
      options.photos === undefined || preprocessing === undefined
        ? undefined
        : await openPhotosToShow(options.photos, preprocessing, options.limit, signal, (done, total) =>
            bar.draw('checking photos', done / total, () => `${done} of ${total}`),
          );
    if (!options.json && !options.quiet) for (const remark of photos?.remarks ?? []) stderr.write(`${remark}\n`);
    found = await withEngine(options, (engine) =>
      inspectModel(model, {
        ...{ engine, signal },
        ...(photos === undefined ? {} : { photos: photos.dataset }),
        ...(classNames === undefined ? {} : { classNames }),
        ...(options.layer === undefined ? {} : { layers: options.layer }),
        ...(units === undefined ? {} : { units }),
        ...(before === undefined ? {} : { before }),
        ...(options.optimize !== true || preprocessing === undefined ? {} : { optimize: { preprocessing } }),
        onProgress: (what, done, total) => bar.draw(what, done / total, () => `${done} of ${total}`),
      }),
    );
  } finally {
    bar.clear();
  }
  const folder = options.out ?? `inspect-${model.name.replace(/[^\w.-]+/g, '-')}`;
  const channelOrder = preprocessing?.channelOrder ?? 'rgb';
  const files = await inspectFiles(found, {
    channelOrder,
    scale: options.scale ?? 'shared',
    madeBy: `fovea ${version()}`,
  });
  await mkdir(folder, { recursive: true });
  for (const { name, data } of files) await writeFileAtomic(join(folder, name), data);
  const page = join(folder, 'index.html');
  if (options.json) {
    const plain = (_: string, value: unknown): unknown =>
      ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
    stdout.write(`${JSON.stringify({ event: 'inspection', page, ...inspectionJson(found) }, plain)}\n`);
    return;
  }
  if (!options.quiet) print(found, terminal);
  stdout.write(
    `${options.quiet ? page : `The page: ${page}, beside it ${files.length - 2} pictures and the numbers as JSON.`}\n`,
  );
}

async function open(word: string, weights: string | undefined, terminal: Terminal): Promise<ToInspect> {
  if (Object.keys(zoo).some((name) => plainName(name) === plainName(word))) {
    const opened = await openBase(word, weights, terminal).catch((error: unknown) => {
      if (weights === undefined || !(error instanceof FoveaError) || error.code !== 'name') throw error;
      return openFirstLayers(word, weights);
    });
    return { model: opened.model, preprocessing: opened.preprocessing, classNames: undefined };
  }
  const { model, metadata, trained } = await openModel(word);
  return {
    model,
    preprocessing: trained ? preprocessingFrom(metadata, word) : undefined,
    classNames: classNamesFrom(metadata),
  };
}

const plainName = (name: string): string => name.toLowerCase().replace(/[-_.\s]/g, '');

function unitNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new FoveaError('option', {
    where: 'option --unit',
    rule: 'units are numbered from 0',
    received: text,
  });
}

function print(found: Inspection, terminal: Terminal): void {
  let last = '';
  for (const { about, sentence } of inspectionSentences(found)) {
    if (about !== last) terminal.stdout.write(`${last === '' ? '' : '\n'}${paint(terminal, 'bold', title(about))}\n`);
    last = about;
    terminal.stdout.write(`${wrapped(sentence, terminal.stdout.columns)}\n`);
  }
  terminal.stdout.write('\n');
}

const title = (about: string): string => `${about[0]?.toUpperCase() ?? ''}${about.slice(1)}`;

function wrapped(sentence: string, columns: number): string {
  const width = Math.max(40, Math.min(100, columns));
  const lines: string[] = [];
  let line = ' ';
  for (const word of sentence.split(' ')) {
    if (line.length + 1 + word.length > width && line.trim() !== '') {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
