import * as v from 'valibot';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import type { ModelMetadata } from '../../formats/modelFile.js';
import { FoveaError } from '../../tensor/errors.js';

const side = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 14));
const three = v.tuple([v.pipe(v.number(), v.finite()), v.pipe(v.number(), v.finite()), v.pipe(v.number(), v.finite())]);

const schema = v.object({
  resize: v.object({
    mode: v.picklist(['shortSide', 'squash', 'pad']),
    to: side,
    interpolation: v.picklist(['nearest', 'bilinear', 'bicubic']),
    antialias: v.exactOptional(v.boolean()),
  }),
  crop: v.tuple([side, side]),
  channelOrder: v.picklist(['rgb', 'bgr']),
  range: v.tuple([v.pipe(v.number(), v.finite()), v.pipe(v.number(), v.finite())]),
  mean: three,
  standardDeviation: three,
});

/** What a model file keeps beside the weights of a network for photos. */
export function photoModelTexts(classNames: readonly string[], preprocessing: Preprocessing): ModelMetadata {
  return { classNames: JSON.stringify(classNames), preprocessing: JSON.stringify(preprocessing) };
}

/** Names of the classes that a model file has; a file from elsewhere may say anything. */
export function classNamesFrom({ classNames }: ModelMetadata): readonly string[] | undefined {
  const names = parse(classNames);
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
}

/**
 * What photos must go through for a model file; undefined where it does not say.
 *
 * @throws FoveaError `format` where it says something else.
 */
export function preprocessingFrom({ preprocessing }: ModelMetadata, path: string): Preprocessing | undefined {
  if (preprocessing === undefined) return undefined;
  const result = v.safeParse(schema, parse(preprocessing));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FoveaError('format', {
    where: `model file "${path}"`,
    rule: `its preprocessing cannot be read: ${v.getDotPath(issue) ?? 'all of it'}: ${issue.message.slice(0, 200)}`,
    remedy: 'The file is damaged or was put together by hand',
  });
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
