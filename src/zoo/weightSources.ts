import { caffe, torch } from './preprocessing.js';
import { fromTheano, fromTimmVgg, fromTorchSqueezeNet, fromTorchVgg, withoutModule } from './weightRenames.js';
import { keras, timm, torchvision, type WeightSource } from './weightSource.js';

const OXFORD = 'CC BY 4.0';
const APACHE = 'Apache-2.0';
const KERAS = 'tensorflow/keras-applications';

export const vgg16Weights: readonly WeightSource[] = [
  keras('vgg16-keras', `${KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5`, {
    ...{ bytes: 553_467_096, md5: '64373286793e3c8b2b4e3219cbf3544b', license: OXFORD },
  }),
  keras('vgg16-keras-notop', `${KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5`, {
    ...{ bytes: 58_889_256, md5: '6d6bbae143d832006294945121d1f1fc', license: OXFORD },
    options: { includeTop: false },
  }),
  torchvision('vgg16-torchvision', 'vgg16-397923af.pth', { rename: fromTorchVgg('vgg16'), preprocessing: torch }),
  timm('vgg16-timm', 'vgg16.tv_in1k', { rename: fromTimmVgg(fromTorchVgg('vgg16')), preprocessing: torch }),
];

export const vgg19Weights: readonly WeightSource[] = [
  keras('vgg19-keras', `${KERAS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels.h5`, {
    ...{ bytes: 574_710_816, md5: 'cbe5617147190e668d6c5d5026f83318', license: OXFORD },
  }),
  keras('vgg19-keras-notop', `${KERAS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5`, {
    ...{ bytes: 80_134_624, md5: '253f8cb515780f3b799900260a226db6', license: OXFORD },
    options: { includeTop: false },
  }),
  torchvision('vgg19-torchvision', 'vgg19-dcbb9e9d.pth', { rename: fromTorchVgg('vgg19'), preprocessing: torch }),
];

export const vgg16BnWeights: readonly WeightSource[] = [
  torchvision('vgg16_bn-torchvision', 'vgg16_bn-6c64b313.pth'),
  timm('vgg16_bn-timm', 'vgg16_bn.tv_in1k', { rename: fromTimmVgg((name) => name) }),
];

export const vgg16CourseWeights: readonly WeightSource[] = [fastAi('vgg16_course-fastai', 'vgg16.h5')];

export const vgg16CourseBatchNormWeights: readonly WeightSource[] = [
  { ...fastAi('vgg16_course_bn-fastai', 'vgg16_bn.h5'), options: { epsilon: 1e-5 } },
];

export const squeezeNet10Weights: readonly WeightSource[] = [
  torchvision('squeezenet1_0-torchvision', 'squeezenet1_0-b66bff10.pth', {
    ...{ rename: fromTorchSqueezeNet([3, 4, 5, 7, 8, 9, 10, 12]), preprocessing: torch },
  }),
  {
    id: 'squeezenet1_0-deepcompression',
    file: 'squeezenet1_0-imagenet-deepcompression.safetensors',
    ...{ format: 'safetensors', layout: 'torch', license: 'BSD-2-Clause', bytes: 4_998_560, preprocessing: caffe },
    sha256: '4da6cb666f85862477ba3c8c9c58bfd4ef766745c3ef09ca0e445da3fabfe609',
  },
];

export const squeezeNet11Weights: readonly WeightSource[] = [
  {
    id: 'squeezenet1_1-caffe',
    file: 'squeezenet1_1-imagenet.safetensors',
    ...{ format: 'safetensors', layout: 'torch', license: 'BSD-2-Clause', bytes: 4_946_904 },
    sha256: '388161d1098e3ae437c1256fdf1ab81467306170b0425e040d9002417a4c6301',
  },
  torchvision('squeezenet1_1-torchvision', 'squeezenet1_1-b8a52dc0.pth', {
    ...{ rename: fromTorchSqueezeNet([3, 4, 6, 7, 9, 10, 11, 12]), preprocessing: torch },
  }),
];

