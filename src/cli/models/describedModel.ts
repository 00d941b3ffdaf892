import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { zoo, zooEntry } from '../../zoo/zoo.js';
import { namedModels, openModel } from './modelSource.js';

/** A network to be looked at: whatever can be trained, and by their names the networks of the zoo, without weights. */
export async function describedModel(word: string): Promise<Model> {
  try {
    return (await openModel(word)).model;
  } catch (error) {
    // The word names neither a network of the lecture nor a file.
    if (!(error instanceof FoveaError) || error.code !== 'name') throw error;
    const entry = zooEntryOrNone(word);
    if (entry !== undefined) return entry.build();
    throw new FoveaError('name', {
      where: `model "${word}"`,
      rule: 'there is no network of this name, and no file',
      remedy: `${suggestName(word, [...Object.keys(namedModels), ...Object.keys(zoo)])} A file ends with .json or .safetensors`,
    });
  }
}

function zooEntryOrNone(word: string): ReturnType<typeof zooEntry> | undefined {
  try {
    return zooEntry(word);
  } catch {
    return undefined;
  }
}
