import { FoveaError } from '../../tensor/errors.js';
import { nearestName } from '../../tensor/nearest.js';
import { parseCsv } from './csv.js';
import { isPhotoName } from './photoFormat.js';
import { type PhotoPart, photoPart } from './photoParts.js';
import type { PhotoProblem } from './photoProblem.js';
import { type PhotoTable, parseJsonTable } from './photoTable.js';

/** The columns of a list of photos by their names, where they are not called as what they hold. */
export interface PhotoColumns {
  readonly path?: string;
  readonly label?: string;
  /** train, valid or test. */
  readonly split?: string;
  /** What photos have in common that must not be on both sides of a split. */
  readonly group?: string;
  /** Factor of the photo in the loss, at least 0. */
  readonly weight?: string;
}

/** One photo of a list. */
export interface ListedPhoto {
  /** As the list has it, with `/`; relative to the folder of the list unless it begins with `/` or a drive. */
  readonly path: string;
  readonly className: string;
  readonly part: PhotoPart;
  readonly group?: string;
  readonly weight?: number;
  readonly line: number;
}

export interface PhotoList {
  readonly photos: readonly ListedPhoto[];
  /** Rows that cannot be used, by the list's name and their line. */
  readonly problems: readonly PhotoProblem[];
  readonly hasWeights: boolean;
}

type Column = keyof PhotoColumns;

/** What columns are called elsewhere, in small letters without spaces and strokes. */
const USUAL: Readonly<Record<Column, readonly string[]>> = {
  path: ['path', 'file', 'filename', 'filepath', 'image', 'imagepath', 'imagefile', 'img', 'photo', 'picture'],
  label: ['label', 'class', 'classname', 'category', 'target', 'species', 'breed'],
  split: ['split', 'part', 'set', 'subset', 'partition'],
  group: ['group', 'groupid'],
  weight: ['weight', 'sampleweight'],
};
/** The order of columns without a header. */
const ORDER: readonly Column[] = ['path', 'label', 'split', 'group', 'weight'];

/**
 * Reads a list of photos: CSV (with commas, semicolons or tabs), a JSON array of objects (alone or within an object), or
 * one JSON object a line. Columns are found by the usual names, or as `columns` names them; without a header they are path,
 * label, split, group and weight. Rows that cannot be used are among the problems.
 *
 * @param name what the list is called.
 * @param group the name of a column, which is then that of groups; other names are none of the list's business.
 * @throws FoveaError `format` where the text is no such list, `option` for a column that is not there.
 */
export function parsePhotoList(text: string, name: string, columns: PhotoColumns = {}, group?: string): PhotoList {
  const where = `list "${name}"`;
  const { header, rows } = /^[\s\ufeff]*[[{]/.test(text) ? parseJsonTable(text, where) : csvTable(text, where, columns);
  if (rows.length === 0) throw new FoveaError('data', { where, rule: 'there is no row with a photo' });
  const places = placesOf(header, rows[0]?.fields.length ?? 0, columns, group, where);
  const photos: ListedPhoto[] = [];
  const problems: PhotoProblem[] = [];
  const seen = new Map<string, ListedPhoto>();
  for (const { line, fields, problem } of rows) {
    const photo = problem ?? photoOf(fields, places, line);
    const before = typeof photo === 'string' ? undefined : seen.get(photo.path);
    if (typeof photo === 'string' || before !== undefined) {
      const message =
        typeof photo === 'string' ? photo : `the photo is in line ${before?.line} already${other(photo, before)}`;
      problems.push({ path: `${name}, line ${line}`, kind: 'row', message });
      continue;
    }
    seen.set(photo.path, photo);
    photos.push(photo);
  }
  return { photos, problems, hasWeights: places.weight !== undefined };
}

function other(photo: ListedPhoto, before: ListedPhoto | undefined): string {
  return before === undefined || before.className === photo.className ? '' : `, as ${before.className}`;
}

/** The photo of a row, or what is wrong with it. */
function photoOf(fields: readonly string[], places: Places, line: number): ListedPhoto | string {
  const at = (column: Column): string => {
    const place = places[column];
    return place === undefined ? '' : (fields[place] ?? '').trim();
  };
  const path = at('path')
    .replaceAll('\\', '/')
    .replace(/^(\.\/)+/, '');
  if (path === '') return 'there is no path';
  if (path.includes('\0')) return 'the path has a character that no path has';
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) return 'photos must be files, not addresses';
  const className = at('label');
  if (className === '') return 'there is no label';
  const [split, group, weight] = [at('split'), at('group'), at('weight')];
  const part = split === '' ? 'train' : photoPart(split);
  if (part === undefined) return `the split must be train, valid or test, not "${cut(split)}"`;
  const factor = weight === '' ? 1 : Number(weight);
  if (!(factor >= 0 && factor < 1e6)) return `the weight must be a number of at least 0, not "${cut(weight)}"`;
  return {
    ...{ path, className, part, line },
    ...(group === '' ? {} : { group }),
    ...(places.weight === undefined ? {} : { weight: factor }),
  };
}

const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

type Places = Readonly<Partial<Record<Column, number>>>;

/** Whether the first row names columns: it does unless it has a photo's name and no column was asked for by name. */
function csvTable(text: string, where: string, columns: PhotoColumns): PhotoTable {
  const rows = parseCsv(text, where);
  const first = rows[0]?.fields ?? [];
  const named = Object.keys(columns).length > 0 || !first.some((field) => isPhotoName(field.trim()));
  return named ? { header: first.map((field) => field.trim()), rows: rows.slice(1) } : { header: undefined, rows };
}

function placesOf(
  header: readonly string[] | undefined,
  width: number,
  columns: PhotoColumns,
  group: string | undefined,
  where: string,
): Places {
  if (header === undefined) {
    return Object.fromEntries(ORDER.slice(0, width).map((column, i) => [column, i]));
  }
  const plain = header.map((name) => name.toLowerCase().replace(/[\s_-]/g, ''));
  const places: Partial<Record<Column, number>> = {};
  for (const column of ORDER) {
    const wanted = columns[column];
    const found =
      wanted === undefined
        ? USUAL[column].map((name) => plain.indexOf(name)).find((at) => at >= 0)
        : header.indexOf(wanted);
    if (wanted !== undefined && (found ?? -1) < 0) throw noColumn(where, `a column "${wanted}"`, header, wanted);
    if (found !== undefined) places[column] = found;
  }
  const byGroup = group === undefined || columns.group !== undefined ? -1 : header.indexOf(group);
  if (byGroup >= 0) places.group = byGroup;
  for (const column of ['path', 'label'] as const) {
    if (places[column] === undefined)
      throw noColumn(where, `a column with the ${column} of each photo`, header, column);
  }
  return places;
}

function noColumn(where: string, what: string, header: readonly string[], name: string): FoveaError {
  const nearest = nearestName(name, header);
  return new FoveaError('option', {
    where,
    rule: `there must be ${what}`,
    received: `columns ${header
      .slice(0, 12)
      .map((one) => `"${cut(one)}"`)
      .join(', ')}`,
    remedy: nearest === undefined ? 'Name the columns: path=…, label=…' : `Did you mean "${nearest}"?`,
  });
}
