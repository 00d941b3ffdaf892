import { join } from 'node:path';
import * as v from 'valibot';
import { readFileChecked } from '../formats/node/files.js';
import type { JsonObject } from '../layers/json.js';
import { flag, real, whole } from '../layers/options.js';
import { FoveaError } from '../tensor/errors.js';
import { dataChoiceSchema } from './dataSource.js';

export const CONFIG_FILE = 'config.json';

const object = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null, 'must be an object');

const schema = v.object({
  format: v.literal('fovea-run'),
  version: v.literal(1),
  /** The version of Fovea that began the run. */
  fovea: v.string(),
  data: dataChoiceSchema,
  /** How the model is called in names of folders. */
  modelName: v.string(),
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
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, CONFIG_FILE);
  const bytes = await readFileChecked(path, { maxBytes: 16 * 2 ** 20 }).catch((cause: unknown) => {
    if (!(cause instanceof FoveaError) || cause.data.systemCode !== 'ENOENT') throw cause;
    throw new FoveaError('file', {
      where: `run "${folder}"`,
      rule: `there is no ${CONFIG_FILE} in it`,
      remedy: 'Name the folder that fovea train made, such as runs/2026-01-31-digits-cnn',
      cause,
    });
  });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FoveaError('format', {
      where: `file "${path}"`,
      rule: 'it must be JSON',
      remedy: 'Begin a new run',
      cause,
    });
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FoveaError('format', {
    where: `file "${path}"`,
    rule: `${issue.path?.map((item) => String(item.key)).join('.') ?? 'it'}: ${issue.message}`,
    remedy: 'Begin a new run',
  });
}
