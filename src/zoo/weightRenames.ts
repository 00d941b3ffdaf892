import { VGG_BLOCKS } from './vgg.js';

type Rename = (tensor: string) => string;

/** torchvision's VGG counts convolutions, ReLUs and poolings: `features.2.weight` → `block1_conv2.weight`. */
export function fromTorchVgg(network: keyof typeof VGG_BLOCKS): Rename {
  const names = new Map([
    ['classifier.0', 'fc1'],
    ['classifier.3', 'fc2'],
    ['classifier.6', 'predictions'],
  ]);
  let place = 0;
  for (const [b, block] of VGG_BLOCKS[network].entries()) {
    for (let i = 0; i < block.length; i++) {
      names.set(`features.${place}`, `block${b + 1}_conv${i + 1}`);
      place += 2;
    }
    place++;
  }
  return byLayer(names);
}

/** timm calls the dense layers of VGG otherwise; `then` takes torchvision's names. */
export function fromTimmVgg(then: Rename): Rename {
  const toTorch = byLayer(
    new Map([
      ['pre_logits.fc1', 'classifier.0'],
      ['pre_logits.fc2', 'classifier.3'],
      ['head.fc', 'classifier.6'],
    ]),
  );
  return (tensor) => then(toTorch(tensor));
}

/** torchvision's SqueezeNet: `features.3.squeeze.weight` → `fire2_squeeze1x1.weight`. `places` are those of fire2 … fire9. */
export function fromTorchSqueezeNet(places: readonly number[]): Rename {
  const names = new Map([
    ['features.0', 'conv1'],
    ['classifier.1', 'conv10'],
  ]);
  for (const [i, place] of places.entries()) {
    names.set(`features.${place}.squeeze`, `fire${i + 2}_squeeze1x1`);
    names.set(`features.${place}.expand1x1`, `fire${i + 2}_expand1x1`);
    names.set(`features.${place}.expand3x3`, `fire${i + 2}_expand3x3`);
  }
  return byLayer(names);
}

/** Keras 1 numbered layers by kind: `convolution2d_13/convolution2d_13_W` → `block5_conv3/W`. */
export const fromTheano: Rename = (() => {
  const convolutions = VGG_BLOCKS.vgg16.flatMap((block, b) => block.map((_, i) => `block${b + 1}_conv${i + 1}`));
  const kinds = new Map<string, readonly string[]>([
    ['convolution2d', convolutions],
    ['dense', ['fc1', 'fc2', 'predictions']],
    ['batchnormalization', ['fc1_bn', 'fc2_bn']],
  ]);
  return (tensor) => {
    const [, kind = '', number = '', weight = ''] = /^(?:.*\/)?([a-z0-9]+)_(\d+)_(\w+)$/.exec(tensor) ?? [];
    const layer = kinds.get(kind)?.[Number(number) - 1];
    return layer === undefined ? tensor : `${layer}/${weight}`;
  };
})();

/** `module.conv1.weight` → `conv1.weight`: a network that was trained on several GPUs. */
export const withoutModule: Rename = (tensor) => tensor.replace(/^(state_dict\.)?module\./, '');

function byLayer(names: ReadonlyMap<string, string>): Rename {
  return (tensor) => {
    const at = tensor.lastIndexOf('.');
    const layer = names.get(tensor.slice(0, at));
    return layer === undefined ? tensor : `${layer}${tensor.slice(at)}`;
  };
}
