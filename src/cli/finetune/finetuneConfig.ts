import * as v from 'valibot';
import type { JsonObject } from '../../layers/json.js';
import { real, whole } from '../../layers/options.js';
import { FoveaError } from '../../tensor/errors.js';
import { readConfigFile } from '../configFile.js';
import type { FinetuneOptions } from './finetuneOptions.js';
import { photoChoiceSchema } from './finetunePhotos.js';

const FORMAT = 'fovea-finetune';

const object = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null, 'must be an object');

const schema = v.object({
  format: v.literal(FORMAT),
  version: v.literal(1),
  /** The version of Fovea that began the run. */
  fovea: v.string(),
  photos: photoChoiceSchema,
  base: v.object({
    /** As it was asked for: a name of the zoo, or a model file. */
    network: v.string(),
    /** The file of `--weights`. */
    weights: v.nullable(v.string()),
    /** Of the file that the weights were read from. */
    sha256: v.string(),
  }),
  training: v.object({
    epochs: whole(),
    learningRate: real(0),
    batchSize: whole(),
    dropout: real(0),
    weightDecay: v.optional(real(0), 0),
    classWeights: v.optional(v.nullable(v.literal('balanced')), null),
    seed: whole(0),
    /** The lowest layer that learns in the second stage, 'all' for the first; null where there is no such stage. */
    unfreeze: v.nullable(v.string()),
    unfreezeEpochs: whole(),
    /** How the photos to learn from are changed. */
    augment: v.optional(v.nullable(object), null),
    /** So many changed copies of each are kept as features; null where photos are changed anew in each epoch. */
    passes: v.optional(v.nullable(whole()), null),
  }),
  /** Where features are kept; null for the cache. */
  features: v.nullable(v.string()),
});

/** All that a fine-tuning is, so that it can be continued or done again; the file `config.json` of its folder. */
export type FinetuneConfig = v.InferOutput<typeof schema>;

/** A configuration as it will be read again. */
export function storedFinetuneConfig(config: Omit<FinetuneConfig, 'format' | 'version'>): FinetuneConfig {
  return v.parse(schema, { format: FORMAT, version: 1, ...config });
}

/** Reads the configuration of a run's folder. Throws `file` or `format` where there is none. */
export function readFinetuneConfig(folder: string): Promise<FinetuneConfig> {
  return readConfigFile(folder, schema, FORMAT);
}

/**
 * The configuration of a run that goes on, with the epochs that it is now asked for, and with more layers to learn where it
 * had none.
 *
 * @param deeper whether more layers have begun to learn.
 * @throws FoveaError `option` for what has been decided.
 */
export function extendedConfig(config: FinetuneConfig, options: FinetuneOptions, deeper: boolean): FinetuneConfig {
  const { training } = config;
  const { epochs, unfreeze, unfreezeEpochs } = options;
  const wanted = unfreeze ?? (unfreezeEpochs === undefined ? null : 'all');
  const decided = (flag: string, now: unknown): never => {
    throw new FoveaError('option', {
      where: `option ${flag}`,
      rule: 'more layers have begun to learn in this run, so that this is decided',
      received: String(now),
      remedy: 'Leave it out, or begin a new run',
    });
  };
  if (deeper && epochs !== undefined && epochs !== training.epochs) decided('--epochs', epochs);
  if (deeper && unfreeze !== undefined && unfreeze !== training.unfreeze) decided('--unfreeze', unfreeze);
  const changed = {
    ...training,
    epochs: epochs ?? training.epochs,
    unfreeze: unfreeze ?? training.unfreeze ?? wanted,
    unfreezeEpochs: unfreezeEpochs ?? training.unfreezeEpochs,
  };
  return { ...config, training: changed };
}

/** Whether a run's folder is that of a fine-tuning. Throws `file` or `format` where it is no run. */
export async function isFinetuneRun(folder: string): Promise<boolean> {
  const any = await readConfigFile(folder, v.looseObject({ format: v.picklist([FORMAT, 'fovea-run']) }), FORMAT);
  return any.format === FORMAT;
}
