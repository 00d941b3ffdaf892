/** The parts that folders of photos may come in. */
export type PhotoPart = 'train' | 'valid' | 'test';

const PARTS: Readonly<Record<string, PhotoPart>> = {
  ...{ train: 'train', training: 'train' },
  ...{ valid: 'valid', validation: 'valid', val: 'valid' },
  ...{ test: 'test', testing: 'test' },
};

/** The part that a folder of this name holds, undefined for any other folder. */
export function photoPart(name: string): PhotoPart | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(PARTS, lower) ? PARTS[lower] : undefined;
}

/** Order of names: by their UTF-16 units, which is the same everywhere, as in Keras. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
