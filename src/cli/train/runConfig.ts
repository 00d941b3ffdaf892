import * as v from 'valibot';
import type { JsonObject } from '../../layers/json.js';
import { flag, real, whole } from '../../layers/options.js';
import { readConfigFile } from '../configFile.js';
import { dataChoiceSchema } from '../data/dataSource.js';

const FORMAT = 'fovea-run';

const object = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null, 'must be an object');

const schema = v.object({
  format: v.literal(FORMAT),
  version: v.literal(1),
  /** The version of Fovea that began the run. */
  fovea: v.string(),
  data: dataChoiceSchema,
  /** How the model is called in names of folders. */
  modelName: v.string(),
  /** The file that the model came from, as it was named; undefined for one that has a name. */
  modelFile: v.optional(v.string()),
  model: object,
  training: v.object({
    epochs: whole(),
    batchSize: whole(),
    seed: whole(0),
    /** Number of training examples that are set aside. */
    validation: whole(0),
    labelSmoothing: real(0),
    optimizer: object,
    earlyStopping: v.nullable(whole()),
    /** How the training pictures are changed in each epoch. */
    augment: v.optional(v.nullable(object), null),
    /** Whether the model is that of the best epoch by the loss on the validation data, or that of the last. */
    keepBest: flag(),
  }),
});

/** All that a run is, so that it can be continued or done again; the file `config.json` of its folder. */
export type RunConfig = v.InferOutput<typeof schema>;

/** A configuration as it will be read again: keys in one order, so that the same run writes the same bytes. */
export function storedConfig(config: RunConfig): RunConfig {
  return v.parse(schema, config);
}

/** Reads the configuration of a run's folder. Throws `file` or `format` where there is none. */
export function readRunConfig(folder: string): Promise<RunConfig> {
  return readConfigFile(folder, schema, FORMAT);
}
