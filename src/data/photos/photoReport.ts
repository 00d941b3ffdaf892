import { type DuplicateReport, reportDuplicates } from './duplicateReport.js';
import type { Duplicates } from './duplicates.js';
import type { PhotoHeader } from './photo.js';
import { isPhotoName } from './photoFormat.js';
import { byName, type PhotoPart } from './photoParts.js';
import type { PhotoProblem } from './photoProblem.js';

/** A photo that was found, with what its header says. */
export interface FoundPhoto {
  /** Relative to the folder of photos, with `/`. */
  readonly path: string;
  readonly part: PhotoPart;
  readonly className: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
  readonly group?: string;
  readonly header: PhotoHeader;
}

/** The smallest, the middle and the largest of some numbers. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** What a folder or list of photos holds. Broken photos are counted among the problems alone. */
export interface PhotoReport {
  readonly photos: number;
  readonly bytes: number;
  /** For each part that there is, its classes by name. */
  readonly parts: readonly {
    readonly part: PhotoPart;
    readonly photos: number;
    readonly classes: readonly { readonly name: string; readonly photos: number }[];
  }[];
  /** Number of photos of each format. */
  readonly formats: Readonly<Record<string, number>>;
  /** In pixels, upright. */
  readonly height: Spread;
  readonly width: Spread;
  /** How many times as many training photos the largest class has as the smallest. */
  readonly imbalance: number;
  /** Where photos come in groups. */
  readonly groups?: {
    readonly number: number;
    /** Photos of the largest. */
    readonly largest: number;
    /** Photos that nothing gives a group; each is one of its own. */
    readonly ungrouped: number;
    /** Groups with photos in two parts. */
    readonly straddling: readonly string[];
  };
  /** Copies among the photos, where photos were decoded. */
  readonly duplicates?: DuplicateReport;
  /** What was left out, and why. */
  readonly problems: readonly PhotoProblem[];
  /** Photos that can be used and are unlike others: tiny, very long, named as another format. */
  readonly odd: readonly { readonly path: string; readonly message: string }[];
}

/** Short sides below this many pixels are called tiny. */
const TINY = 32;
/** Longer to shorter side. */
const LONG = 4;

/** Counts and measures photos. */
export function reportPhotos(
  photos: readonly FoundPhoto[],
  problems: readonly PhotoProblem[],
  copies?: Duplicates,
  ungrouped = 0,
): PhotoReport {
  const order: readonly PhotoPart[] = ['train', 'valid', 'test'];
  const parts = order
    .map((part) => ({ part, members: photos.filter((photo) => photo.part === part) }))
    .filter(({ members }) => members.length > 0)
    .map(({ part, members }) => ({
      part,
      photos: members.length,
      classes: [...countBy(members, ({ className }) => className)]
        .sort(([a], [b]) => byName(a, b))
        .map(([name, count]) => ({ name, photos: count })),
    }));
  const sizes = parts[0]?.classes.map((one) => one.photos) ?? [];
  return {
    photos: photos.length,
    bytes: photos.reduce((sum, { bytes }) => sum + bytes, 0),
    parts,
    formats: Object.fromEntries([...countBy(photos, ({ header }) => header.format)].sort(([a], [b]) => byName(a, b))),
    height: spread(photos.map(({ header }) => header.height)),
    width: spread(photos.map(({ header }) => header.width)),
    imbalance: sizes.length === 0 ? 1 : Math.max(...sizes) / Math.min(...sizes),
    ...groupFacts(photos, ungrouped),
    ...(copies === undefined ? {} : { duplicates: reportDuplicates(photos, copies) }),
    problems,
    odd: photos.flatMap(({ path, header }) => oddities(path, header).map((message) => ({ path, message }))),
  };
}

function groupFacts(photos: readonly FoundPhoto[], ungrouped: number): Pick<PhotoReport, 'groups'> {
  const counts = countBy(
    photos.filter(({ group }) => group !== undefined),
    ({ group }) => group as string,
  );
  if (counts.size === 0) return {};
  const largest = [...counts.values()].reduce((most, n) => Math.max(most, n), 0);
  return { groups: { number: counts.size, largest, ungrouped, straddling: straddlingGroups(photos) } };
}

/** Groups with photos in two parts, by name. */
export function straddlingGroups(photos: readonly Pick<FoundPhoto, 'group' | 'part'>[]): string[] {
  const partOf = new Map<string, PhotoPart>();
  const both = new Set<string>();
  for (const { group, part } of photos) {
    if (group === undefined) continue;
    const before = partOf.get(group) ?? part;
    partOf.set(group, before);
    if (before !== part) both.add(group);
  }
  return [...both].sort(byName);
}

function oddities(path: string, { format, height, width }: PhotoHeader): string[] {
  const [short, long] = [Math.min(height, width), Math.max(height, width)];
  const found: string[] = [];
  if (short < TINY) found.push(`tiny: ${width} × ${height} pixels`);
  if (long > LONG * short) found.push(`one side is ${(long / short).toFixed(1)} times the other: ${width} × ${height}`);
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const plain = ending.replace(/^(jpg|jfif)$/, 'jpeg').replace(/^tif$/, 'tiff');
  if (isPhotoName(path) && plain !== format) found.push(`named .${ending}, but it is ${format.toUpperCase()}`);
  return found;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? 0;
  return { least: at(0), median: at(Math.floor((sorted.length - 1) / 2)), most: at(sorted.length - 1) };
}
