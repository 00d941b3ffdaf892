import { type IdxArray, readIdx } from '../formats/idx.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { formatShape } from '../tensor/shape.js';
import type { Dataset } from './dataset.js';
import { pixelDataset } from './pixelDataset.js';

/** MNIST (LeCun, Cortes, Burges, 1998) or its replacement of the same form, Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017). */
export type MnistVariant = 'mnist' | 'fashionMnist';

export const MNIST_PARTS = ['trainImages', 'trainLabels', 'testImages', 'testLabels'] as const;
/** One of the four files. */
export type MnistPart = (typeof MNIST_PARTS)[number];

/** The contents of the four idx files, gzipped or not. */
export type MnistFiles = Readonly<Record<MnistPart, Uint8Array>>;

/** The published name of each file, without `.gz`. */
export const mnistFileNames: Readonly<Record<MnistPart, string>> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

const mnistClassNames: Readonly<Record<MnistVariant, readonly string[]>> = {
  mnist: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  fashionMnist: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
};

/**
 * The two data sets of the four files: pictures float32 `[28, 28, 1]`, 0 to 1, and classes 0 to 9. `names` are what errors
 * call the files. Throws `format` for a damaged file and `data` for files that do not belong together.
 */
export async function mnistFromFiles(
  files: MnistFiles,
  variant: MnistVariant = 'mnist',
  names: Readonly<Record<MnistPart, string>> = mnistFileNames,
): Promise<{ train: Dataset; test: Dataset }> {
  checkMnistVariant(variant);
  const read = (part: MnistPart) => readIdx(files[part], names[part]);
  const [trainImages, trainLabels] = [await read('trainImages'), await read('trainLabels')];
  const [testImages, testLabels] = [await read('testImages'), await read('testLabels')];
  return {
    train: pair(trainImages, trainLabels, variant, names.trainImages, names.trainLabels),
    test: pair(testImages, testLabels, variant, names.testImages, names.testLabels),
  };
}

/** Throws `name` for anything but the two data sets. */
export function checkMnistVariant(variant: string): asserts variant is MnistVariant {
  if (Object.hasOwn(mnistClassNames, variant)) return;
  throw new FoveaError('name', {
    where: 'MNIST',
    rule: 'there is no such variant',
    received: JSON.stringify(variant),
    remedy: suggestName(variant, Object.keys(mnistClassNames)),
  });
}

function pair(
  images: IdxArray,
  labels: IdxArray,
  variant: MnistVariant,
  imageName: string,
  labelName: string,
): Dataset {
  const [n, h, w] = images.shape;
  const fits = images.shape.length === 3 && labels.shape.length === 1 && labels.shape[0] === n;
  if (!fits || n === undefined || h === undefined || w === undefined || images.data.length === 0) {
    throw new FoveaError('data', {
      where: `${imageName} and ${labelName}`,
      rule: 'pictures are [n, h, w] with at least one of them, and labels [n] for the same n',
      received: `pictures ${formatShape(images.shape)}, labels ${formatShape(labels.shape)}`,
      remedy: 'Check that the files are not mixed up',
    });
  }
  const bad = labels.data.findIndex((label) => label > 9);
  if (bad >= 0) {
    throw new FoveaError('data', {
      where: labelName,
      rule: 'labels lie between 0 and 9',
      received: `label ${labels.data[bad]} for example ${bad}`,
      remedy: 'The file is damaged or of another data set: fetch it anew',
    });
  }
  return pixelDataset({
    pixels: images.data,
    shape: [n, h, w, 1],
    labels: labels.data,
    classNames: mnistClassNames[variant],
  });
}
