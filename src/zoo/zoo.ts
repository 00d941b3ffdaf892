import type { Preprocessing } from '../data/photos/preprocessing.js';
import type { Model } from '../model/model.js';
import { FoveaError } from '../tensor/errors.js';
import { suggestName } from '../tensor/nearest.js';
import { type ClassNames, cifar10Classes, imagenetClasses } from './classNames.js';
import { efficientNetB0 } from './efficientNet.js';
import { googLeNet } from './googLeNet.js';
import { mobileNet } from './mobileNet.js';
import { mobileNetV2 } from './mobileNetV2.js';
import * as preprocessing from './preprocessing.js';
import { resNet18, resNet34, resNet50 } from './resNet.js';
import { resNet20Cifar, resNet32Cifar, resNet44Cifar, resNet56Cifar } from './resNetCifar.js';
import { squeezeNet10, squeezeNet11 } from './squeezeNet.js';
import { vgg16, vgg19 } from './vgg.js';
import { vgg16Bn } from './vggBatchNorm.js';
import { vgg16Course, vgg16CourseBatchNorm } from './vggCourse.js';
import type { WeightSource, ZooOptions } from './weightSource.js';
import * as weights from './weightSources.js';

/** A network with all that goes with it. */
export interface ZooEntry {
  /** What it is and whose names its layers have. */
  readonly title: string;
  readonly build: (options?: ZooOptions) => Model;
  readonly preprocessing: Preprocessing;
  readonly classNames: ClassNames;
  /** Parameters without options, the learned ones among them: what PyTorch counts. */
  readonly parameters: { readonly total: number; readonly trainable: number };
  /** The layer whose output [h, w, c] the classifier begins with: what `includeTop: false` ends with. */
  readonly featureMaps: string;
  /** The layer whose output the last layer with weights takes: a new classifier goes behind it. */
  readonly features: string;
  /** Files of trained weights, the best known first. */
  readonly weights: readonly WeightSource[];
}

const imagenet = { classNames: imagenetClasses };
const cifar = {
  ...{ classNames: cifar10Classes, preprocessing: preprocessing.cifar, features: 'avgpool' },
};

