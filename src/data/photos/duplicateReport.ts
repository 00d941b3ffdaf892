import type { DuplicateSet, Duplicates } from './duplicates.js';
import type { PhotoPart } from './photoParts.js';

/** Copies among photos, by what they do to training. */
export interface DuplicateReport {
  readonly sets: readonly DuplicatePhotos[];
  /** Photos that all look like each other: too many to be copies. Only equal files of theirs are counted as copies. */
  readonly alike: number;
}

/** Photos that are copies of each other. */
export interface DuplicatePhotos {
  /** How the least alike of them are copies: 'exact' files, 'near' to look at, or 'mirrored'. */
  readonly kind: DuplicateSet['kind'];
  readonly photos: readonly string[];
  /** More than one: one scene under two labels, of which one is wrong. */
  readonly classes: readonly string[];
  /** More than one: what is learned by heart in training is measured. */
  readonly parts: readonly PhotoPart[];
}

interface Placed {
  readonly path: string;
  readonly className: string;
  readonly part: PhotoPart;
}

/** The sets by names, those first that spoil a measurement, then those with two labels. */
export function reportDuplicates(photos: readonly Placed[], { sets, alike }: Duplicates): DuplicateReport {
  const named = sets.map(({ members, kind }) => {
    const all = members.map((i) => photos[i] as Placed);
    return {
      kind,
      photos: all.map(({ path }) => path),
      classes: [...new Set(all.map(({ className }) => className))],
      parts: [...new Set(all.map(({ part }) => part))],
    };
  });
  const harm = ({ classes, parts }: DuplicatePhotos): number =>
    (parts.length > 1 ? 2 : 0) + (classes.length > 1 ? 1 : 0);
  return { sets: named.sort((a, b) => harm(b) - harm(a)), alike };
}

/** Which photo of each set stays where copies are dropped: one to measure on rather than one to train on; the others go. */
export function droppedCopies(photos: readonly Placed[], { sets }: Duplicates): Set<number> {
  const order: readonly PhotoPart[] = ['test', 'valid', 'train'];
  const dropped = new Set<number>();
  for (const { members } of sets) {
    const rank = (i: number): number => order.indexOf((photos[i] as Placed).part);
    const [, ...others] = [...members].sort((a, b) => rank(a) - rank(b) || a - b);
    for (const other of others) dropped.add(other);
  }
  return dropped;
}
