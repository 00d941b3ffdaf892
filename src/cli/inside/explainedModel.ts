import { stat } from 'node:fs/promises';
import type { Preprocessing } from '../../data/photos/preprocessing.js';
import { readFileChecked } from '../../formats/node/files.js';
import type { Model } from '../../model/model.js';
import { FoveaError } from '../../tensor/errors.js';
import { suggestName } from '../../tensor/nearest.js';
import { type ClassNames, parseClassNames } from '../../zoo/classNames.js';
import { zooEntry } from '../../zoo/zoo.js';
import { openBase } from '../models/baseNetwork.js';
import { namedModels, openTrainedModel } from '../models/modelSource.js';
import { classNamesFrom, preprocessingFrom } from '../models/modelTexts.js';
import { findWeightFile } from '../models/weightFiles.js';
import type { Terminal } from '../terminal.js';

/** No list of names is longer. */
const MAX_NAMES_BYTES = 2 ** 24;

/** A trained network for photos, with what its answers are called. */
export interface ExplainedModel {
  readonly model: Model;
  readonly preprocessing: Preprocessing;
  /** What the person called it. */
  readonly name: string;
  readonly classNames: readonly string[] | undefined;
}

/** A run's folder, a model file, or a network of the zoo with its trained weights. */
export async function openExplained(
  word: string,
  { weights, classNames }: { readonly weights?: string | undefined; readonly classNames?: string | undefined },
  terminal: Terminal,
): Promise<ExplainedModel> {
  const given = classNames === undefined ? undefined : await readNames(classNames);
  if (Object.hasOwn(namedModels, word) || word.endsWith('.safetensors') || (await exists(word))) {
    const { model, metadata } = await openTrainedModel(word);
    const preprocessing = preprocessingFrom(metadata, word);
    if (preprocessing === undefined) {
      throw new FoveaError('option', {
        where: `model "${word}"`,
        rule: 'it does not say what photos must go through before the network sees them',
        received: `a network for ${model.inputShapes.map((shape) => shape.join(' × ')).join(' and ')}`,
        remedy:
          'Use a model that fovea finetune made, or fovea convert of a network of the zoo, or the name of one; fovea inspect shows the filters of any',
      });
    }
    return { model, preprocessing, name: word, classNames: given ?? classNamesFrom(metadata) };
  }
  if (/[/\\]|\.(h5|keras|onnx|pth?|json)$/i.test(word)) refuseMissing(word);
  const entry = zooEntry(word);
  const { model, preprocessing } = await openBase(word, weights, terminal);
  return { model, preprocessing, name: entry.name, classNames: given ?? (await publishedNames(entry.classNames)) };
}

/** A path, which no network's name is, where nothing is. */
function refuseMissing(path: string): never {
  throw new FoveaError('file', {
    where: `model "${path}"`,
    rule: 'there is no such file or folder',
    remedy: 'Name the folder of a run, a model file, or a network of the zoo',
  });
}

/** The number of a class that is named, or given by its number. @throws FoveaError `name` for one that does not exist. */
export function classIndex(text: string, count: number, names: readonly string[] | undefined, where: string): number {
  const plain = (name: string): string => name.trim().toLowerCase();
  const named = names?.findIndex((name) => plain(name) === plain(text)) ?? -1;
  if (named >= 0 && named < count) return named;
  const index = Number(text);
  if (/^\d+$/.test(text) && index < count) return index;
  throw new FoveaError('name', {
    where,
    rule: `there is no class "${text.slice(0, 100)}"`,
    remedy: `${names === undefined ? '' : `${suggestName(text, names.slice(0, count))} `}Or give a number from 0 to ${count - 1}`,
  });
}

async function publishedNames({ names, files }: ClassNames): Promise<readonly string[] | undefined> {
  if (names !== undefined) return names;
  const found = await findWeightFile(files);
  return found === undefined ? undefined : readNames(found.path);
}

async function readNames(path: string): Promise<string[]> {
  const bytes = await readFileChecked(path, { maxBytes: MAX_NAMES_BYTES });
  return parseClassNames(new TextDecoder().decode(bytes), `file "${path}"`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