/** The networks, by the names that they are known by. */
export const zoo = {
  vgg16: {
    ...{ title: 'VGG16, as in Keras', build: vgg16, ...imagenet, preprocessing: preprocessing.caffeVgg },
    ...{ parameters: { total: 138_357_544, trainable: 138_357_544 }, weights: weights.vgg16Weights },
    ...{ featureMaps: 'block5_pool', features: 'fc2' },
  },
  vgg19: {
    ...{ title: 'VGG19, as in Keras', build: vgg19, ...imagenet, preprocessing: preprocessing.caffeVgg },
    ...{ parameters: { total: 143_667_240, trainable: 143_667_240 }, weights: weights.vgg19Weights },
    ...{ featureMaps: 'block5_pool', features: 'fc2' },
  },
  vgg16_bn: {
    title: 'VGG16 with batch normalization after every convolution, as in torchvision',
    ...{ build: vgg16Bn, ...imagenet, preprocessing: preprocessing.torch },
    ...{ parameters: { total: 138_374_440, trainable: 138_365_992 }, weights: weights.vgg16BnWeights },
    ...{ featureMaps: 'features.43', features: 'classifier.5' },
  },
  vgg16_course: {
    title: 'VGG16 with dropout, as in the fast.ai course',
    ...{ build: vgg16Course, ...imagenet, preprocessing: preprocessing.course },
    ...{ parameters: { total: 138_357_544, trainable: 138_357_544 }, weights: weights.vgg16CourseWeights },
    ...{ featureMaps: 'block5_pool', features: 'fc2_dropout' },
  },
  vgg16_course_bn: {
    title: 'VGG16 with batch normalization after the two dense layers, as in the fast.ai course',
    ...{ build: vgg16CourseBatchNorm, ...imagenet, preprocessing: preprocessing.course },
    ...{ parameters: { total: 138_390_312, trainable: 138_373_928 }, weights: weights.vgg16CourseBatchNormWeights },
    ...{ featureMaps: 'block5_pool', features: 'fc2_dropout' },
  },
  squeezenet1_0: {
    ...{ title: 'SqueezeNet 1.0', build: squeezeNet10, ...imagenet, preprocessing: preprocessing.caffe },
    ...{ parameters: { total: 1_248_424, trainable: 1_248_424 }, weights: weights.squeezeNet10Weights },
    ...{ featureMaps: 'fire9_concat', features: 'drop9' },
  },
  squeezenet1_1: {
    ...{ title: 'SqueezeNet 1.1', build: squeezeNet11, ...imagenet, preprocessing: preprocessing.caffe },
    ...{ parameters: { total: 1_235_496, trainable: 1_235_496 }, weights: weights.squeezeNet11Weights },
    ...{ featureMaps: 'fire9_concat', features: 'drop9' },
  },
  googlenet: {
    ...{ title: 'GoogLeNet, as in Caffe', build: googLeNet, ...imagenet, preprocessing: preprocessing.caffe },
    ...{ parameters: { total: 6_998_552, trainable: 6_998_552 }, weights: weights.googLeNetWeights },
    ...{ featureMaps: 'inception_5b_output', features: 'pool5_drop_7x7_s1' },
  },
  mobilenet: {
    ...{ title: 'MobileNet v1, as in Keras', build: mobileNet, ...imagenet, preprocessing: preprocessing.symmetric },
    ...{ parameters: { total: 4_253_864, trainable: 4_231_976 }, weights: weights.mobileNetWeights },
    ...{ featureMaps: 'conv_pw_13_relu', features: 'global_average_pooling2d' },
  },
  mobilenet_v2: {
    ...{ title: 'MobileNetV2, as in Keras', build: mobileNetV2, ...imagenet, preprocessing: preprocessing.symmetric },
    ...{ parameters: { total: 3_538_984, trainable: 3_504_872 }, weights: weights.mobileNetV2Weights },
    ...{ featureMaps: 'out_relu', features: 'global_average_pooling2d' },
  },
  resnet18: {
    ...{ title: 'ResNet-18, as in torchvision', build: resNet18, ...imagenet, preprocessing: preprocessing.torch },
    ...{ parameters: { total: 11_699_112, trainable: 11_689_512 }, weights: weights.resNet18Weights },
    ...{ featureMaps: 'layer4.1.relu', features: 'avgpool' },
  },
  resnet34: {
    ...{ title: 'ResNet-34, as in torchvision', build: resNet34, ...imagenet, preprocessing: preprocessing.torch },
    ...{ parameters: { total: 21_814_696, trainable: 21_797_672 }, weights: weights.resNet34Weights },
    ...{ featureMaps: 'layer4.2.relu', features: 'avgpool' },
  },
  resnet50: {
    ...{ title: 'ResNet-50, as in torchvision', build: resNet50, ...imagenet, preprocessing: preprocessing.torch },
    ...{ parameters: { total: 25_610_152, trainable: 25_557_032 }, weights: weights.resNet50Weights },
    ...{ featureMaps: 'layer4.2.relu', features: 'avgpool' },
  },
  efficientnet_b0: {
    ...{ title: 'EfficientNet-B0, as in Keras', build: efficientNetB0, ...imagenet },
    preprocessing: preprocessing.torchBicubic,
    ...{ parameters: { total: 5_330_564, trainable: 5_288_548 }, weights: weights.efficientNetB0Weights },
    ...{ featureMaps: 'top_activation', features: 'top_dropout' },
  },
  resnet20_cifar10: {
    ...{ title: 'ResNet-20 for CIFAR-10', build: resNet20Cifar, ...cifar, featureMaps: 'layer3.2.relu' },
    ...{ parameters: { total: 271_098, trainable: 269_722 }, weights: weights.resNet20CifarWeights },
  },
  resnet32_cifar10: {
    ...{ title: 'ResNet-32 for CIFAR-10', build: resNet32Cifar, ...cifar, featureMaps: 'layer3.4.relu' },
    ...{ parameters: { total: 466_426, trainable: 464_154 }, weights: weights.resNet32CifarWeights },
  },
  resnet44_cifar10: {
    ...{ title: 'ResNet-44 for CIFAR-10', build: resNet44Cifar, ...cifar, featureMaps: 'layer3.6.relu' },
    ...{ parameters: { total: 661_754, trainable: 658_586 }, weights: weights.resNet44CifarWeights },
  },
  resnet56_cifar10: {
    ...{ title: 'ResNet-56 for CIFAR-10', build: resNet56Cifar, ...cifar, featureMaps: 'layer3.8.relu' },
    ...{ parameters: { total: 857_082, trainable: 853_018 }, weights: weights.resNet56CifarWeights },
  },
} as const satisfies Record<string, ZooEntry>;

/** A name of a network in {@link zoo}. */
export type ZooName = keyof typeof zoo;

/**
 * A network by its name; case and the characters - _ . do not matter: `VGG16`, `squeezenet1.1`.
 *
 * @throws FoveaError `name` for an unknown one, with the nearest that there is.
 */
export function zooEntry(name: string): ZooEntry & { readonly name: ZooName } {
  const names = Object.keys(zoo) as ZooName[];
  const found = names.find((one) => plain(one) === plain(name));
  if (found !== undefined) return { ...zoo[found], name: found };
  throw new FoveaError('name', {
    where: `network "${name.slice(0, 100)}"`,
    rule: 'there is no such network in the zoo',
    remedy: suggestName(name, names),
  });
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.\s]/g, '');
}
