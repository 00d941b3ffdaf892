import { basename, extname, join } from 'node:path';
import type { Command } from 'commander';
import { createPhotoDecoder } from '../../data/node/photoDecoder.js';
import { resizePhoto } from '../../data/photos/resizePhoto.js';
import { encodePng } from '../../draw/png.js';
import { BORDERS, type Border, type ImageValues } from '../../explain/imageFilters/filterImage.js';
import { parseKernel } from '../../explain/imageFilters/kernel.js';
import { type KernelPreset, kernelPresets } from '../../explain/imageFilters/presets.js';
import { channelMean } from '../../explain/imageFilters/responseFacts.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { applyFilter, type FilterResult, imageRaster } from '../../pages/filters/filterResult.js';
import { filtersPage, kernelText } from '../../pages/filters/filtersPage.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { columns } from '../format.js';
import { oneOf, option, wholeNumber } from '../optionValues.js';
import { prepareFolder } from '../outputFolder.js';
import type { Terminal } from '../terminal.js';

interface FiltersOptions {
  readonly filters?: string;
  readonly kernel?: readonly string[];
  readonly border?: Border;
  readonly stride?: number;
  readonly size?: number;
  readonly gray?: true;
  readonly out?: string;
  readonly force?: true;
  readonly list?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** Photos come from people, and a camera's are larger than this. */
const MAX_PHOTO_BYTES = 2 ** 28;

/** `fovea filters PHOTO` */
export function addFiltersCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('filters')
    .summary('slide filters over a photo and see what each finds')
    .description(
      'Slides filters of a few numbers over a photo, as a convolutional layer does, and writes what each makes of it: pictures (PNG), numbers (filters.json) and one page (index.html). Negative answers are shown, in orange. Prints a sentence for each filter.',
    )
    .argument('[photo]', 'a photo: JPEG, PNG, WebP, GIF, TIFF or AVIF')
    .option('--filters <names>', 'names with commas between them, or none (default: all; see --list)')
    .option(
      '--kernel <numbers...>',
      'filters of your own: rows end with semicolons, "1 0 -1; 2 0 -2; 1 0 -1"; alone, unless --filters is given too',
    )
    .addOption(
      option('--border <rule>', `what lies beyond the border: ${BORDERS.join(', ')}`, oneOf(BORDERS), 'reflect'),
    )
    .addOption(option('--stride <n>', 'pixels from one place to the next', wholeNumber(1, 64), '1'))
    .addOption(
      option('--size <n>', "the photo's longer side is reduced to so many pixels", wholeNumber(8, 4096), '400'),
    )
    .option('--gray', 'the mean of red, green and blue instead of each')
    .option('--out <folder>', "where files go (default: the photo's name and -filters)")
    .option('--force', 'replace files that are in the folder already')
    .option('--list', 'print the filters that have names')
    .option('--json', 'print one JSON object a line')
    .option('--quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  fovea filters --list
  fovea filters cat.jpg
  fovea filters cat.jpg --filters outline,top-edge --border zero
  fovea filters cat.jpg --kernel "1 0 -1; 2 0 -2; 1 0 -1" --stride 2`,
    );
  command.action(async (photo: string | undefined, options: FiltersOptions) => {
    if (options.list) return list(options, terminal);
    if (photo === undefined) command.error("error: missing required argument 'photo'");
    await filterPhoto(photo as string, options, terminal);
  });
}

function list({ json }: FiltersOptions, { stdout }: Terminal): void {
  if (json) {
    for (const { name, kernel, says } of kernelPresets) stdout.write(`${JSON.stringify({ name, kernel, says })}\n`);
    return;
  }
  const rows = kernelPresets.map(({ name, kernel }) => [name, kernelText(kernel)]);
  stdout.write(`${columns(rows).join('\n')}\n`);
}

async function filterPhoto(path: string, options: FiltersOptions, terminal: Terminal): Promise<void> {
  const { border = 'reflect', stride = 1, quiet = false, json = false } = options;
  const filters = chosenFilters(options);
  const image = await readImage(path, options);
  const name = basename(path);
  const out = options.out ?? `${basename(path, extname(path))}-filters`;
  await prepareFolder(out, options.force);
  const results: FilterResult[] = [];
  const write = async (file: string, data: Uint8Array | string) => {
    if (terminal.signal.aborted) throw new FoveaError('aborted', { where: 'fovea filters', rule: 'it was stopped' });
    await writeFileAtomic(join(out, file), data);
  };
  const texts = { Software: 'fovea filters', Source: name };
  await write('photo.png', await encodePng(imageRaster(image), { texts }));
  for (const filter of filters) {
    const result = applyFilter(image, filter, { border, strides: stride });
    results.push(result);
    const said = { ...texts, Description: `${filter.name}: ${kernelText(filter.kernel)}. ${result.sentence}` };
    await write(`${filter.name}.png`, await encodePng(result.map, { texts: said }));
    await write(`${filter.name}-color.png`, await encodePng(result.color, { texts: said }));
    if (json) terminal.stdout.write(`${JSON.stringify({ event: 'filter', ...factsOf(result) })}\n`);
    else if (!quiet) terminal.stdout.write(`${filter.name}: ${result.sentence}\n`);
  }
  const { width, height, channels } = image;
  const numbers = { photo: { name, width, height, channels }, border, stride, filters: results.map(factsOf) };
  await write('filters.json', `${JSON.stringify(numbers, undefined, 2)}\n`);
  const page = join(out, 'index.html');
  await write('index.html', await filtersPage({ name, image, results, border, strides: stride }));
  if (json) terminal.stdout.write(`${JSON.stringify({ event: 'done', folder: out, page })}\n`);
  else if (!quiet) terminal.stdout.write(`\nPictures, numbers and a page: ${page}\n`);
}

function factsOf({ filter, facts, kind, below, above, sentence, scale }: FilterResult) {
  const { values, height, width } = filter.kernel;
  const rows = Array.from({ length: height }, (_, y) => values.slice(y * width, (y + 1) * width));
  const { min, max } = scale;
  return { name: filter.name, kernel: rows, kind, ...facts, below, above, scale: { min, max }, sentence };
}

/** The named filters and those given as numbers, each once. */
function chosenFilters({ filters, kernel = [] }: FiltersOptions): KernelPreset[] {
  const own = kernel.map((text, i) => ({
    name: kernel.length === 1 ? 'own' : `own-${i + 1}`,
    kernel: parseKernel(text),
    says: 'A filter of your own.',
  }));
  if (filters === undefined) return own.length > 0 ? own : [...kernelPresets];
  const names = filters === 'none' ? [] : filters.split(',').map((name) => name.trim());
  const named = [...new Set(names)].map((name) => {
    const found = kernelPresets.find((preset) => preset.name === name);
    if (found !== undefined) return found;
    const known = kernelPresets.map((preset) => preset.name);
    throw new FoveaError('option', {
      where: 'option --filters',
      rule: 'it takes names of filters, with commas between them',
      received: `"${name}"`,
      remedy: `${suggestName(name, known)} All: fovea filters --list`,
    });
  });
  const all = [...named, ...own];
  if (all.length > 0) return all;
  throw new FoveaError('option', { where: 'option --filters', rule: 'no filter is left', remedy: 'Add --kernel' });
}

/** The photo as numbers of 0 to 1, upright, not larger than asked for. */
async function readImage(path: string, { size = 400, gray }: FiltersOptions): Promise<ImageValues> {
  const bytes = await readFileChecked(path, { maxBytes: MAX_PHOTO_BYTES });
  const decoded = await (await createPhotoDecoder()).decode(bytes, `photo "${path}"`);
  const factor = Math.min(1, size / Math.max(decoded.width, decoded.height));
  const side = (length: number) => Math.max(1, Math.round(length * factor));
  const { pixels, width, height } = resizePhoto(decoded, side(decoded.height), side(decoded.width));
  const values = Float32Array.from(pixels, (value) => value / 255);
  const image = { values, height, width, channels: 3 };
  return gray ? channelMean(image) : image;
}
