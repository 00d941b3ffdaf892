import { type Augmentation, type AugmentationConfig, augmentation } from '../../data/augment/augmentation.js';
import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { changedDataset } from '../../data/augment/augmented.js';
import { augmentationFromText } from '../../data/augment/presets.js';
import { augmentationQuestions } from '../../data/augment/questions.js';
import { onlyAt, onlyThis } from '../../data/augment/strength.js';
import type { Dataset } from '../../data/dataset.js';
import { shuffledIndices } from '../../data/shuffle.js';
import { subset } from '../../data/subset.js';
import type { Engine } from '../../engines/engine.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import type { JsonObject } from '../../layers/json.js';
import { type ShownTransform, sweepPage } from '../../pages/augment/sweepPage.js';
import type { AugmentVariant } from '../../pages/augment/variantFigure.js';
import { collectPredictions, decisions, type Predictions } from '../../report/predictions.js';
import { type SweptPoint, sweptPoint, sweptTransform } from '../../report/strengthSweep.js';
import { wilsonInterval } from '../../report/wilson.js';
import { FoveaError } from '../../tensor/errors.js';
import type { DataOptions } from '../data/dataOptions.js';
import { type EngineChoice, withEngine } from '../engineOptions.js';
import { columns, commas, percent } from '../format.js';
import { type MeasuredExamples, measuredExamples } from '../measure/measuredExamples.js';
import { checkFilePlace } from '../outputFolder.js';
import { ProgressBar } from '../progressBar.js';
import { paint, type Terminal } from '../terminal.js';
import { fedVariants, STRENGTHS } from './augmentVariants.js';

