import * as v from 'valibot';
import { readSafetensors, type StoredTensor } from '../formats/safetensors.js';
import type { Json, JsonObject } from '../layers/json.js';
import { whole } from '../layers/options.js';
import { FoveaError } from '../tensor/errors.js';

export const FORMAT = 'fovea-checkpoint';
export const VERSION = '1';

const count = whole(0);
const number = v.number();
const object = v.custom<JsonObject>((value) => typeof value === 'object' && value !== null, 'must be an object');

const schema = v.object({
  seed: count,
  epochs: count,
  epoch: count,
  stepInEpoch: count,
  step: count,
  lossSum: number,
  lossCount: count,
  learningRate: number,
  batchSize: v.nullable(count),
  size: v.nullable(count),
  shuffle: v.boolean(),
  stopReason: v.nullable(v.string()),
  metrics: v.array(v.object({ name: v.string(), counts: v.array(number) })),
  history: v.array(
    v.object({ epoch: count, step: count, seconds: number, learningRate: number, logs: v.record(v.string(), v.any()) }),
  ),
  optimizer: v.object({ initial: object, present: object }),
  layers: v.array(
    v.object({ name: v.string(), type: v.string(), config: object, trainable: v.boolean(), rate: v.nullable(number) }),
  ),
  callbacks: v.array(v.object({ type: v.string(), values: object })),
});

/** What a checkpoint says besides its arrays. */
export type CheckpointFacts = v.InferOutput<typeof schema>;

/** A checkpoint as it was read; nothing of it is applied yet. */
export interface ReadCheckpoint {
  readonly facts: CheckpointFacts;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** The facts as text; NaN and infinity, which JSON lacks, are kept. */
export function writeFacts(facts: CheckpointFacts): string {
  return JSON.stringify(facts, (_, value: Json) =>
    typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value,
  );
}

/** Reads a checkpoint. Throws `format` where the bytes are no checkpoint, or are damaged. */
export function readCheckpoint(bytes: Uint8Array): ReadCheckpoint {
  const where = 'checkpoint';
  const { tensors, metadata } = readSafetensors(bytes, where);
  if (metadata.format !== FORMAT || metadata.version !== VERSION) {
    throw new FoveaError('format', {
      where,
      rule: `it must be a checkpoint of version ${VERSION}`,
      received:
        metadata.format === FORMAT ? `version ${metadata.version?.slice(0, 20)}` : 'another kind of safetensors file',
      remedy:
        metadata.format === 'fovea' ? 'This is a model: load it with loadModel and train it anew' : 'Check the file',
    });
  }
  let facts: unknown;
  try {
    facts = JSON.parse(metadata.training ?? '', (_, value) => reviveNumber(value));
  } catch (cause) {
    throw new FoveaError('format', { where, rule: 'its facts about the run must be JSON', cause });
  }
  const result = v.safeParse(schema, facts);
  if (result.success) return { facts: result.output, tensors };
  const path = result.issues[0].path?.map((item) => String(item.key)).join('.') ?? '';
  throw new FoveaError('format', {
    where,
    rule: `its facts about the run are incomplete or wrong at "${path.slice(0, 100)}"`,
    remedy: 'Use an earlier checkpoint',
  });
}

function reviveNumber(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'number') return value;
  const { number: text } = value as { readonly number: unknown };
  return text === 'NaN' || text === 'Infinity' || text === '-Infinity' ? Number(text) : value;
}
