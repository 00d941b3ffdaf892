import type { Preprocessing } from '../data/photos/preprocessing.js';
import type { WeightLayoutName } from '../formats/weightLayout.js';
import type { MobileNetOptions } from './mobileNet.js';

/** Options of any network of the zoo; a network refuses those that it does not have. */
export type ZooOptions = MobileNetOptions;

/** A file of trained weights for a network, and all that is needed to use it. */
export interface WeightSource {
  /** Unique within the zoo: `vgg16-keras`. */
  readonly id: string;
  /** The name that the file goes by, in the cache and for people who fetch it themselves. */
  readonly file: string;
  /** Where it is published; undefined for a file that must be brought along. */
  readonly url?: string;
  readonly format: 'safetensors' | 'kerasHdf5' | 'pytorch';
  /** Known sizes and hashes; what is not certain is left out. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** The first hexadecimal digits, as PyTorch puts them into its files' names. */
  readonly sha256Start?: string;
  readonly md5?: string;
  readonly layout: WeightLayoutName;
  /** Turns the file's names of tensors into the network's. */
  readonly rename?: (tensor: string) => string;
  /** Options of the network that the weights belong to. */
  readonly options?: ZooOptions;
  /** What these weights were trained with, where it is not the network's own. */
  readonly preprocessing?: Preprocessing;
  readonly license?: string;
}

/** A file of Keras's applications. */
export function keras(
  id: string,
  path: string,
  more: Pick<WeightSource, 'bytes' | 'md5' | 'options'> & { readonly license?: string },
): WeightSource {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return { id, file, url: `https://storage.googleapis.com/${path}`, format: 'kerasHdf5', layout: 'keras', ...more };
}

/** A file of torchvision: its name ends with the beginning of its SHA-256. */
export function torchvision(
  id: string,
  file: string,
  more: Pick<WeightSource, 'rename' | 'preprocessing'> = {},
): WeightSource {
  const sha256Start = file.slice(file.lastIndexOf('-') + 1, file.lastIndexOf('.'));
  const url = `https://download.pytorch.org/models/${file}`;
  return { id, file, url, format: 'pytorch', layout: 'torch', sha256Start, license: 'BSD-3-Clause', ...more };
}

/** The same weights as torchvision's, as timm keeps them on Hugging Face. */
export function timm(
  id: string,
  model: string,
  more: Pick<WeightSource, 'rename' | 'preprocessing'> = {},
): WeightSource {
  const url = `https://huggingface.co/timm/${model}/resolve/main/model.safetensors`;
  return { id, file: `timm-${model}.safetensors`, url, format: 'safetensors', layout: 'torch', ...more };
}
