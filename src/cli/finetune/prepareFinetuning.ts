import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { finetune } from '../../train/finetune/finetune.js';
import { photoSelection } from '../data/photoOptions.js';
import { type BaseNetwork, openBase } from '../models/baseNetwork.js';
import type { Terminal } from '../terminal.js';
import { checkRoom, makeRunFolder, RunFolder, usualRunFolder } from '../train/runFolder.js';
import { version } from '../version.js';
import { extendedConfig, type FinetuneConfig, readFinetuneConfig, storedFinetuneConfig } from './finetuneConfig.js';
import { type FinetuneOptions, finetuneDefaults } from './finetuneOptions.js';
import { type FinetunePhotos, openFinetunePhotos } from './finetunePhotos.js';
import type { FinetuneReporter } from './finetuneReporter.js';

/** At least so many steps are in an epoch, where there are as many photos and nothing else is asked for. */
const STEPS = 10;

/** A fine-tuning that is ready to begin, or to go on. */
export interface PreparedFinetuning {
  readonly config: FinetuneConfig;
  readonly base: BaseNetwork;
  readonly photos: FinetunePhotos;
  readonly model: Model;
  readonly folder: RunFolder;
  /** The bytes of the checkpoints to go on from. */
  readonly resume: { readonly head?: Uint8Array; readonly all?: Uint8Array };
  /** By `performance.now()`. */
  readonly began: number;
}

/** What measuring a fine-tuning takes. */
export type LearnedFinetuning = Pick<PreparedFinetuning, 'config' | 'photos' | 'model'>;

/** Puts a new run together and makes its folder. */
export async function beginFinetuning(
  path: string,
  options: FinetuneOptions,
  reporter: FinetuneReporter,
  terminal: Terminal,
): Promise<PreparedFinetuning> {
  const began = performance.now();
  const wanted = { ...finetuneDefaults, ...options };
  const { base: network, validation, seed, dropout, features, duplicates } = wanted;
  const unfreeze = options.unfreeze ?? (options.unfreezeEpochs === undefined ? null : 'all');
  const base = await openBase(network, options.weights, terminal);
  const choice = { folder: path, ...photoSelection(options), duplicates, validation, seed };
  checkPasses(options);
  const augment = options.augment !== undefined && options.passes === undefined;
  const photos = await openPhotos(choice, base, { features, unfreeze, augment }, reporter, terminal);
  const { train } = photos.parts;
  const batchSize = options.batchSize ?? Math.min(finetuneDefaults.batchSize, Math.ceil(train.size / STEPS));
  const config = storedFinetuneConfig({
    fovea: version(),
    photos: photos.choice,
    base: {
      network: network.endsWith('.safetensors') ? resolve(network) : network,
      weights: options.weights === undefined ? null : resolve(options.weights),
      sha256: await hashOfFile(base.weights),
    },
    training: {
      ...{ epochs: wanted.epochs, learningRate: wanted.learningRate, dropout, seed },
      ...{ weightDecay: wanted.weightDecay, classWeights: options.classWeights ?? null },
      batchSize: Math.min(batchSize, train.size),
      ...{ unfreeze, unfreezeEpochs: wanted.unfreezeEpochs },
      ...{ augment: options.augment ?? null, passes: options.passes ?? null },
    },
    features: features ?? null,
  });
  const model = modelFor(config, base, photos);
  const folder = await makeRunFolder(
    options.run ??
      usualRunFolder(terminal.now(), basename(resolve(path)).replace(/\.(csv|tsv|txt|jsonl?|ndjson)$/i, ''), base.name),
  );
  try {
    await checkRoom(folder.path, roomNeeded(config, model));
    await folder.writeConfig(config);
  } catch (error) {
    await folder.removeIfEmpty();
    throw error;
  }
  return { config, base, photos, model, folder, resume: {}, began };
}

/** Opens a run that was interrupted, or is to go on for more epochs or with more layers. */
export async function continueFinetuning(
  path: string,
  options: FinetuneOptions,
  reporter: FinetuneReporter,
  terminal: Terminal,
): Promise<PreparedFinetuning> {
  const began = performance.now();
  const stored = await readFinetuneConfig(path);
  const folder = new RunFolder(path, true);
  const head = await folder.readCheckpoint();
  const all =
    stored.training.unfreeze === null ? undefined : await folder.readCheckpoint(folder.checkpointOfMoreLayers);
  const config = extendedConfig(stored, options, all !== undefined);
  const base = await openBase(config.base.network, config.base.weights ?? undefined, terminal);
  if ((await hashOfFile(base.weights)) !== config.base.sha256) {
    throw new FoveaError('file', {
      where: `weights "${base.weights}"`,
      rule: 'they are not those that the run began with',
      remedy: 'Put the file back, or begin a new run',
    });
  }
  const { unfreeze } = config.training;
  const photos = await openPhotos(
    config.photos,
    base,
    {
      ...{ features: config.features ?? undefined, unfreeze },
      augment: config.training.augment !== null && config.training.passes === null,
    },
    reporter,
    terminal,
  );
  const model = modelFor(config, base, photos);
  await checkRoom(path, roomNeeded(config, model));
  // A folder that may not be written to is found out here, and not after the first epoch.
  await folder.writeConfig(config);
  const resume = { ...(head === undefined ? {} : { head }), ...(all === undefined ? {} : { all }) };
  return { config, base, photos, model, folder, resume, began };
}

function openPhotos(
  choice: Parameters<typeof openFinetunePhotos>[0],
  { preprocessing }: BaseNetwork,
  {
    features,
    unfreeze,
    augment,
  }: { readonly features: string | undefined; readonly unfreeze: string | null; readonly augment: boolean },
  reporter: FinetuneReporter,
  { signal }: Terminal,
): Promise<FinetunePhotos> {
  return openFinetunePhotos(choice, {
    ...{ preprocessing, again: unfreeze !== null || features === 'off' || augment, signal },
    onProgress: (done, total) => reporter.checking(done, total),
  }).finally(() => reporter.clear());
}

/** Passes are of augmented photos, and kept as features. */
function checkPasses({ augment, passes, features }: FinetuneOptions): void {
  if (passes === undefined || (augment !== undefined && features !== 'off')) return;
  throw new FoveaError('option', {
    where: 'option --passes',
    rule: 'it says how many augmented copies of each photo are kept as features',
    received: augment === undefined ? 'no --augment' : '--features off',
    remedy: augment === undefined ? 'Add --augment photos' : 'Leave --features out',
  });
}

function modelFor({ training }: FinetuneConfig, base: BaseNetwork, { folder }: FinetunePhotos): Model {
  const { dropout, seed, unfreeze } = training;
  const features = base.features === undefined ? {} : { features: base.features };
  const model = finetune(base.model, folder.classNames.length, { ...features, dropout, seed });
  // Found out here, and not after the new layer has learned.
  if (unfreeze !== null) lowestLayer(model, unfreeze);
  return model;
}

/** The layer that `--unfreeze` names: by name, or by number. Throws `name` where there is none. */
export function lowestLayer(model: Model, word: string): string | number {
  if (word === 'all') return 0;
  const isNumber = /^-?\d+$/.test(word) && !model.layers.some(({ name }) => name === word);
  return model.layer(isNumber ? Number(word) : word).name;
}

/**
 * Bytes: the model, and where more layers learn a checkpoint with weights and two slots of the optimizer; the next of each
 * is written beside it.
 */
function roomNeeded({ training }: FinetuneConfig, model: Model): number {
  const copies = training.unfreeze === null ? 2 : 2 + 2 * 3;
  return 4 * model.countParameters().total * copies + 2 ** 20;
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
