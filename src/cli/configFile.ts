import { join } from 'node:path';
import * as v from 'valibot';
import { readFileChecked } from '../formats/node/files.js';
import { FoveaError } from '../tensor/errors.js';

/** The file of a run's folder that says what the run is. */
export const CONFIG_FILE = 'config.json';

/** What kinds of runs say that they are, and the command that makes and continues them. */
const makers: Readonly<Record<string, string>> = { 'fovea-run': 'train', 'fovea-finetune': 'finetune' };

/**
 * Reads the configuration in a run's folder.
 *
 * @param schema with a literal `format`, by which runs of another command are told apart.
 * @throws FoveaError `file` or `format` where there is none, or it is another's.
 */
export async function readConfigFile<S extends v.GenericSchema<unknown, { readonly format: string }>>(
  folder: string,
  schema: S,
  format: string,
): Promise<v.InferOutput<S>> {
  const path = join(folder, CONFIG_FILE);
  const command = makers[format] ?? 'train';
  const bytes = await readFileChecked(path, { maxBytes: 16 * 2 ** 20 }).catch((cause: unknown) => {
    if (!(cause instanceof FoveaError) || cause.data.systemCode !== 'ENOENT') throw cause;
    throw new FoveaError('file', {
      where: `run "${folder}"`,
      rule: `there is no ${CONFIG_FILE} in it`,
      remedy: `Name the folder that fovea ${command} made, such as runs/2026-01-31-${command === 'train' ? 'digits-cnn' : 'photos-mobilenet'}`,
      cause,
    });
  });
  const json = parse(path, bytes);
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const other = (json as { readonly format?: unknown } | null)?.format;
  const maker =
    typeof other === 'string' && other !== format && Object.hasOwn(makers, other) ? makers[other] : undefined;
  if (maker !== undefined) {
    throw new FoveaError('format', {
      where: `run "${folder}"`,
      rule: `fovea ${maker} made it`,
      remedy: `Go on with: fovea ${maker} --resume ${folder}`,
    });
  }
  const [issue] = result.issues;
  throw new FoveaError('format', {
    where: `file "${path}"`,
    rule: `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`,
    remedy: 'Begin a new run',
  });
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FoveaError('format', {
      where: `file "${path}"`,
      rule: 'it must be JSON',
      remedy: 'Begin a new run',
      cause,
    });
  }
}
