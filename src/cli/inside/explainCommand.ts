import { basename, extname, join } from 'node:path';
import type { Command } from 'commander';
import { createPhotoDecoder, type PhotoDecoder } from '../../data/node/photoDecoder.js';
import { photoFolder } from '../../data/node/photoFolder.js';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { normalizePixels, type Preprocessing } from '../../data/photos/preprocessing.js';
import { encodePng } from '../../draw/png.js';
import { type Raster, rasterFromPixels } from '../../draw/raster.js';
import { scaleToFit } from '../../draw/resize.js';
import type { Engine } from '../../engines/engine.js';
import { featurePlace, featuresOf, indexFeatures } from '../../explain/evidence/neighbors.js';
import { type Explanation, explainMethods, explainPhoto } from '../../explain/explainPhoto.js';
import type { FillKind } from '../../explain/fill.js';
import { Inspector } from '../../explain/inspector.js';
import type { AttributionMethod } from '../../explain/maps/attribution.js';
import {
  type ClassNamer,
  controlSentence,
  coverSentence,
  mapSentence,
  methodTexts,
  neighborSentence,
  occlusionNote,
  scoreSentence,
} from '../../explain/sentences.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { explainPage, type NeighborPicture } from '../../pages/explain/explainPage.js';
import { mapPictures } from '../../pages/explain/mapPictures.js';
import { throwIfAborted } from '../../tensor/abort.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import type { Tensor } from '../../tensor/tensor.js';
import { addEngineOptions, type EngineChoice, withEngine } from '../engineOptions.js';
import { oneOf, option, wholeNumber } from '../optionValues.js';
import { checkFolder, prepareFolder } from '../outputFolder.js';
import { ProgressBar } from '../progressBar.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';
import { controlCache } from './controlCache.js';
import { classIndex, type ExplainedModel, openExplained } from './explainedModel.js';

interface ExplainOptions extends EngineChoice {
  readonly target?: string;
  readonly ratherThan?: string;
  readonly method?: string;
  readonly layer?: string;
  readonly fill?: FillKind;
  readonly baseline?: FillKind;
  readonly trainPhotos?: string;
  readonly neighbors?: number;
  readonly weights?: string;
  readonly classNames?: string;
  readonly controls: boolean;
  readonly out?: string;
  readonly force?: true;
  readonly json?: true;
  readonly quiet?: true;
}

const MAX_PHOTO_BYTES = 2 ** 28;
/** Training photos that controls are measured on. */
const CONTROL_PHOTOS = 8;
const USUAL_METHODS = ['hiResCam', 'occlusion'] as const;
/** Pixels of a photo's longer side on the page. */
const SHOWN = 480;

