import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { readFileChecked } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';
import { photoFormat } from '../photos/photoFormat.js';
import { type GroupRule, groupsByPattern } from '../photos/photoGroups.js';
import { type ListedPhoto, type PhotoColumns, parsePhotoList } from '../photos/photoList.js';
import { byName } from '../photos/photoParts.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { eachOf } from './eachOf.js';
import { listPhotoFiles, lookAt, type PhotoFile, type PhotoFiles } from './photoFiles.js';

export interface FindPhotosOptions {
  /** The columns of a list, where they are not called as what they hold. */
  readonly columns?: PhotoColumns;
  /**
   * What names a photo's group, of which no two photos come to different sides of a split: a column of the list, or a
   * regular expression on the photo's path: its first group in parentheses, else all that it matches.
   */
  readonly group?: GroupRule;
}

/** The photos of a folder or list, and where their paths begin. */
export interface FoundPhotos extends PhotoFiles {
  /** The folder that paths are relative to. */
  readonly root: string;
  /** Photos whose path the pattern of groups does not match; each is a group of its own. */
  readonly ungrouped: number;
}

/** No list has more bytes. */
const MAX_LIST_BYTES = 2 ** 27;

/**
 * Finds the photos of a folder with one sub-folder per class, or with folders train, valid and test of those; or those that a
 * list names, in CSV or JSON.
 *
 * @throws FoveaError `file` where it cannot be read, `data` where there is no photo with a class, `format` and `option` as
 * `parsePhotoList`.
 */
export async function findPhotos(path: string, { columns, group }: FindPhotosOptions = {}): Promise<FoundPhotos> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(path, 'cannot be read', error);
  });
  if (!info.isDirectory()) return grouped(await readList(path, columns, group), dirname(path), group);
  if (columns !== undefined) {
    const rule = 'columns are those of a list';
    throw new FoveaError('option', { where: `photos in "${path}"`, rule, received: 'a folder' });
  }
  return grouped(await listPhotoFiles(path), path, group);
}

/** Gives each photo that has no group the one of the rule; photos without any are alone. */
function grouped({ files, problems }: PhotoFiles, root: string, rule: GroupRule | undefined): FoundPhotos {
  if (rule === undefined || files.some((file) => file.group !== undefined)) {
    const some = files.some((file) => file.group !== undefined);
    const all = some ? files.map((file) => ({ ...file, group: file.group ?? file.path })) : files;
    return {
      files: all,
      problems,
      root,
      ungrouped: some ? files.filter((file) => file.group === undefined).length : 0,
    };
  }
  const groups = groupsByPattern(
    files.map((file) => file.path),
    rule,
  );
  return {
    files: files.map((file, i) => ({ ...file, group: groups[i] ?? file.path })),
    ungrouped: groups.filter((one) => one === undefined).length,
    ...{ problems, root },
  };
}

async function readList(
  path: string,
  columns: PhotoColumns | undefined,
  group: GroupRule | undefined,
): Promise<PhotoFiles> {
  const bytes = await readFileChecked(path, { maxBytes: MAX_LIST_BYTES });
  const name = basename(path);
  if (photoFormat(bytes) !== undefined || bytes.includes(0)) {
    throw new FoveaError('format', {
      where: `photos in "${path}"`,
      rule: 'photos come in a folder, or in a list in CSV or JSON',
      received: photoFormat(bytes) === undefined ? 'a file that is no text' : 'one photo',
    });
  }
  const text = new TextDecoder().decode(bytes);
  const list = parsePhotoList(text, name, columns, typeof group === 'string' ? group : undefined);
  const folder = dirname(path);
  const found: (PhotoFile | undefined)[] = new Array(list.photos.length);
  const bad: (PhotoProblem | undefined)[] = new Array(list.photos.length);
  await eachOf(list.photos.length, 8, async (i) => {
    const photo = list.photos[i] as ListedPhoto;
    const { line, ...facts } = photo;
    const one = await lookInBoth(folder, photo);
    if ('kind' in one) bad[i] = { ...one, message: `${name}, line ${line}: ${one.message}` };
    else found[i] = { ...facts, ...one };
  });
  const files = found.filter((file) => file !== undefined);
  const problems = [...list.problems, ...bad.filter((one) => one !== undefined)];
  if (!files.some(({ part }) => part === 'train')) {
    throw new FoveaError('data', {
      where: `photos in "${path}"`,
      rule: 'the list must name photos to train on that are there',
      received: problems[0] === undefined ? 'none' : `${problems[0].path}: ${problems[0].message}`,
      remedy: `Paths begin in the folder of the list, ${resolve(folder)}`,
    });
  }
  return { files: files.sort((a, b) => byName(a.path, b.path)), problems };
}

/** A list may name a photo by its path, or by its name in the folder of its class. */
async function lookInBoth(folder: string, { path, className }: ListedPhoto) {
  const first = await lookAt(folder, path);
  if (!('kind' in first && first.kind === 'unreadable')) return { path, ...first };
  const inClass = `${className}/${path}`;
  const second = await lookAt(folder, inClass);
  return 'kind' in second && second.kind === 'unreadable' ? first : { ...second, path: inClass };
}
