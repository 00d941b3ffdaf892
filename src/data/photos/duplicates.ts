import { type Hash, HashIndex, hammingDistance } from './hashIndex.js';
import type { PhotoFingerprint } from './photoFingerprint.js';
import { correlation, mirror, similarity } from './similarity.js';
import { UnionFind } from './unionFind.js';

/** What is known of a photo to tell whether another is a copy of it. */
export interface Comparable {
  /** Digest of the file: equal ones are the same file. */
  readonly digest: string;
  readonly fingerprint: PhotoFingerprint;
}

/** Photos of one scene. */
export interface DuplicateSet {
  /** Indices of the photos, ascending. */
  readonly members: readonly number[];
  /** How the least alike of them are copies: 'exact' files, 'near' to look at, or 'mirrored'. */
  readonly kind: 'exact' | 'near' | 'mirrored';
}

export interface Duplicates {
  readonly sets: readonly DuplicateSet[];
  /**
   * Photos that all look like each other, as drawings of one kind do: too many to be copies. They are in no set, unless
   * their files are equal.
   */
  readonly alike: number;
}

/**
 * Bits of 64 in which hashes of copies may differ, and how much the photos must correlate. Measured on 1,770 photos of pets,
 * of which two are known to be copies: copies of half the size, of quality 20, brighter, with other contrast, grey, squashed
 * or mirrored are all found, of those cropped by 2 % on each side all, by 5 % 85 of 100; of 3.1 million pairs of
 * different photos, none.
 */
const DISTANCE = 14;
const ALIKE = 0.92;
/** The same for plain photos, of which nothing may have been cropped. */
const PLAIN_DISTANCE = 4;
const PLAIN_ALIKE = 0.995;
/** A set of more photos than this, and than this share of all, are no copies but photos of one kind. */
const MOST_COPIES = 20;
const MOST_SHARE = 0.1;

/** Finds photos that are copies of each other. A photo that is unknown (undefined) has none. */
export function findDuplicates(photos: readonly (Comparable | undefined)[]): Duplicates {
  const exact = new UnionFind(photos.length);
  const firstOf = new Map<string, number>();
  const distinct: number[] = [];
  for (const [i, photo] of photos.entries()) {
    if (photo === undefined) continue;
    const first = firstOf.get(photo.digest);
    if (first !== undefined) exact.join(first, i);
    else {
      firstOf.set(photo.digest, i);
      if (!photo.fingerprint.flat) distinct.push(i);
    }
  }
  const near = exact.copy();
  const mirrored = new Set<number>();
  const fingerprintOf = (i: number): PhotoFingerprint => (photos[i] as Comparable).fingerprint;
  const crowd = joinNear(distinct, fingerprintOf, near, (i) => mirrored.add(i));

  const limit = Math.max(MOST_COPIES, MOST_SHARE * photos.length);
  let alike = crowd;
  const sets: DuplicateSet[] = [];
  for (const members of near.sets()) {
    const files = new Set(members.map((i) => exact.find(i)));
    if (files.size > limit) {
      alike += members.length;
      const copies = [...files].map((file) => members.filter((i) => exact.find(i) === file));
      sets.push(
        ...copies.filter(({ length }) => length > 1).map((same) => ({ members: same, kind: 'exact' as const })),
      );
      continue;
    }
    const kind = files.size === 1 ? 'exact' : members.some((i) => mirrored.has(i)) ? 'mirrored' : 'near';
    sets.push({ members, kind });
  }
  return { sets: sets.sort((a, b) => (a.members[0] as number) - (b.members[0] as number)), alike };
}

/**
 * Joins the photos that look alike, and tells of those that do in a mirror only. Gives the number of those that were not
 * compared, because more photos have nearly their hash than there are copies of one.
 */
function joinNear(
  distinct: readonly number[],
  fingerprintOf: (photo: number) => PhotoFingerprint,
  near: UnionFind,
  isMirrored: (photo: number) => void,
): number {
  // One photo stands for all with its hash: many frames of one film must not be compared all with all.
  const byHash = new Map<string, number>();
  const shown: number[] = [];
  for (const photo of distinct) {
    const key = fingerprintOf(photo).hash.join();
    const other = byHash.get(key);
    if (other !== undefined && areCopies(fingerprintOf(photo), fingerprintOf(other))) near.join(other, photo);
    else {
      byHash.set(key, photo);
      shown.push(photo);
    }
  }
  const index = new HashIndex(
    shown.map((photo): Hash => fingerprintOf(photo).hash),
    DISTANCE,
  );
  let crowd = 0;
  for (const [at, photo] of shown.entries()) {
    const own = fingerprintOf(photo);
    const seen = { ...own, hash: own.mirrored, brightness: mirror(own.brightness) };
    for (const [one, tell] of [[own], [seen, isMirrored]] as const) {
      const found: number[] = [];
      index.near(one.hash, 0, (other) => found.push(other));
      if (found.length > MOST_COPIES) {
        if (one === own) crowd++;
        continue;
      }
      for (const place of found) {
        const other = shown[place] as number;
        if (place <= at || near.find(other) === near.find(photo) || !areCopies(one, fingerprintOf(other))) continue;
        near.join(photo, other);
        tell?.(photo);
      }
    }
  }
  return crowd;
}

/** Whether two photos whose hashes are near each other are copies. */
function areCopies(a: PhotoFingerprint, b: PhotoFingerprint): boolean {
  if (!a.plain && !b.plain) return similarity(a.brightness, b.brightness, ALIKE) >= ALIKE;
  return hammingDistance(a.hash, b.hash) <= PLAIN_DISTANCE && correlation(a.brightness, b.brightness) >= PLAIN_ALIKE;
}
