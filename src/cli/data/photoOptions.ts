import { type Command, InvalidArgumentError } from 'commander';
import type { PhotoFolder } from '../../data/node/photoFolder.js';
import type { PhotoColumns } from '../../data/photos/photoList.js';
import { suggestName } from '../../tensor/nearest.js';
import { count } from '../format.js';
import { oneOf, option } from '../optionValues.js';

/** What an argument with photos may be. */
export const PHOTOS_ARGUMENT =
  'a folder with one sub-folder per class, or with train, valid and test of those; or a list (CSV, JSON) with path and label';

/** What becomes of copies of photos. */
export const DUPLICATES = ['keep', 'together', 'drop'] as const;

/** Which photos, besides where they are. */
export interface PhotoOptions {
  readonly columns?: PhotoColumns;
  readonly group?: string;
}

/** Adds the options that say how a list is read and what belongs together. */
export function addPhotoOptions(command: Command): Command {
  return command
    .option('--group <rule>', 'what must not be on two sides: a column of the list, or a pattern for paths, "(p\\d+)_"')
    .addOption(option('--columns <names>', "the list's columns by name: path=img,label=classname", columnNames));
}

/** Adds `--duplicates`. */
export function addDuplicatesOption(command: Command): Command {
  return command.addOption(
    option(
      '--duplicates <what>',
      'copies: keep (not looked for), together on one side, drop',
      oneOf(DUPLICATES),
      'together',
    ),
  );
}

/** The part of the options that finds photos. */
export function photoSelection({ columns, group }: PhotoOptions): PhotoOptions {
  return { ...(columns === undefined ? {} : { columns }), ...(group === undefined ? {} : { group }) };
}

const COLUMNS = ['path', 'label', 'split', 'group', 'weight'] as const;

/** `path=img,label=classname` */
function columnNames(text: string): PhotoColumns {
  const columns: Partial<Record<(typeof COLUMNS)[number], string>> = {};
  for (const pair of text.split(',')) {
    const [, key = '', name = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    const column = COLUMNS.find((one) => one === key);
    if (name === '') throw new InvalidArgumentError('It must be names of columns, as path=img,label=classname.');
    if (column === undefined) throw new InvalidArgumentError(suggestName(key, COLUMNS));
    columns[column] = name;
  }
  return columns;
}

/** What a person should know of how photos were dealt out, a sentence each. */
export function photoRemarks({ duplicates, dropped, straddling }: PhotoFolder): string[] {
  const { sets, alike } = duplicates;
  const both = sets.filter(({ parts }) => parts.length > 1);
  const conflicts = sets.filter(({ classes }) => classes.length > 1);
  const remarks: string[] = [];
  const example = (photos: readonly string[] | undefined): string =>
    `such as ${(photos ?? []).slice(0, 2).join(' and ')}`;
  if (dropped.length > 0) {
    remarks.push(`${count(dropped.length, 'copy', 'copies')} of photos left out, such as ${dropped[0]}.`);
  } else if (both.length > 0) {
    const what = count(both.length, 'scene is', 'scenes are');
    remarks.push(
      `Warning: ${what} both in training and in what is measured on, ${example(both[0]?.photos)}: the figures will be too good. --duplicates drop leaves the copies out.`,
    );
  } else if (sets.length > 0) {
    const what = count(sets.length, 'scene has', 'scenes have');
    remarks.push(`${what} several photos, ${example(sets[0]?.photos)}; all of one scene are on one side.`);
  }
  if (conflicts.length > 0) {
    const what = count(conflicts.length, 'scene has', 'scenes have');
    remarks.push(`Warning: ${what} photos in two classes, ${example(conflicts[0]?.photos)}: one label is wrong.`);
  }
  if (alike > 0) remarks.push(`${count(alike, 'photo')} look too much alike to tell copies: only equal files count.`);
  if (straddling.length > 0) {
    const what = count(straddling.length, 'group is', 'groups are');
    remarks.push(`Warning: ${what} both in training and in what is measured on, such as "${straddling[0]}".`);
  }
  return remarks;
}
