import { describe, expect, test } from 'vitest';
import type { Model } from '../model/model.js';
import { efficientNetB0 } from './efficientNet.js';
import { googLeNet } from './googLeNet.js';
import { mobileNet } from './mobileNet.js';
import { mobileNetV2 } from './mobileNetV2.js';
import { resNet18, resNet34, resNet50 } from './resNet.js';
import { resNet20Cifar, resNet32Cifar, resNet44Cifar, resNet56Cifar } from './resNetCifar.js';
import { squeezeNet10, squeezeNet11 } from './squeezeNet.js';
import { vgg16, vgg19 } from './vgg.js';
import { vgg16Bn } from './vggBatchNorm.js';
import { vgg16Course, vgg16CourseBatchNorm } from './vggCourse.js';

describe('parameters as published', () => {
  // Keras, Caffe and the course count everything, PyTorch what learns.
  test.each<[string, () => Model, 'total' | 'trainable', number]>([
    ['VGG16, Keras', vgg16, 'total', 138_357_544],
    ['VGG16 without top, Keras', () => vgg16({ includeTop: false }), 'total', 14_714_688],
    ['VGG19, Keras', vgg19, 'total', 143_667_240],
    ['VGG19 without top, Keras', () => vgg19({ includeTop: false }), 'total', 20_024_384],
    ['VGG16 with two classes, the course', () => vgg16({ classes: 2 }), 'total', 134_268_738],
    ['VGG16, the course', vgg16Course, 'total', 138_357_544],
    ['VGG16 with batch normalization, the course', vgg16CourseBatchNorm, 'total', 138_390_312],
    ['VGG16 with batch normalization, the course: learned', vgg16CourseBatchNorm, 'trainable', 138_373_928],
    ['VGG16-BN, torchvision', vgg16Bn, 'trainable', 138_365_992],
    ['SqueezeNet 1.0', squeezeNet10, 'total', 1_248_424],
    ['SqueezeNet 1.1', squeezeNet11, 'total', 1_235_496],
    ['GoogLeNet, Caffe', googLeNet, 'total', 6_998_552],
    ['MobileNet, Keras', mobileNet, 'total', 4_253_864],
    ['MobileNet × 0.75, Keras', () => mobileNet({ alpha: 0.75 }), 'total', 2_601_976],
    ['MobileNet × 0.5, Keras', () => mobileNet({ alpha: 0.5 }), 'total', 1_342_536],
    ['MobileNet × 0.25, Keras', () => mobileNet({ alpha: 0.25 }), 'total', 475_544],
    ['MobileNetV2, Keras', mobileNetV2, 'total', 3_538_984],
    ['MobileNetV2 without top, Keras', () => mobileNetV2({ includeTop: false }), 'total', 2_257_984],
    ['ResNet-18, torchvision', resNet18, 'trainable', 11_689_512],
    ['ResNet-34, torchvision', resNet34, 'trainable', 21_797_672],
    ['ResNet-50, torchvision', resNet50, 'trainable', 25_557_032],
    ['ResNet-20 for CIFAR-10', resNet20Cifar, 'trainable', 269_722],
    ['ResNet-32 for CIFAR-10', resNet32Cifar, 'trainable', 464_154],
    ['ResNet-44 for CIFAR-10', resNet44Cifar, 'trainable', 658_586],
    ['ResNet-56 for CIFAR-10', resNet56Cifar, 'trainable', 853_018],
    ['EfficientNet-B0, Keras, less 7 of its normalization', efficientNetB0, 'total', 5_330_571 - 7],
    ['EfficientNet-B0, torchvision', efficientNetB0, 'trainable', 5_288_548],
  ])('%s', (_, build, kind, published) => {
    expect(build().countParameters()[kind]).toBe(published);
  });
});

test.each<[string, Model, readonly number[]]>([
  ['VGG16', vgg16({ includeTop: false }), [7, 7, 512]],
  ['VGG16 of other photos', vgg16({ includeTop: false, inputShape: [288, 288, 3] }), [9, 9, 512]],
  ['SqueezeNet 1.0', squeezeNet10({ includeTop: false }), [13, 13, 512]],
  ['SqueezeNet 1.1', squeezeNet11({ includeTop: false }), [13, 13, 512]],
  ['SqueezeNet 1.1 of 227 pixels', squeezeNet11({ includeTop: false, inputShape: [227, 227, 3] }), [14, 14, 512]],
  ['GoogLeNet', googLeNet({ includeTop: false }), [7, 7, 1024]],
  ['MobileNet × 0.5', mobileNet({ includeTop: false, alpha: 0.5 }), [7, 7, 512]],
  ['MobileNetV2', mobileNetV2({ includeTop: false }), [7, 7, 1280]],
  ['ResNet-18', resNet18({ includeTop: false }), [7, 7, 512]],
  ['ResNet-50', resNet50({ includeTop: false }), [7, 7, 2048]],
  ['ResNet-20', resNet20Cifar({ includeTop: false }), [8, 8, 64]],
  ['EfficientNet-B0', efficientNetB0({ includeTop: false }), [7, 7, 1280]],
])('last feature maps of %s', (_, net, shape) => {
  expect(net.outputShapes).toEqual([shape]);
});

test('multiply-adds of VGG16 as the paper implies, nearly all in the convolutions', () => {
  const { cost, rows } = vgg16().summaryData({ cost: true });
  expect(cost?.macs).toBe(15_346_630_656 + 123_633_664);
  const dense = rows.filter(({ type }) => type === 'dense');
  expect(dense.reduce((sum, row) => sum + (row.cost?.macs ?? 0), 0)).toBe(123_633_664);
});

test('options', () => {
  const net = mobileNet({ inputShape: [96, 96, 1], classes: 3, alpha: 0.25, epsilon: 1e-5, seed: 9 });
  expect([net.inputShapes, net.outputShapes, net.seed]).toEqual([[[96, 96, 1]], [[3]], 9]);
  expect(net.layer('conv_dw_7_bn').config()).toMatchObject({ epsilon: 1e-5 });
  const misspelt: object = { includeTopp: true };
  expect(() => vgg16(misspelt)).toThrow(/vgg16: there is no option "includeTopp"\. Did you mean "includeTop"\?/);
  expect(() => mobileNet({ alpha: 0 })).toThrow(/mobilenet: alpha must be/);
});
