import { conv2d, dense, depthwise, maxPool } from './describe.mjs';

const relu = { activation: 'relu' };

/** The lecture's MNIST example: 3 × 3 filters without padding, 2 × 2 max-pooling; it ends with logits. */
export const lectureCnn = {
  title: "the lecture's MNIST network",
  inputShape: [28, 28, 1],
  classes: 10,
  layers: [
    conv2d('conv1', 32, 3, relu), // 26 × 26 × 32
    conv2d('conv2', 32, 3, relu), // 24 × 24 × 32
    maxPool('pool1'), // 12 × 12 × 32
    conv2d('conv3', 64, 3, relu), // 10 × 10 × 64
    conv2d('conv4', 64, 3, relu), // 8 × 8 × 64
    maxPool('pool2'), // 4 × 4 × 64
    { op: 'flatten', name: 'flatten' }, // 1024
    dense('dense1', 512, relu),
    dense('dense2', 10),
  ],
  parameters: 594_922,
};

const VGG_BLOCKS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];
const vggLayers = VGG_BLOCKS.flatMap((block, b) => [
  ...block.map((filters, i) => conv2d(`block${b + 1}_conv${i + 1}`, filters, 3, { pad: 1, ...relu })),
  maxPool(`block${b + 1}_pool`),
]);

/** The 13 convolutions of VGG16 with their pooling: 224 × 224 × 3 to 7 × 7 × 512. */
export const vggConvolutions = {
  title: "VGG16's convolutions",
  inputShape: [224, 224, 3],
  layers: vggLayers,
  parameters: 14_714_688,
};

export const vgg16 = {
  title: 'VGG16',
  inputShape: [224, 224, 3],
  classes: 1000,
  layers: [
    ...vggLayers,
    { op: 'flatten', name: 'flatten' }, // 25088
    dense('fc1', 4096, relu),
    dense('fc2', 4096, relu),
    dense('predictions', 1000),
  ],
  parameters: 138_357_544,
};

const normalized = { batchNorm: true };
const separable = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/** MobileNet, version 1, width 1. */
export const mobileNet = {
  title: 'MobileNet v1',
  inputShape: [224, 224, 3],
  classes: 1000,
  layers: [
    conv2d('conv1', 32, 3, { stride: 2, pad: 1, activation: 'relu6', ...normalized }),
    ...separable.flatMap(([filters, stride], i) => [
      depthwise(`conv_dw_${i + 1}`, 3, { stride, pad: 1, activation: 'relu6', ...normalized }),
      conv2d(`conv_pw_${i + 1}`, filters, 1, { activation: 'relu6', ...normalized }),
    ]),
    { op: 'globalAveragePool', name: 'pool' },
    dense('predictions', 1000),
  ],
};

function basicBlock(name, from, filters, stride, projected) {
  const shortcut = projected ? [conv2d(`${name}.downsample`, filters, 1, { from, stride, ...normalized })] : [];
  return [
    ...shortcut,
    conv2d(`${name}.conv1`, filters, 3, { from, stride, pad: 1, ...relu, ...normalized }),
    conv2d(`${name}.conv2`, filters, 3, { pad: 1, ...normalized }),
    { op: 'add', name, with: projected ? `${name}.downsample` : from, ...relu },
  ];
}

const resNetBlocks = [64, 128, 256, 512].flatMap((filters, stage) =>
  [0, 1].map((i) => ({ name: `layer${stage + 1}.${i}`, filters, strided: stage > 0 && i === 0 })),
);

export const resNet18 = {
  title: 'ResNet-18',
  inputShape: [224, 224, 3],
  classes: 1000,
  layers: [
    conv2d('conv1', 64, 7, { stride: 2, pad: 3, ...relu, ...normalized }),
    maxPool('maxpool', 3, { stride: 2, pad: 1 }),
    ...resNetBlocks.flatMap(({ name, filters, strided }, i) =>
      basicBlock(name, i === 0 ? 'maxpool' : resNetBlocks[i - 1].name, filters, strided ? 2 : 1, strided),
    ),
    { op: 'globalAveragePool', name: 'avgpool' },
    dense('fc', 1000),
  ],
};