export interface SweepOptions extends EngineChoice, DataOptions {
  readonly augment?: JsonObject;
  readonly model?: string;
  readonly photos?: string;
  readonly sample?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** Photos of a sweep where nothing is said. */
export const SWEPT_PHOTOS = 30;

/** Each transform alone at several strengths, on several photos whose classes are known: where accuracy is surely lower. */
export async function sweepPhotos(path: string, options: SweepOptions, terminal: Terminal): Promise<void> {
  const { seed = 0, sample = SWEPT_PHOTOS, out = 'augment-sweep', photos, quiet = false, json = false } = options;
  await checkFilePlace(`${out}.html`);
  const examples = await measuredExamples(path, photos, { ...options, prefer: 'valid', again: true }, terminal);
  const { data, opened, title } = examples;
  const config = options.augment ?? usualConfig(data);
  const transforms = transformsOf(config);
  const questions = augmentationQuestions(
    augmentationFromConfig(config),
    data.classNames === undefined ? {} : { classNames: data.classNames },
  );
  const chosen = evenlyByClass(data, sample, seed);
  const bar = new ProgressBar(terminal.stderr);
  const { clean, row, original, swept } = await withEngine(options, (engine) =>
    sweep({ examples, chosen, transforms, seed, engine, signal: terminal.signal }, bar),
  ).finally(() => bar.clear());
  const decided = decisions(clean);
  const correct = clean.labels.filter((label, i) => label === decided[i]).length;
  const size = clean.labels.length;
  const figures = { examples: size, correct, accuracy: correct / size, interval: wilsonInterval(correct, size) };
  const page = await sweepPage({
    ...{ examples: title, model: opened.shortName, clean: figures, original, transforms: swept, seed, questions },
    originalName: clean.names?.[row] ?? `number ${clean.indices[row]}`,
    originalClass: clean.classNames[clean.labels[row] as number] as string,
    config: JSON.stringify(config, undefined, 2),
  });
  await writeFileAtomic(`${out}.html`, page);
  if (json) {
    const lines = [
      ...swept.map(({ shown: _, ...one }) => ({ event: 'sweep', ...one })),
      { event: 'done', page: `${out}.html`, photos: title, ...figures, questions },
    ];
    for (const line of lines) terminal.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  if (quiet) return;
  const { low, high } = figures.interval;
  const lines = [
    paint(terminal, 'bold', `${commas(size)} ${title}`),
    `${percent(figures.accuracy, 1)} right as they are (95 % interval ${percent(low, 1)} to ${percent(high, 1)})`,
    '',
    ...columns([['right at', ...STRENGTHS.map((strength) => `×${strength}`)], ...swept.map(tableRow)]),
    '',
    ...swept.map(({ transform, sentence }) => `${transform}: ${sentence}`),
    ...(questions.length === 0 ? [] : ['', ...questions]),
    ...['', `Page: ${out}.html`],
  ];
  for (const line of lines) terminal.stdout.write(`${line}\n`);
}

interface Sweep {
  readonly examples: MeasuredExamples;
  /** Examples that are looked at. */
  readonly chosen: Uint32Array;
  readonly transforms: AugmentationConfig;
  readonly seed: number;
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

interface Swept {
  readonly clean: Predictions;
  /** Which of the photos is shown. */
  readonly row: number;
  /** That one as it is, with what the model says. */
  readonly original: AugmentVariant;
  readonly swept: readonly ShownTransform[];
}

async function sweep({ examples, chosen, transforms, seed, engine, signal }: Sweep, bar: ProgressBar): Promise<Swept> {
  const { data, opened, isPhotos } = examples;
  const options = { engine, signal, batchSize: isPhotos ? 32 : 128 };
  const predicted = async (all: Dataset): Promise<Predictions> => {
    const { indices, ...rest } = await collectPredictions(opened.model, subset(all, chosen), options);
    const own = indices.map((i) => chosen[i] as number);
    const { names } = data;
    return { ...rest, indices: own, ...(names === undefined ? {} : { names: Array.from(own, (i) => names[i] ?? '') }) };
  };
  const clean = await predicted(data);
  // One that is right as it is says more.
  const judged = decisions(clean);
  const row = Math.max(0, clean.labels.findIndex((label, i) => judged[i] === label)); // biome-ignore format: one thing
  const index = clean.indices[row] as number;
  const shownAs = async (how: Augmentation, all: Predictions, epoch: number | undefined): Promise<AugmentVariant> => {
    const [variant] = await fedVariants(data, index, how, { seed, index }, [epoch]);
    const best = decisions(all)[row] as number;
    const probability = all.probabilities[row * all.classNames.length + best] as number;
    const prediction = { className: all.classNames[best] as string, probability };
    return { ...(variant as AugmentVariant), prediction };
  };
  const original = await shownAs(augmentation({ transforms: [] }), clean, undefined);
  const swept: ShownTransform[] = [];
  for (const [i, { type }] of transforms.transforms.entries()) {
    const points: SweptPoint[] = [];
    const shown: AugmentVariant[] = [];
    for (const strength of STRENGTHS) {
      bar.draw(`${type} ×${strength}`, (i + points.length / STRENGTHS.length) / transforms.transforms.length, () => '');
      const at = onlyAt(transforms, i, strength);
      // It cannot get any stronger: nothing turns further than around.
      if (at !== undefined && at.range === points.at(-1)?.range) break;
      const how = augmentation(at?.config ?? onlyThis(transforms, i));
      const changed = await predicted(
        changedDataset(data, (picture, photo) => how.draw(picture, { seed, epoch: 0, index: photo }).apply(picture)),
      );
      points.push(sweptPoint(at === undefined ? 1 : strength, at?.range ?? '', clean, changed));
      shown.push(await shownAs(how, changed, 0));
      // What has no strength is done or not.
      if (at === undefined) break;
    }
    swept.push({ ...sweptTransform(type, points), shown });
  }
  return { clean, row, original, swept };
}

/** So many examples, of each class as many as there are or can be, by chance; the same for the same seed. */
function evenlyByClass({ size, labels }: Dataset, wanted: number, seed: number): Uint32Array {
  const byClass = new Map<number, number[]>();
  for (const i of shuffledIndices(size, seed, 0)) {
    const label = labels?.[i] ?? 0;
    byClass.set(label, [...(byClass.get(label) ?? []), i]);
  }
  const turns = [...byClass.entries()].sort(([a], [b]) => a - b).map(([, members]) => members);
  const longest = Math.max(...turns.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, i) => turns.flatMap((members) => members[i] ?? [])).flat();
  return Uint32Array.from(inTurn.slice(0, wanted));
}

function usualConfig({ inputShape }: Dataset): JsonObject {
  return augmentationFromText(inputShape[2] === 1 ? 'digits' : 'photos').config() as JsonObject;
}

function transformsOf(config: JsonObject): AugmentationConfig {
  const { type, ...rest } = config;
  if (type === 'transforms') return rest as unknown as AugmentationConfig;
  throw new FoveaError('option', {
    where: 'option --sweep',
    rule: 'each transform is swept by itself, and an ImageDataGenerator is all in one',
    received: `${type}`,
    remedy: 'Name transforms: --augment rotation=15,zoom=0.1,flipHorizontal',
  });
}

function tableRow({ transform, points }: ShownTransform): string[] {
  const cell = ({ accuracy, isLower }: SweptPoint): string => `${percent(accuracy, 0)}${isLower ? ' !' : ''}`;
  const [only] = points;
  if (points.length === 1 && only !== undefined) return [transform, '', cell(only), '', '', ''];
  return [transform, ...STRENGTHS.map((_, i) => (points[i] === undefined ? '' : cell(points[i])))];
}
