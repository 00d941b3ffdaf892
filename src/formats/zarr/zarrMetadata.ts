import * as v from 'valibot';
import type { JsonObject } from '../../layers/json.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { formatError, quoteUntrusted } from '../formatError.js';
import { parseJsonText } from '../jsonText.js';
import { chunkBytes, zarrNumberBytes } from './gzipCodec.js';

const DAMAGED = 'The folder is damaged or holds no array that can be read: write it anew';
const MAX_CHUNK_BYTES = 2 ** 30;
const MAX_RANK = 32;

const sizes = (least: number) =>
  v.pipe(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(least))), v.minLength(1), v.maxLength(MAX_RANK));

const codec = v.object({ name: v.string(), configuration: v.optional(v.record(v.string(), v.unknown())) });

const schema = v.object({
  zarr_format: v.literal(3),
  node_type: v.literal('array'),
  shape: sizes(0),
  data_type: v.picklist(Object.keys(zarrNumberBytes)),
  chunk_grid: v.object({ name: v.literal('regular'), configuration: v.object({ chunk_shape: sizes(1) }) }),
  chunk_key_encoding: v.object({
    name: v.picklist(['default', 'v2']),
    configuration: v.optional(v.object({ separator: v.optional(v.picklist(['/', '.'])) })),
  }),
  codecs: v.pipe(v.array(codec), v.minLength(1), v.maxLength(3)),
  fill_value: v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])]),
  attributes: v.optional(v.record(v.string(), v.unknown())),
  dimension_names: v.optional(v.nullable(v.array(v.nullable(v.string())))),
});

/** Checked contents of an array's `zarr.json`. */
export interface ZarrMetadata {
  readonly shape: Shape;
  readonly dtype: string;
  readonly chunkShape: Shape;
  readonly fillValue: number;
  /** The key of a chunk: `c/0/0`, or as the array says. */
  readonly chunkKey: (place: readonly number[]) => string;
  readonly attributes: JsonObject;
}

/** Reads `zarr.json` of an array of the Zarr format, version 3. Throws `format` for what is not read or not so. */
export function parseZarrMetadata(bytes: Uint8Array, where: string): ZarrMetadata {
  let json: unknown;
  try {
    json = parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const received = cause instanceof Error ? quoteUntrusted(cause.message) : 'something else';
    throw formatError(where, 'zarr.json must be JSON', received, DAMAGED, cause);
  }
  const result = v.safeParse(schema, json);
  if (!result.success) {
    const [issue] = result.issues;
    const path = v.getDotPath(issue) ?? 'zarr.json';
    const rule = `zarr.json must describe an array of Zarr version 3: ${quoteUntrusted(path)} should be ${issue.expected}`;
    throw formatError(where, rule, quoteUntrusted(issue.received), DAMAGED);
  }
  const { shape, data_type: dtype, chunk_grid: grid, fill_value: fill, codecs, attributes } = result.output;
  const chunkShape = grid.configuration.chunk_shape;
  const bytesOfChunk = chunkBytes({ dataType: dtype, shape: chunkShape });
  if (chunkShape.length !== shape.length || bytesOfChunk > MAX_CHUNK_BYTES) {
    const rule = `chunks must have as many axes as the array and at most ${MAX_CHUNK_BYTES} bytes`;
    throw formatError(where, rule, `array [${shape}], chunks [${chunkShape}]`, DAMAGED);
  }
  if (!Number.isSafeInteger(sizeOf(shape) * 8)) {
    throw formatError(where, 'the array must be of a possible size', `[${shape}]`, DAMAGED);
  }
  checkCodecs(codecs, where);
  const fillValue = Number(fill);
  const chunkKey = keyRule(result.output.chunk_key_encoding);
  return { shape, dtype, chunkShape, fillValue, chunkKey, attributes: (attributes ?? {}) as JsonObject };
}

function keyRule({
  name,
  configuration,
}: v.InferOutput<typeof schema>['chunk_key_encoding']): ZarrMetadata['chunkKey'] {
  const separator = configuration?.separator ?? (name === 'v2' ? '.' : '/');
  return (place) => [...(name === 'v2' ? [] : ['c']), ...place].join(separator);
}

/** Numbers as they are in memory, and at most gzip or zstd around them. */
function checkCodecs(codecs: readonly v.InferOutput<typeof codec>[], where: string): void {
  const [first, second, ...more] = codecs;
  const endian = first?.configuration?.endian ?? 'little';
  const known = first?.name === 'bytes' && (endian === 'little' || endian === 'big');
  if (known && (second === undefined || second.name === 'gzip' || second.name === 'zstd') && more.length === 0) return;
  const names = codecs.map(({ name }) => quoteUntrusted(name)).join(', ');
  const remedy = 'Write the array with gzip: in Python, zarr.codecs.GzipCodec as the compressor';
  throw formatError(where, 'the codecs that are read are bytes, and gzip or zstd after it', names, remedy);
}
