import { join } from 'node:path';
import * as v from 'valibot';
import { cacheFolder } from '../../data/node/cacheFolder.js';
import type { ControlStore } from '../../explain/explainPhoto.js';
import { readFileChecked, writeFileAtomic } from '../../formats/node/files.js';
import { makeFolder } from '../../formats/node/makeFolder.js';

const control = { passed: v.boolean(), value: v.number(), limit: v.number() };
const schema = v.object({
  photos: v.number(),
  weights: v.object({ ...control, stages: v.array(v.object({ share: v.number(), correlation: v.number() })) }),
  edges: v.object(control),
  chance: v.object({ ...control, value: v.optional(v.number()), difference: v.number() }),
  verdict: v.picklist(['passed', 'failed', 'tooFew']),
});

/** Keeps the results of controls in the cache: they are those of a network and a method, and take longer than the map. */
export function controlCache(): ControlStore {
  const folder = join(cacheFolder(), 'controls');
  const fileOf = (key: string): string => join(folder, `${key}.json`);
  return {
    async get(key) {
      try {
        const text = new TextDecoder().decode(await readFileChecked(fileOf(key), { maxBytes: 2 ** 16 }));
        return v.parse(schema, JSON.parse(text));
      } catch {
        return undefined; // not there, or damaged: computed anew
      }
    },
    async put(key, controls) {
      try {
        await makeFolder(folder);
        await writeFileAtomic(fileOf(key), `${JSON.stringify(controls)}\n`);
      } catch {
        // A cache that cannot be written costs time, nothing else.
      }
    },
  };
}
