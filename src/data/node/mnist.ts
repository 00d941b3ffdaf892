import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../formats/node/fileError.js';
import { readFileChecked } from '../../formats/node/files.js';
import { FoveaError } from '../../tensor/errors.js';
import type { Dataset } from '../dataset.js';
import {
  checkMnistVariant,
  MNIST_PARTS,
  type MnistPart,
  type MnistVariant,
  mnistFileNames,
  mnistFromFiles,
} from '../mnist.js';
import { cacheFolder } from './cacheFolder.js';
import { type DownloadOptions, download } from './download.js';

/** Size and SHA-256 of a gzipped file as it was first published. */
type Known = readonly [bytes: number, sha256: string];

interface Publication {
  /** Folder within the cache. */
  readonly folder: string;
  /** Addresses that the files lie under. */
  readonly baseUrls: readonly string[];
  readonly files: Readonly<Record<MnistPart, Known>>;
}

const publications: Readonly<Record<MnistVariant, Publication>> = {
  mnist: {
    folder: 'mnist',
    baseUrls: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
    files: {
      trainImages: [9_912_422, '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'],
      trainLabels: [28_881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'],
      testImages: [1_648_877, '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'],
      testLabels: [4_542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'],
    },
  },
  fashionMnist: {
    folder: 'fashion-mnist',
    baseUrls: [
      'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
    ],
    files: {
      trainImages: [26_421_880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'],
      trainLabels: [29_515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'],
      testImages: [4_422_102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'],
      testLabels: [5_148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'],
    },
  },
};

export interface DownloadMnistOptions extends Omit<DownloadOptions, 'remedy'> {
  /** @default 'mnist' */
  readonly variant?: MnistVariant;
  /** Folder for all downloads; the files go into a folder of their own within. @default cacheFolder() */
  readonly cache?: string;
  /** Addresses to fetch from instead of the usual ones; each is followed by a file's name. */
  readonly baseUrls?: readonly string[];
}

/**
 * Fetches MNIST or Fashion-MNIST once into the cache and returns the folder, for {@link readMnist}. What is there and whole is
 * not fetched again, and files that a person put there under any of the usual names are taken as they are.
 */
export async function downloadMnist(options: DownloadMnistOptions = {}): Promise<string> {
  const { variant = 'mnist', cache = cacheFolder(), baseUrls, ...rest } = options;
  checkMnistVariant(variant);
  const publication = publications[variant];
  const folder = join(cache, publication.folder);
  const present = new Set(await readdir(folder).catch(() => []));
  const wanted = MNIST_PARTS.map((part) => `${mnistFileNames[part]}.gz`);
  const remedy = `Without a network, put the files ${wanted.join(', ')} into ${folder}, or name the folder that has them`;
  for (const part of MNIST_PARTS) {
    const published = `${mnistFileNames[part]}.gz`;
    if (!present.has(published) && usualNames(part).some((name) => present.has(name))) continue;
    const [bytes, sha256] = publication.files[part];
    const urls = (baseUrls ?? publication.baseUrls).map((base) => withSlash(base) + published);
    await download({ urls, path: join(folder, published), bytes, sha256 }, { ...rest, remedy });
  }
  return folder;
}

/**
 * MNIST or Fashion-MNIST from the four idx files in a folder, gzipped or not, with `-` or `.` before `idx`. Throws `file` where
 * one is missing, and whatever {@link mnistFromFiles} throws.
 */
export async function readMnist(
  folder: string,
  variant: MnistVariant = 'mnist',
): Promise<{ train: Dataset; test: Dataset }> {
  const present = new Set(
    await readdir(folder).catch((error: unknown) => {
      throw fileError(folder, 'cannot be listed', error);
    }),
  );
  const paths = byPart((part) => {
    const name = usualNames(part).find((candidate) => present.has(candidate));
    if (name !== undefined) return join(folder, name);
    throw new FoveaError('file', {
      where: `folder "${folder}"`,
      rule: `one of ${usualNames(part).join(', ')} must be there`,
      received: present.size === 0 ? 'an empty folder' : `a folder with ${[...present].sort().slice(0, 8).join(', ')}`,
      remedy: 'Put the file there, or name the folder that has all four',
      data: { folder, part },
    });
  });
  const files: Partial<Record<MnistPart, Uint8Array>> = {};
  for (const part of MNIST_PARTS) files[part] = await readFileChecked(paths[part], { maxBytes: 2 ** 30 });
  return mnistFromFiles(
    byPart((part) => files[part] as Uint8Array),
    variant,
    paths,
  );
}

function usualNames(part: MnistPart): string[] {
  const dashed = mnistFileNames[part];
  const dotted = dashed.replace('-idx', '.idx');
  return [`${dashed}.gz`, dashed, `${dotted}.gz`, dotted];
}

function byPart<T>(make: (part: MnistPart) => T): Record<MnistPart, T> {
  return {
    trainImages: make('trainImages'),
    trainLabels: make('trainLabels'),
    testImages: make('testImages'),
    testLabels: make('testLabels'),
  };
}

function withSlash(base: string): string {
  return base.endsWith('/') ? base : `${base}/`;
}
