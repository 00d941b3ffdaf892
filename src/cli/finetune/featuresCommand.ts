import { join } from 'node:path';
import type { Command } from 'commander';
import { augmentationFromConfig } from '../../data/augment/augmentationFromConfig.js';
import { augmentedPasses } from '../../data/augment/augmented.js';
import type { Dataset } from '../../data/dataset.js';
import { photoFolder } from '../../data/node/photoFolder.js';
import { photoStamps } from '../../data/node/photoStamps.js';
import type { PhotoDataset } from '../../data/photos/photoDataset.js';
import { writeFileAtomic } from '../../formats/node/files.js';
import { makeFolder } from '../../formats/node/makeFolder.js';
import { zarrFolder } from '../../formats/node/zarrFolder.js';
import type { JsonObject } from '../../layers/json.js';
import { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { cacheFeatures } from '../../train/features/cacheFeatures.js';
import { featureKey } from '../../train/features/featureKey.js';
import { zarrFeatures } from '../../train/features/zarrFeatures.js';
import { addAugmentOption } from '../augment/augmentOption.js';
import { addPhotoOptions, PHOTOS_ARGUMENT, type PhotoOptions, photoSelection } from '../data/photoOptions.js';
import { addEngineOptions, type EngineChoice, withEngine } from '../engineOptions.js';
import { commas } from '../format.js';
import { type BaseNetwork, openBase } from '../models/baseNetwork.js';
import { option, wholeNumber } from '../optionValues.js';
import type { Terminal } from '../terminal.js';
import { finetuneDefaults } from './finetuneOptions.js';
import { FinetuneReporter } from './finetuneReporter.js';

interface FeaturesOptions extends EngineChoice, PhotoOptions {
  readonly base?: string;
  readonly weights?: string;
  readonly layer?: string;
  readonly out?: string;
  readonly augment?: JsonObject;
  readonly passes?: number;
  readonly seed?: number;
  readonly json?: true;
}

/** `fovea features PHOTOS` */
export function addFeaturesCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('features')
    .summary('compute what a layer of a network makes of photos, once, and keep it')
    .description(
      `Computes what a layer of a trained network makes of each photo and keeps it as Zarr version 3, written piece by piece: a run that was stopped goes on. In Python, zarr.open_array reads it. Beside each array lies a JSON file with the photos and their classes.`,
    )
    .argument('<photos>', PHOTOS_ARGUMENT)
    .addOption(option('--base <name>', 'a network, or a model file', String, finetuneDefaults.base))
    .option('--weights <file>', "the network's weights, instead of the usual ones")
    .option('--layer <name>', 'the layer (default: the one that a new classifier builds on)')
    .option('-o, --out <folder>', 'where to keep them (default: features)')
    .addOption(
      option(
        '--passes <n>',
        'changed copies of each photo, after the photos as they are',
        wholeNumber(1, 100),
        '1 with --augment',
      ),
    )
    .addOption(option('--seed <n>', 'of the changes', wholeNumber(0), '0'))
    .option('--json', 'print one JSON object per line');
  addAugmentOption(command, 'adds changed copies of the photos to learn from: a preset or transforms');
  addPhotoOptions(command);
  addEngineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  fovea features ~/photos
  fovea features ~/photos --augment photos --passes 5
  fovea features ~/photos --base vgg16 --layer block5_pool --out vgg-features`,
    )
    .action((photos: string, options: FeaturesOptions) => computeFeatures(photos, options, terminal));
}

async function computeFeatures(path: string, options: FeaturesOptions, terminal: Terminal): Promise<void> {
  const base = await openBase(options.base ?? finetuneDefaults.base, options.weights, terminal);
  const below = upTo(base, options.layer);
  const reporter = new FinetuneReporter(terminal, options.json ? 'json' : 'text');
  try {
    const photos = await photoFolder(path, {
      // Who asks for features deals out the photos later.
      ...{ ...photoSelection(options), preprocessing: base.preprocessing, validation: 0, duplicates: 'keep' },
      signal: terminal.signal,
      onProgress: (done, total) => reporter.checking(done, total),
    });
    const out = options.out ?? 'features';
    await makeFolder(out);
    await withEngine(options, async (engine) => {
      for (const [part, data] of Object.entries({ train: photos.train, valid: photos.valid, test: photos.test })) {
        if (data === undefined) continue;
        const { examples, source, passes } = withPasses(
          part,
          data,
          await photoStamps(photos.root, data.names),
          options,
        );
        const preprocessing = JSON.parse(JSON.stringify(photos.preprocessing)) as JsonObject;
        // Part of the name, so that other photos or another layer never go on with what is there.
        const name = `${part}-${(await featureKey(below, source, preprocessing)).slice(0, 12)}`;
        const file = join(out, `${name}.zarr`);
        const features = await cacheFeatures(below, examples, {
          store: zarrFeatures(() => zarrFolder(file), `in ${out}`),
          ...{ engine, source, preprocessing, signal: terminal.signal },
          onProgress: (progress) => reporter.features(part, progress),
        });
        await writeFileAtomic(join(out, `${name}.json`), describe(base, below, data, preprocessing, passes));
        reporter.clear();
        const shape = [features.size, ...features.inputShape];
        if (options.json) terminal.stdout.write(`${JSON.stringify({ event: 'array', part, file, shape })}\n`);
        else
          terminal.stdout.write(
            `${file}  ${commas(examples.size)} photos of ${part}${passes === 0 ? '' : `, each as it is and in ${passes} changed ${passes === 1 ? 'copy' : 'copies'}`}, [${shape.join(', ')}]\n`,
          );
      }
    });
  } finally {
    reporter.clear();
  }
}

/** The photos to learn from with changed copies after them, where that is asked for; other parts stay as they are. */
function withPasses(
  part: string,
  data: PhotoDataset,
  source: string,
  { augment, passes, seed = 0 }: FeaturesOptions,
): { readonly examples: Dataset; readonly source: string; readonly passes: number } {
  if (augment === undefined && passes !== undefined) {
    const rule = 'it says how many changed copies there are, and nothing says how they are changed';
    throw new FoveaError('option', { where: 'option --passes', rule, remedy: 'Add --augment photos' });
  }
  if (augment === undefined || part !== 'train') return { examples: data, source, passes: 0 };
  const copies = passes ?? 1;
  const examples = augmentedPasses(data, augmentationFromConfig(augment), { passes: copies, seed });
  return { examples, source: JSON.stringify({ photos: source, augment, passes: copies, seed }), passes: copies };
}

/** The network up to a layer. */
function upTo({ model, features }: BaseNetwork, layer: string | undefined): Model {
  const node = model.layerOutput(layer ?? features ?? -1);
  return new Model('functional', { inputs: model.inputs, outputs: [node] }, { name: model.name });
}

function describe(
  base: BaseNetwork,
  { outputs }: Model,
  data: PhotoDataset,
  preprocessing: JsonObject,
  passes: number,
): string {
  const times = <T>(list: Iterable<T>): T[] => Array.from({ length: passes + 1 }, () => [...list]).flat();
  const facts = {
    ...{ base: base.name, weights: base.weights, layer: outputs[0]?.layer.name, preprocessing },
    ...{ classNames: data.classNames, photos: times(data.names), labels: times(data.labels) },
    ...(passes === 0 ? {} : { passes }),
    ...(data.groups === undefined ? {} : { groups: times(data.groups) }),
  };
  return `${JSON.stringify(facts, undefined, 2)}\n`;
}
