import type { PhotoProblemKind } from './photoProblem.js';
import type { PhotoReport } from './photoReport.js';

/** Something about photos that a person should know of, and what to do about it. */
export interface PhotoFinding {
  /** 'mend': it spoils what is learned or measured. 'know': it does no harm as it is. */
  readonly weight: 'mend' | 'know';
  readonly finding: string;
  readonly remedy: string;
  /** Photos, files or rows that it is about; may be empty. */
  readonly examples: readonly string[];
}

/** The largest class may have so many times the photos of the smallest. */
const IMBALANCE = 3;
/** Fewer training photos than this say little about a class. */
const FEW = 20;
/** What most networks look at, in pixels. */
const USUAL_SIDE = 224;

const PROBLEMS: Readonly<Record<PhotoProblemKind, readonly [PhotoFinding['weight'], finding: string, remedy: string]>> =
  {
    broken: ['know', 'photos that cannot be decoded', 'They are left out. Replace or remove them.'],
    tooLarge: ['know', 'photos with more pixels than allowed', 'They are left out. Make them smaller.'],
    unsupported: ['know', 'pictures of a kind that is not read', 'They are left out. Convert them to JPEG or PNG.'],
    unreadable: ['mend', 'files that cannot be read', 'Check that they are there and may be read.'],
    row: ['mend', 'rows that cannot be used', 'Correct the list.'],
    notPhoto: ['know', 'files that are no photos', 'They are left out.'],
    empty: ['know', 'folders without photos', 'They make no class. Fill or remove them.'],
    unlabeled: [
      'mend',
      'places with photos that no class to learn is given for',
      'Put them into the folders of classes of the training photos.',
    ],
  };

/** What to mend and what to know about photos, the worst first. */
export function adviseOnPhotos(report: PhotoReport): PhotoFinding[] {
  const all = [...copies(report), ...groups(report), ...classes(report), ...files(report)];
  return [...all.filter(({ weight }) => weight === 'mend'), ...all.filter(({ weight }) => weight === 'know')];
}

function copies({ duplicates }: PhotoReport): PhotoFinding[] {
  if (duplicates === undefined) return [];
  const { sets, alike } = duplicates;
  const found: PhotoFinding[] = [];
  const about = (
    weight: PhotoFinding['weight'],
    some: typeof sets,
    [one, several]: readonly [string, string],
    remedy: string,
  ): void => {
    if (some.length === 0) return;
    const examples = some.map(({ photos, kind }) => `${photos.join(' = ')}${kind === 'exact' ? '' : ` (${kind})`}`);
    found.push({ weight, finding: `${some.length} ${some.length === 1 ? one : several}`, remedy, examples });
  };
  about(
    'mend',
    sets.filter(({ parts }) => parts.length > 1),
    ['scene lies on both sides of the split', 'scenes lie on both sides of the split'],
    'What is learned by heart is then measured: the figures are too good. Remove the copies, or use --duplicates drop.',
  );
  about(
    'mend',
    sets.filter((set) => set.classes.length > 1),
    ['scene is in two classes', 'scenes are in two classes'],
    'One of the labels is wrong. Look at the photos and remove the copy with the wrong one.',
  );
  about(
    'know',
    sets.filter((set) => set.classes.length === 1 && set.parts.length === 1),
    ['scene has copies within one class', 'scenes have copies within one class'],
    'They are kept on one side of what is set aside; --duplicates drop leaves the copies out.',
  );
  if (alike > 0) {
    const remedy = 'That is how drawings and frames of one film are. Only equal files are counted as copies.';
    found.push({ weight: 'know', finding: `${alike} photos all look like each other`, remedy, examples: [] });
  }
  return found;
}

function groups({ groups: facts, photos }: PhotoReport): PhotoFinding[] {
  if (facts === undefined) return [];
  const { straddling, ungrouped, largest, number } = facts;
  const found: PhotoFinding[] = [];
  if (straddling.length > 0) {
    const finding = `${straddling.length} of ${number} groups lie on both sides of the split`;
    const remedy =
      'What a network knows of a group helps it there: the figures are too good. Move each group to one side.';
    found.push({ weight: 'mend', finding, remedy, examples: straddling });
  }
  if (ungrouped > 0) {
    const finding = `${ungrouped} of ${photos} photos have no group`;
    found.push({ weight: 'know', finding, remedy: 'Each counts as one of its own.', examples: [] });
  }
  if (number > 1 && largest > photos / 2) {
    const finding = `one group has ${largest} of ${photos} photos`;
    const remedy = 'It can only be learned from as a whole: what is measured says little about it.';
    found.push({ weight: 'know', finding, remedy, examples: [] });
  }
  return found;
}

function classes({ parts, imbalance }: PhotoReport): PhotoFinding[] {
  const train = parts.find(({ part }) => part === 'train')?.classes ?? [];
  const found: PhotoFinding[] = [];
  if (train.length === 1) {
    const remedy = 'A classifier needs two. Add a folder with photos of something else.';
    found.push({ weight: 'mend', finding: 'there is one class', remedy, examples: [] });
  }
  const known = new Set(train.map(({ name }) => name));
  const strangers = parts.flatMap(({ part, classes: all }) =>
    all.filter(({ name }) => !known.has(name)).map(({ name }) => `${name} of ${part}`),
  );
  if (strangers.length > 0) {
    const remedy = 'Their photos are left out. Add such photos to the training, or correct the name.';
    found.push({ weight: 'mend', finding: 'classes that no training photo is of', remedy, examples: strangers });
  }
  const few = train.filter(({ photos }) => photos < FEW);
  if (few.length > 0) {
    const finding = `${few.length} of ${train.length} classes have fewer than ${FEW} photos to train on`;
    const remedy = 'More photos of them help more than anything else.';
    found.push({ weight: 'know', finding, remedy, examples: few.map(({ name, photos }) => `${name}: ${photos}`) });
  }
  if (imbalance > IMBALANCE) {
    const bySize = [...train].sort((a, b) => b.photos - a.photos);
    const [most, least] = [bySize[0], bySize.at(-1)];
    const finding = `${most?.name} has ${imbalance.toFixed(1)} times as many photos as ${least?.name}`;
    const remedy = `Accuracy will mostly speak of ${most?.name}: look at each class by itself, or add photos of ${least?.name}.`;
    found.push({ weight: 'know', finding, remedy, examples: [] });
  }
  return found;
}

function files({ problems, odd, height, width, photos }: PhotoReport): PhotoFinding[] {
  const found: PhotoFinding[] = [];
  for (const [kind, [weight, finding, remedy]] of Object.entries(PROBLEMS)) {
    const some = problems.filter((problem) => problem.kind === kind);
    if (some.length === 0) continue;
    const examples = some.map(({ path, message }) => `${path}: ${message}`);
    found.push({ weight, finding: `${finding}: ${some.length}`, remedy, examples });
  }
  if (odd.length > 0) {
    const examples = odd.map(({ path, message }) => `${path}: ${message}`);
    const remedy = 'They are used as they are. Look whether they belong here.';
    found.push({ weight: 'know', finding: `photos that are unlike others: ${odd.length}`, remedy, examples });
  }
  const side = Math.min(height.median, width.median);
  if (photos > 0 && side < USUAL_SIDE) {
    const finding = `half of the photos are no larger than ${side} pixels on a side`;
    const remedy = `Most networks look at ${USUAL_SIDE}: where there are larger originals, use those.`;
    found.push({ weight: 'know', finding, remedy, examples: [] });
  }
  return found;
}
