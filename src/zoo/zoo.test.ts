import { describe, expect, test } from 'vitest';
import { parseTensorName } from '../formats/weightNames.js';
import { weightSource } from './pretrained.js';
import { fromTheano, fromTimmVgg, fromTorchSqueezeNet, fromTorchVgg, withoutModule } from './weightRenames.js';
import { type ZooName, zoo, zooEntry } from './zoo.js';

const names = Object.keys(zoo) as ZooName[];

describe.each(names)('%s', (name) => {
  const entry = zooEntry(name);
  const net = entry.build();

  test('its facts are those of the network', () => {
    const { total, trainable } = net.countParameters();
    expect({ total, trainable }).toEqual(entry.parameters);
    expect(net.name).toBe(name);
    expect(net.inputShapes).toEqual([[...entry.preprocessing.crop, 3]]);
    expect(net.outputShapes).toEqual([[entry.classNames.names?.length ?? 1000]]);
    expect(net.layerOutput(entry.featureMaps).shape).toEqual(entry.build({ includeTop: false }).outputShapes[0]);
    const behind = net.layers.slice(net.layers.indexOf(net.layer(entry.features)) + 1);
    expect(behind.filter((layer) => layer.weights.length > 0)).toHaveLength(1);
  });

  test('its weights belong to networks that can be built', () => {
    for (const source of entry.weights) {
      expect(() => entry.build(source.options)).not.toThrow();
      expect(source.url ?? source.sha256).toBeDefined();
      expect(source.url ?? 'https://').toMatch(/^https?:\/\/\S*$/);
      expect(source.sha256 ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
      expect(source.sha256Start ?? '00000000').toMatch(/^[0-9a-f]{8}$/);
      expect(source.md5 ?? '0'.repeat(32)).toMatch(/^[0-9a-f]{32}$/);
    }
  });
});

test('each source of weights has its own id and file', () => {
  const sources = names.flatMap((name) => [...zooEntry(name).weights]);
  expect(new Set(sources.map(({ id }) => id)).size).toBe(sources.length);
  expect(new Set(sources.map(({ file }) => file)).size).toBe(sources.length);
});

test.each([
  ['VGG16', 'vgg16'],
  ['squeezenet1.1', 'squeezenet1_1'],
  ['MobileNet-V2', 'mobilenet_v2'],
])('%s is found', (given, name) => {
  expect(zooEntry(given).name).toBe(name);
});

test('unknown names', () => {
  expect(() => zooEntry('vgg61')).toThrow(/^network "vgg61": .*Did you mean "vgg16"\?$/);
  expect(() => zooEntry('constructor')).toThrow(/no such network in the zoo/);
  expect(() => weightSource(zooEntry('vgg16'), 'vgg16-kears')).toThrow(/Did you mean "vgg16-keras"\?/);
  expect(weightSource(zooEntry('vgg16')).id).toBe('vgg16-keras');
});

test.each<[string, (tensor: string) => string, string, string, string]>([
  ['torchvision', fromTorchVgg('vgg16'), 'features.28.bias', 'block5_conv3', 'bias'],
  ['torchvision', fromTorchVgg('vgg19'), 'features.34.weight', 'block5_conv4', 'kernel'],
  ['torchvision', fromTorchVgg('vgg16'), 'classifier.6.weight', 'predictions', 'kernel'],
  ['timm', fromTimmVgg(fromTorchVgg('vgg16')), 'pre_logits.fc2.weight', 'fc2', 'kernel'],
  ['timm', fromTimmVgg((name) => name), 'head.fc.bias', 'classifier_6', 'bias'],
  ['torchvision', fromTorchSqueezeNet([3, 4, 6]), 'features.6.expand3x3.weight', 'fire4_expand3x3', 'kernel'],
  ['Keras 1', fromTheano, 'convolution2d_13/convolution2d_13_W', 'block5_conv3', 'kernel'],
  ['Keras 1', fromTheano, 'batchnormalization_2_running_std', 'fc2_bn', 'movingVariance'],
  ['several GPUs', withoutModule, 'module.layer1.0.bn1.weight', 'layer1_0_bn1', 'kernel'],
])('%s %o: %s → %s', (_, rename, tensor, layer, role) => {
  const parsed = parseTensorName(rename(tensor));
  expect([parsed.layer, parsed.roles[0]]).toEqual([layer, role]);
});

// Every second thing in torchvision's list is a ReLU; its convolutions and normalizations keep its numbers.
test("torchvision's vgg16_bn has its convolutions where torchvision has them", () => {
  const kinds = zoo.vgg16_bn.build().layers.filter(({ name }) => name.startsWith('features.'));
  const places = kinds.flatMap(({ type }, i) => (type === 'conv2d' ? [i] : []));
  expect(places).toEqual([0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40]);
});
