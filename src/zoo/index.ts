/** `fovea/zoo`: well-known networks, what their photos go through, and where their trained weights are published. */

export { type Interpolation, normalizePixels, type Preprocessing } from '../data/photos/preprocessing.js';
export type { WeightReport } from '../formats/loadWeights.js';
export { formatSummaryKeras1 } from '../model/summaryKeras1.js';
export {
  type ClassNames,
  type ClassNamesFile,
  cifar10Classes,
  imagenetClasses,
  parseClassNames,
} from './classNames.js';
export { efficientNetB0 } from './efficientNet.js';
export { googLeNet } from './googLeNet.js';
export { type MobileNetOptions, mobileNet } from './mobileNet.js';
export { mobileNetV2 } from './mobileNetV2.js';
export type { BatchNormalizedOptions, NetworkOptions } from './networkOptions.js';
export * as preprocessing from './preprocessing.js';
export {
  type BuildPretrainedOptions,
  buildPretrained,
  type Pretrained,
  type StoredWeights,
  weightSource,
} from './pretrained.js';
export { resNet18, resNet34, resNet50 } from './resNet.js';
export { resNet20Cifar, resNet32Cifar, resNet44Cifar, resNet56Cifar } from './resNetCifar.js';
export { squeezeNet10, squeezeNet11 } from './squeezeNet.js';
export { vgg16, vgg19 } from './vgg.js';
export { vgg16Bn } from './vggBatchNorm.js';
export { vgg16Course, vgg16CourseBatchNorm } from './vggCourse.js';
export type { WeightSource, ZooOptions } from './weightSource.js';
export { type ZooEntry, type ZooName, zoo, zooEntry } from './zoo.js';
