import type { Dirent } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { FoveaError } from '../../tensor/errors.js';
import { isPhotoName, PHOTO_START_BYTES, photoFormat } from '../photos/photoFormat.js';
import { photoProblem } from '../photos/photoLoader.js';
import { byName, type PhotoPart, photoPart } from '../photos/photoParts.js';
import type { PhotoProblem } from '../photos/photoProblem.js';
import { eachOf } from './eachOf.js';

/** A file that is a photo by its first bytes. */
export interface PhotoFile {
  /** Relative to the folder of photos, with `/`. */
  readonly path: string;
  readonly part: PhotoPart;
  readonly className: string;
  readonly bytes: number;
  /** When it was changed last, milliseconds since 1970. */
  readonly modified: number;
  /** When anything about it was changed last, also by a program that sets `modified` back. */
  readonly changed: number;
  /** What it has in common with photos that must be on its side of a split. */
  readonly group?: string;
  /** Its factor in the loss. */
  readonly weight?: number;
}

/** The photos of a folder or list, by path, and what else lies there. */
export interface PhotoFiles {
  readonly files: readonly PhotoFile[];
  readonly problems: readonly PhotoProblem[];
}

/** What systems and programs leave in folders. */
const CLUTTER = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;
const MAX_DEPTH = 16;

/**
 * Finds the photos of a folder with one sub-folder per class, or with folders train, valid (val, validation) and test of
 * those. Files are known by their contents; folders within a class belong to it.
 *
 * @throws FoveaError `file` where the folder cannot be read, `data` where it has no classes.
 */
export async function listPhotoFiles(folder: string): Promise<PhotoFiles> {
  const problems: PhotoProblem[] = [];
  const top = await contents(folder);
  const trainFolder = top.folders.find((name) => photoPart(name) === 'train');
  const train = trainFolder === undefined ? undefined : await contents(join(folder, trainFolder));
  // A class may be called "train": then its photos lie right in it.
  const hasParts = train !== undefined && train.folders.length > 0 && !train.files.some(isPhotoName);
  const found: PhotoFile[] = [];
  const partFolders = hasParts ? top.folders.filter((name) => photoPart(name) !== undefined) : [''];
  const seen = new Set<PhotoPart>();
  for (const partFolder of partFolders) {
    const part = photoPart(partFolder) ?? 'train';
    if (seen.has(part)) throw layoutError(folder, `two folders for ${part}`);
    seen.add(part);
    const { folders, files } = partFolder === '' ? top : await contents(join(folder, partFolder));
    const beside = files.filter(isPhotoName).length;
    if (beside > 0) {
      const message = `${beside} photos lie beside the folders of the classes, so nothing says what they show`;
      problems.push({ path: partFolder || '.', kind: 'unlabeled', message });
    }
    for (const className of folders) {
      const path = partFolder === '' ? className : `${partFolder}/${className}`;
      const photos = await photosOfClass(folder, path, part, className, problems);
      if (photos.length === 0) problems.push({ path, kind: 'empty', message: 'there is no photo in this folder' });
      found.push(...photos);
    }
  }
  if (!found.some(({ part }) => part === 'train')) {
    throw layoutError(folder, describe(top.folders, top.files.filter(isPhotoName).length));
  }
  return { files: found, problems };
}

async function photosOfClass(
  folder: string,
  path: string,
  part: PhotoPart,
  className: string,
  problems: PhotoProblem[],
): Promise<PhotoFile[]> {
  const paths: string[] = [];
  const visited = new Set([await realpath(folder).catch(() => folder)]);
  const visit = async (at: string, depth: number): Promise<void> => {
    // A link to a folder above would lead round and round, and make all photos those of one class.
    const real = await realpath(join(folder, at)).catch(() => at);
    if (visited.has(real) || depth > MAX_DEPTH) return;
    visited.add(real);
    const { folders, files } = await contents(join(folder, at));
    paths.push(...files.map((name) => `${at}/${name}`));
    for (const name of folders) await visit(`${at}/${name}`, depth + 1);
  };
  await visit(path, 0);
  paths.sort(byName);
  const photos: (PhotoFile | undefined)[] = new Array(paths.length);
  const bad: (PhotoProblem | undefined)[] = new Array(paths.length);
  await eachOf(paths.length, 8, async (i) => {
    const one = paths[i] as string;
    const found = await lookAt(folder, one);
    if ('kind' in found) bad[i] = found;
    else photos[i] = { path: one, part, className, ...found };
  });
  problems.push(...bad.filter((problem) => problem !== undefined));
  return photos.filter((photo) => photo !== undefined);
}

/** Size and time of a file that is a photo, or why it is none. */
export async function lookAt(
  folder: string,
  path: string,
): Promise<Pick<PhotoFile, 'bytes' | 'modified' | 'changed'> | PhotoProblem> {
  try {
    const { start, ...facts } = await readStart(resolve(folder, path));
    const kind = photoFormat(start);
    return typeof kind === 'string' ? facts : notPhoto(path, facts.bytes, kind?.unsupported);
  } catch (error) {
    return photoProblem(path, error);
  }
}

function notPhoto(path: string, bytes: number, unsupported: string | undefined): PhotoProblem {
  if (unsupported !== undefined) {
    return { path, kind: 'unsupported', message: `${unsupported} is not read: convert it to JPEG or PNG` };
  }
  if (!isPhotoName(path)) return { path, kind: 'notPhoto', message: 'it is no photo' };
  return { path, kind: 'broken', message: bytes === 0 ? 'the file is empty' : 'named as a photo, but it is none' };
}

async function readStart(
  path: string,
): Promise<Pick<PhotoFile, 'bytes' | 'modified' | 'changed'> & { readonly start: Uint8Array }> {
  try {
    const { size, mtimeMs, ctimeMs } = await stat(path);
    const handle = await open(path, 'r');
    try {
      const start = new Uint8Array(PHOTO_START_BYTES);
      const { bytesRead } = await handle.read(start, 0, start.length, 0);
      return { start: start.subarray(0, bytesRead), bytes: size, modified: mtimeMs, changed: ctimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(path, 'cannot be read', error);
  }
}

/** Names of the folders and of the ordinary files in a folder, links followed, sorted, without clutter. */
async function contents(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw fileError(folder, 'cannot be read', error);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (CLUTTER.test(entry.name)) continue;
    const kind: Pick<Dirent, 'isDirectory' | 'isFile'> | undefined = entry.isSymbolicLink()
      ? await stat(join(folder, entry.name)).catch(() => undefined)
      : entry;
    if (kind?.isDirectory()) folders.push(entry.name);
    else if (kind?.isFile()) files.push(entry.name);
  }
  return { folders: folders.sort(byName), files: files.sort(byName) };
}

function layoutError(folder: string, received: string): FoveaError {
  return new FoveaError('data', {
    where: `photos in "${folder}"`,
    rule: 'there must be one sub-folder per class, or folders train, valid and test of those',
    received,
    remedy: 'Put the photos of each class into a folder named after it',
  });
}

function describe(folders: readonly string[], photos: number): string {
  const named = folders.slice(0, 5).join(', ') + (folders.length > 5 ? ', …' : '');
  const inside = folders.length === 0 ? 'no folder' : `folders without photos (${named})`;
  return photos === 0 ? inside : `${inside} and ${photos} photos beside`;
}
