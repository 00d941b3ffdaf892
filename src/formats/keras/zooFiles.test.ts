import { expect, test } from 'vitest';
import { efficientNetB0 } from '../../zoo/efficientNet.js';
import { googLeNet } from '../../zoo/googLeNet.js';
import { mobileNetV2 } from '../../zoo/mobileNetV2.js';
import { resNet18 } from '../../zoo/resNet.js';
import { resNet20Cifar } from '../../zoo/resNetCifar.js';
import { squeezeNet10 } from '../../zoo/squeezeNet.js';
import { modelFromKeras } from './modelFromKeras.js';
import { writeKeras } from './writeKeras.js';

test.each([efficientNetB0, mobileNetV2, resNet18, squeezeNet10])(
  '%o comes back from a .keras file',
  async (make) => {
    const net = make();
    const { model, notes } = await modelFromKeras(await writeKeras(net));
    expect(notes).toEqual([]);
    expect(model.countParameters()).toEqual(net.countParameters());
    const weights = new Map((await model.getWeights()).map((tensor, i) => [model.weights[i]?.path, tensor.data]));
    for (const [i, { data }] of (await net.getWeights()).entries()) {
      expect(weights.get(net.weights[i]?.path)?.every((value, k) => value === data[k])).toBe(true);
    }
  },
  60_000,
);

test.each([
  ['localResponseNormalization', googLeNet],
  ['channelPadding', resNet20Cifar],
])('Keras has no layer for %s', async (type, make) => {
  await expect(writeKeras(make())).rejects.toThrow(new RegExp(`writeKeras, ${type} ".*Keras has no such layer`));
});
