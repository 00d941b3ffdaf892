import { FoveaError } from '../tensor/errors.js';

/** Where the names of the classes that a network tells apart are to be had. */
export interface ClassNames {
  /** The names themselves, where they are few. */
  readonly names?: readonly string[];
  /** Files that hold them, any of which will do; {@link parseClassNames} reads each. */
  readonly files: readonly ClassNamesFile[];
}

/** A published file with names of classes. */
export interface ClassNamesFile {
  readonly file: string;
  readonly url?: string;
  readonly sha256?: string;
  readonly md5?: string;
}

/** The 1,000 classes of ILSVRC 2012 in their usual order: 0 is the tench, 999 the toilet paper. */
export const imagenetClasses: ClassNames = {
  files: [
    {
      file: 'imagenet_class_index.json',
      url: 'https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json',
      md5: 'c2c37ea517e94d9795004a39431a14cb',
    },
    { file: 'synset_words.txt', sha256: 'acf75ef0abe89694b19056e0796401068b459c457baa30335f240c7692857355' },
  ],
};

/** The 10 classes of CIFAR-10 in their usual order, from the airplane to the truck. */
export const cifar10Classes: ClassNames = {
  names: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  files: [],
};

/**
 * Names of classes from Keras's `imagenet_class_index.json` (`{"0": ["n01440764", "tench"], …}`) or Caffe's
 * `synset_words.txt` (`n01440764 tench, Tinca tinca`, a class a line), of which the first name is taken.
 *
 * @throws FoveaError `format` where the text is neither.
 */
export function parseClassNames(text: string, where: string): string[] {
  const names = text.trimStart().startsWith('{') ? fromIndex(text) : fromSynsets(text);
  if (names !== undefined && names.length > 0) return names;
  throw new FoveaError('format', {
    where,
    rule: 'the names of classes must be JSON {"0": ["n01440764", "tench"], …} or lines "n01440764 tench, Tinca tinca"',
    received: JSON.stringify(text.slice(0, 60)),
  });
}

function fromIndex(text: string): string[] | undefined {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entries = Object.entries(index as Record<string, unknown>);
  const names: string[] = [];
  for (let i = 0; i < entries.length; i++) {
    const entry = (index as Record<string, unknown>)[String(i)];
    const name: unknown = Array.isArray(entry) ? entry[1] : undefined;
    if (typeof name !== 'string') return undefined;
    names.push(name);
  }
  return names;
}

function fromSynsets(text: string): string[] | undefined {
  const lines = text.trim().split(/\r?\n/);
  const names = lines.map((line) => /^n\d{8} ([^,]+)/.exec(line)?.[1]);
  return names.every((name) => name !== undefined) ? names : undefined;
}