/** `fovea explain MODEL PHOTO` */
export function addExplainCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('explain')
    .summary('show why a photo was called what it was')
    .description(
      `Shows which parts of a photo speak for a class rather than another, checks each map by covering what it points to and by controls, and writes one page (index.html), pictures (PNG) and numbers (explanation.json). Prints a sentence for each. Methods: ${explainMethods.join(', ')}.`,
    )
    .argument('<model>', 'the folder of a run, a model file, or a network of the zoo with trained weights')
    .argument('<photo>', 'a photo: JPEG, PNG, WebP, GIF, TIFF or AVIF')
    .option('--target <class>', 'the class to explain, by name or number (default: the likeliest)')
    .option('--rather-than <class>', 'the class that it is compared with (default: the likeliest of the others)')
    .option('--method <names>', `methods, with commas between them, or all (default: ${USUAL_METHODS.join(',')})`)
    .option('--layer <name>', 'where class maps are read (default: the last with height and width)')
    .addOption(
      option('--fill <kind>', 'what covers: mean, blur or black', oneOf(['mean', 'blur', 'black'] as const), 'mean'),
    )
    .addOption(
      option(
        '--baseline <kind>',
        'what integrated gradients compare the photo with: black, mean or blur',
        oneOf(['black', 'mean', 'blur'] as const),
        'black',
      ),
    )
    .option(
      '--train-photos <folder>',
      'training photos: the most similar are shown, and controls are measured on eight of them',
    )
    .addOption(option('--neighbors <n>', 'so many of them', wholeNumber(1, 100), '6'))
    .option('--no-controls', 'leave out the controls, which take longest and are kept for the next time')
    .option('--weights <file>', "a zoo network's weights, instead of the usual ones")
    .option('--class-names <file>', 'names of the classes: imagenet_class_index.json or synset_words.txt')
    .option('-o, --out <folder>', "where files go (default: the photo's name and -explained)")
    .option('--force', 'replace files that are in the folder already')
    .option('--json', 'print one JSON object per line')
    .option('--quiet', 'print nothing but errors');
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea explain runs/2026-01-31-photos-mobilenet cat.jpg
  fovea explain mobilenet cat.jpg --target tabby --rather-than lynx
  fovea explain model.safetensors cat.jpg --method hiResCam,integratedGradients
  fovea explain runs/2026-01-31-photos-mobilenet cat.jpg --train-photos ~/photos/train`,
    )
    .action((model: string, photo: string, options: ExplainOptions) => explain(model, photo, options, terminal));
}

interface OpenedPhoto {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** Small enough for a page. */
  readonly picture: Raster;
  readonly x: Tensor<'float32'>;
}

async function explain(word: string, path: string, options: ExplainOptions, terminal: Terminal): Promise<void> {
  const methods = chosenMethods(options.method);
  const opened = await openExplained(word, options, terminal);
  const { preprocessing } = opened;
  const decoder = await createPhotoDecoder();
  const photo = await openPhoto(path, preprocessing, decoder);
  const out = options.out ?? `${basename(path, extname(path))}-explained`;
  await checkFolder(out, options.force);
  const className: ClassNamer = (index) => opened.classNames?.[index] ?? `class ${index}`;
  const bar = new ProgressBar(terminal.stderr);
  try {
    await withEngine(options, async (engine) => {
      const inspector = new Inspector(opened.model, engine);
      const classOf = (text: string | undefined, flag: string): number | undefined =>
        text === undefined ? undefined : classIndex(text, inspector.classes, opened.classNames, `option ${flag}`);
      const [target, over] = [classOf(options.target, '--target'), classOf(options.ratherThan, '--rather-than')];
      if (target !== undefined && target === over) refuseSame(className(target));
      const train = await openTraining(options, preprocessing, terminal);
      const explanation = await explainPhoto(inspector, photo.x, {
        ...{
          methods,
          fill: options.fill ?? 'mean',
          baseline: options.baseline ?? 'black',
          black: blackOf(preprocessing),
          signal: terminal.signal,
        },
        ...{ class: target, over },
        place: options.layer === undefined ? undefined : { layer: options.layer },
        controls: options.controls ? controlCache() : false,
        controlPhotos: train === undefined ? undefined : await spread(train, CONTROL_PHOTOS),
        onProgress: (step, share) => bar.draw(methodTexts[step as AttributionMethod].title, share, () => ''),
      });
      const neighbors = await findNeighbors(
        train,
        inspector,
        photo.x,
        explanation,
        opened,
        decoder,
        options,
        bar,
        terminal,
      );
      bar.clear();
      await write(out, { photo, opened, explanation, neighbors, className, engine }, options, terminal);
    });
  } finally {
    bar.clear();
  }
}

interface Written {
  readonly photo: OpenedPhoto;
  readonly opened: ExplainedModel;
  readonly explanation: Explanation;
  readonly neighbors: Neighbors | undefined;
  readonly className: ClassNamer;
  readonly engine: Engine;
}

async function write(
  out: string,
  { photo, opened, explanation, neighbors, className }: Written,
  options: ExplainOptions,
  terminal: Terminal,
): Promise<void> {
  // Not before: where an option is wrong, or the computing is stopped, no empty folder is left.
  await prepareFolder(out, options.force);
  const program = `fovea ${version()}`;
  const say = (event: object, text: string): void => {
    if (options.json) terminal.stdout.write(`${JSON.stringify(event)}\n`);
    else if (!options.quiet) terminal.stdout.write(`${text}\n`);
  };
  const sentence = scoreSentence(explanation, className);
  const { class: index, over, margin, provenance } = explanation;
  const answer = {
    ...{ class: className(index), over: className(over), margin, sentence },
    probability: explanation.scores.probabilities[index],
  };
  say({ event: 'answer', ...answer }, sentence);
  const pictures = explanation.maps.map(({ map, check }) =>
    mapPictures(map, check, photo.picture, photo, opened.preprocessing),
  );
  const facts: object[] = [];
  for (const [i, { map, check, controls }] of explanation.maps.entries()) {
    throwIfAborted('fovea explain', terminal.signal);
    const { values, method, ...about } = map;
    const sentences = [mapSentence(map, className), coverSentence(check, className)];
    if (controls !== undefined) sentences.push(controlSentence(controls));
    else if (method === 'occlusion') sentences.push(occlusionNote);
    const { mask: _, ...checked } = check;
    const plain = Object.fromEntries(Object.entries(about).filter(([, value]) => !(value instanceof Float32Array)));
    const fact = { method, file: `${method}.png`, sentences, ...plain, check: checked, controls };
    const texts = {
      Software: program,
      Source: photo.name,
      Description: JSON.stringify({ ...fact, ...provenance, controls: undefined }),
    };
    const sheet = pictures[i]?.sheet;
    if (sheet !== undefined) await writeFileAtomic(join(out, `${method}.png`), await encodePng(sheet, { texts }));
    facts.push({ ...fact, values: [...values].map((value) => Number(value.toPrecision(6))) });
    const { title } = methodTexts[method];
    say(
      { event: 'map', method, file: join(out, `${method}.png`), sentences, check: checked, controls },
      `\n${title}: ${sentences.join('\n  ')}`,
    );
  }
  if (neighbors !== undefined) say({ event: 'neighbors', ...neighbors.facts }, `\n${neighbors.sentence}`);
  const numbers = {
    ...{ program, photo: photo.name, model: opened.name, provenance, ...answer },
    ...{ probabilities: [...explanation.scores.probabilities], maps: facts, neighbors: neighbors?.facts },
  };
  await writeFileAtomic(join(out, 'explanation.json'), `${JSON.stringify(numbers)}\n`);
  const page = join(out, 'index.html');
  const html = await explainPage({
    ...{ explanation, photo: photo.name, model: opened.name, className, picture: photo.picture, pictures, program },
    channelOrder: opened.preprocessing.channelOrder,
    neighbors: neighbors === undefined ? undefined : { sentence: neighbors.sentence, found: neighbors.pictures },
  });
  await writeFileAtomic(page, html);
  say({ event: 'done', folder: out, page }, `\nPictures, numbers and a page: ${page}`);
}

interface Neighbors {
  readonly sentence: string;
  readonly pictures: readonly NeighborPicture[];
  readonly facts: object;
}

/** The photos of the folder that training saw, where one is named. */
async function openTraining(
  { trainPhotos }: ExplainOptions,
  preprocessing: Preprocessing,
  { signal }: Terminal,
): Promise<PhotoDataset | undefined> {
  if (trainPhotos === undefined) return undefined;
  return (await photoFolder(trainPhotos, { preprocessing, validation: 0, duplicates: 'keep', signal })).train;
}

/** A few photos from all over a data set, so that every class has its share. */
async function spread(data: PhotoDataset, count: number): Promise<Tensor<'float32'>> {
  const n = Math.min(count, data.size);
  return (await data.batch(Uint32Array.from({ length: n }, (_, i) => Math.floor(((i + 0.5) * data.size) / n)))).x;
}

async function findNeighbors(
  train: PhotoDataset | undefined,
  inspector: Inspector,
  x: Tensor<'float32'>,
  { class: index }: Explanation,
  { classNames }: ExplainedModel,
  decoder: PhotoDecoder,
  options: ExplainOptions,
  bar: ProgressBar,
  terminal: Terminal,
): Promise<Neighbors | undefined> {
  const folder = options.trainPhotos;
  if (folder === undefined || train === undefined) return undefined;
  const { signal } = terminal;
  const place = featurePlace(inspector.model);
  const features = await indexFeatures(inspector, train, {
    ...{ place, signal },
    onProgress: (done, total) => bar.draw('Training photos', done / total, () => `${done} of ${total}`),
  });
  const [feature] = await featuresOf(inspector, x, place);
  const found = features.nearest(feature as Float32Array, options.neighbors ?? 6);
  const name: ClassNamer = (at) => train.classNames[at] ?? `class ${at}`;
  const className: ClassNamer = (at) => classNames?.[at] ?? `class ${at}`;
  const pictures = await Promise.all(
    found.map(async ({ index: at, similarity }) => {
      const file = train.names[at] as string;
      const { pixels, height, width } = await readPhoto(join(folder, file), decoder);
      const picture = scaleToFit(rasterFromPixels(pixels, height, width), 160);
      return { picture, name: file, label: name(train.labels[at] as number), similarity };
    }),
  );
  const sentence = neighborSentence(pictures, className(index));
  const nearest = pictures.map(({ picture: _, ...facts }) => facts);
  return { sentence, pictures, facts: { folder, photos: train.size, nearest, sentence } };
}

async function openPhoto(path: string, preprocessing: Preprocessing, decoder: PhotoDecoder): Promise<OpenedPhoto> {
  const bytes = await readFileChecked(path, { maxBytes: MAX_PHOTO_BYTES });
  const where = `photo "${path}"`;
  const [whole, framed] = [await decoder.decode(bytes, where), await decoder.decode(bytes, where, preprocessing)];
  const picture = scaleToFit(rasterFromPixels(whole.pixels, whole.height, whole.width), SHOWN);
  const x = normalizePixels(framed.pixels, [1, framed.height, framed.width, 3], preprocessing);
  return { name: basename(path), height: whole.height, width: whole.width, picture, x };
}

async function readPhoto(path: string, decoder: PhotoDecoder) {
  return decoder.decode(await readFileChecked(path, { maxBytes: MAX_PHOTO_BYTES }), `photo "${path}"`);
}

/** What a black pixel is to the network, channel by channel. */
function blackOf(preprocessing: Preprocessing): number[] {
  return [...normalizePixels(new Uint8Array(3), [1, 1, 1, 3], preprocessing).data];
}

function refuseSame(name: string): never {
  throw new FoveaError('option', {
    where: 'options --target and --rather-than',
    rule: 'a comparison needs two different classes',
    received: `${name} twice`,
    remedy: 'Leave out --rather-than: the likeliest of the others is taken',
  });
}

function chosenMethods(text: string | undefined): readonly AttributionMethod[] {
  if (text === undefined) return USUAL_METHODS;
  if (text === 'all') return explainMethods;
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  return names.map((name) => {
    const found = explainMethods.find((method) => method.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    throw new FoveaError('option', {
      where: 'option --method',
      rule: 'it takes names of methods, with commas between them, or all',
      received: `"${name.slice(0, 100)}"`,
      remedy: suggestName(name, explainMethods),
    });
  });
}