export const googLeNetWeights: readonly WeightSource[] = [
  {
    id: 'googlenet-caffe',
    file: 'googlenet-imagenet.safetensors',
    ...{ format: 'safetensors', layout: 'torch', bytes: 28_005_584 },
    sha256: '591b66682fdb076c992ecc9e14f3896cc2df47c5f7e44b7cffff139fb1dcf049',
  },
];

export const mobileNetWeights: readonly WeightSource[] = [
  keras('mobilenet-keras', `${KERAS}/mobilenet/mobilenet_1_0_224_tf.h5`, { license: APACHE }),
  ...[
    { alpha: 0.75, file: '7_5' },
    { alpha: 0.5, file: '5_0' },
    { alpha: 0.25, file: '2_5' },
  ].map(({ alpha, file }) =>
    keras(`mobilenet-${alpha}-keras`, `${KERAS}/mobilenet/mobilenet_${file}_224_tf.h5`, {
      ...{ options: { alpha }, license: APACHE },
    }),
  ),
  {
    id: 'mobilenet-0.75-tfjs',
    file: 'mobilenet_v1_0.75_224-imagenet.safetensors',
    ...{ format: 'safetensors', layout: 'keras', license: APACHE, bytes: 10_420_256, options: { alpha: 0.75 } },
    sha256: '35caf15cd3e06ba947920f78aee516defd219ff8fe337457a7f6c859c473db9b',
  },
];

export const mobileNetV2Weights: readonly WeightSource[] = [
  keras('mobilenet_v2-keras', `${KERAS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5`, {
    ...{ bytes: 14_536_120, license: APACHE },
  }),
];

export const resNet18Weights: readonly WeightSource[] = [
  torchvision('resnet18-torchvision', 'resnet18-f37072fd.pth'),
  timm('resnet18-timm', 'resnet18.tv_in1k'),
];

export const resNet34Weights: readonly WeightSource[] = [
  torchvision('resnet34-torchvision', 'resnet34-b627a593.pth'),
  timm('resnet34-timm', 'resnet34.tv_in1k'),
];

export const resNet50Weights: readonly WeightSource[] = [
  torchvision('resnet50-torchvision', 'resnet50-0676ba61.pth'),
  timm('resnet50-timm', 'resnet50.tv_in1k'),
];

export const efficientNetB0Weights: readonly WeightSource[] = [
  keras('efficientnet_b0-keras', 'keras-applications/efficientnetb0.h5', {
    ...{ md5: '902e53a9f72be733fc0bcb005b3ebbac', license: APACHE },
  }),
];

export const resNet20CifarWeights: readonly WeightSource[] = [
  {
    id: 'resnet20_cifar10',
    file: 'resnet20-cifar10.safetensors',
    ...{ format: 'safetensors', layout: 'torch', license: 'BSD-2-Clause', bytes: 1_092_832 },
    sha256: 'f07c0a30c311cf67575bed378253223b5db6749de7ecdc325313a63348392326',
  },
  akamaster(20, 'resnet20-12fca82f.th'),
];
export const resNet32CifarWeights: readonly WeightSource[] = [akamaster(32, 'resnet32-d509ac18.th')];
export const resNet44CifarWeights: readonly WeightSource[] = [akamaster(44, 'resnet44-014dd654.th')];
export const resNet56CifarWeights: readonly WeightSource[] = [akamaster(56, 'resnet56-4bfd9763.th')];

/** Yerlan Idelbayev's networks for CIFAR-10, trained on several GPUs: names begin with `module.`. */
function akamaster(depth: number, file: string): WeightSource {
  const url = `https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models/${file}`;
  const id = `resnet${depth}_cifar10-torch`;
  return { id, file, url, format: 'pytorch', layout: 'torch', rename: withoutModule, license: 'BSD-2-Clause' };
}

/** The course's own files, written by Keras 1 with Theano. */
function fastAi(id: string, file: string): WeightSource {
  const url = `http://files.fast.ai/models/${file}`;
  return { id, file, url, format: 'kerasHdf5', layout: 'theano', rename: fromTheano };
}
